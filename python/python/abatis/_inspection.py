"""What the middlewares share: settings, one request on its way through the engine, and what a refused client gets."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from abatis._abatis import Engine, EngineHandle
from abatis._model import Action, Progress

if TYPE_CHECKING:
    from abatis._abatis import Finding, Session, Verdict
    from abatis._model import Data, HeaderLines, Json

try:
    from opentelemetry import trace as _trace
except ImportError:
    _trace = None  # type: ignore[assignment]

Engines: TypeAlias = Engine | EngineHandle | Callable[[], Engine]
"""Where a middleware takes the engine of each request from: a fixed one, that of a handle, or what a function gives."""

current: ContextVar[Session | None] = ContextVar("abatis.request", default=None)
"""The session of the request that is answered, if it keeps values."""

_log = logging.getLogger("abatis")


class Refused(Exception):
    """Ends a body that is inspected while it is read, when the request is refused."""


class Answer(NamedTuple):
    """A response."""

    status: int
    """Its status."""
    headers: dict[str, str]
    """Its headers."""
    body: bytes
    """Its body."""


class Inspected:
    """The outcome of one request: for handlers, for `on_verdict`, and for `answer`.

    The target is what the client sent, attacks included: escape it where you print it, or do without.
    """

    __slots__ = ("method", "refused", "target", "verdict")

    method: str
    """The method."""
    target: bytes
    """The request target as sent."""
    verdict: Verdict | None
    """The verdict, once it is final: for handlers from the start, unless the body is inspected while they read it."""
    refused: int | None
    """The status with which the request is refused; None if it is not."""

    def __init__(self, method: str, target: bytes) -> None:
        self.method = method
        self.target = target
        self.verdict = None
        self.refused = None

    @property
    def finding(self) -> Finding | None:
        """The strongest finding that asks for the refusal; None if it is refused only for not being inspected in full."""
        findings = self.verdict.findings if self.verdict else ()
        return next((finding for finding in findings if finding.action >= Action.BLOCK), None)

    def document(self) -> Json:
        """Give the problem document (RFC 9457) of a refused request.

        It has the members `rule`, `class`, `place` and `pointer` of the finding, or `limit`: what kept the request from being
        inspected in full. It holds nothing of the values that were sent; the pointer names a field as the client did.
        """
        status = self.refused or HTTPStatus.FORBIDDEN.value
        told: Json = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
        finding = self.finding
        if finding:
            told["detail"] = finding.message
            told |= {"rule": finding.rule, "class": finding.class_, "place": finding.place, "pointer": finding.pointer}
        elif self.verdict and self.verdict.partial:
            told |= {"detail": "the request could not be inspected in full", "limit": self.verdict.partial}
        return told

    def problem(self) -> Answer:
        """Give the default answer to a refused request: its document, as `application/problem+json`.

        It is of use to the authors of honest clients, and tells attackers which rule they met. To tell them less, set `answer`.
        """
        told = self.document()
        # Nobody else may be refused because of this request, whatever the status.
        headers = {"content-type": "application/problem+json", "cache-control": "no-store"}
        return Answer(told["status"], headers, json.dumps(told).encode())


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be set, in every middleware by the same name."""

    engine: Engines | None = None
    """The engine, a handle, or a function that gives an engine at once; the built-in policy if left out."""
    body_limit: int = 1 << 20
    """Most bytes of a body that are held; a longer one is refused with 413, unless the policy lets pass what was not inspected.

    Independent of `limits.body_bytes` of the policy, which says how much is inspected. Raise both together.
    """
    status: int = HTTPStatus.FORBIDDEN.value
    """The status of refusals, except of bodies that are too long."""
    report_only: bool = False
    """Whether nothing is ever refused, whatever the policy says."""
    on_verdict: Callable[[Inspected], None] | None = None
    """Called once for each request, when its verdict is final. It runs in the request's way: hand the work on if it is slow."""
    answer: Callable[[Inspected], Answer] = Inspected.problem
    """What a refused client gets."""
    keep_values: bool = False
    """Whether the values of each request are kept while it is answered, for the guards of `abatis.guards`."""

    def __post_init__(self) -> None:
        if not (self.engine is None or isinstance(self.engine, (Engine, EngineHandle)) or callable(self.engine)):
            found = type(self.engine).__name__
            raise TypeError(f"engine: expected an Engine, an EngineHandle or a function that gives an Engine, not {found}")
        if self.status not in tuple(HTTPStatus) or self.status < HTTPStatus.BAD_REQUEST:
            raise ValueError(f"status: expected one from 400 to 599, not {self.status}")
        if self.body_limit < 0:
            raise ValueError(f"body_limit: expected a number of bytes, not {self.body_limit}")

    def current_engine(self) -> Engine:
        """Give the engine of the day."""
        if isinstance(self.engine, Engine):
            return self.engine
        if isinstance(self.engine, EngineHandle):
            return self.engine.load()
        return Engine.default() if self.engine is None else self.engine()


class Inspection:
    """One request on its way through the engine: its head at once, its body as it comes.

    Whoever holds it feeds it until it is settled, and calls `drop` when nobody reads on.
    """

    __slots__ = ("_session", "_settings", "_settled", "inspected")

    def __init__(self, settings: Settings, method: str, target: bytes, headers: HeaderLines) -> None:
        self.inspected = Inspected(method, target)
        self._settings = settings
        self._settled = False
        self._session = settings.current_engine().session()
        if settings.keep_values:
            self._session.keep_values()
        # Until the next request in this context: what answers this one may run on after its handler returned.
        current.set(self._session if settings.keep_values else None)
        self._go_on(self._session.head(method, target, headers))

    @property
    def refused(self) -> bool:
        """Whether the request is refused."""
        return self.inspected.refused is not None

    def body(self, chunk: Data) -> None:
        """Take the next bytes of the body."""
        if not self._settled:
            self._go_on(self._session.body(chunk))

    def finish(self) -> None:
        """Take the end of the body."""
        if not self._settled:
            self._settle(self._session.finish(), self._settings.status)

    def give_up(self, status: int = HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value) -> None:
        """Take that the rest of the body is not inspected: refused so, unless the policy lets pass what was not inspected."""
        if not self._settled:
            self._settle(self._session.stop(), status)

    def drop(self) -> None:
        """Take that nobody reads on, so that there is nothing to refuse."""
        if not self._settled:
            self._settle(self._session.stop(), None)

    def answer(self) -> Answer:
        """Give the answer to a refused request."""
        return self._settings.answer(self.inspected)

    def _go_on(self, progress: Progress) -> None:
        # What follows only adds evidence, for a report.
        if progress is Progress.BLOCK and not self._settings.report_only:
            self._settle(self._session.stop(), self._settings.status)

    def _settle(self, verdict: Verdict, status: int | None) -> None:
        """Make the verdict final. If it says so the request is refused with this status, or not, if there is none."""
        self._settled = True
        inspected = self.inspected
        inspected.verdict = verdict
        if verdict.action >= Action.BLOCK and not self._settings.report_only and status is not None:
            too_long = verdict.partial == "body-bytes" and inspected.finding is None
            inspected.refused = HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value if too_long else status
        if verdict.action > Action.ALLOW:
            _log.warning("%r refused=%s", verdict, inspected.refused, extra={"abatis": inspected})
        if _trace is not None:
            _annotate(inspected, verdict)
        if self._settings.on_verdict is not None:
            self._settings.on_verdict(inspected)


def _annotate(inspected: Inspected, verdict: Verdict) -> None:
    """Write the outcome to the current span of OpenTelemetry."""
    span = _trace.get_current_span()
    if not span.is_recording():
        return
    span.set_attribute("abatis.action", str(verdict.action))
    span.set_attribute("abatis.score", verdict.score)
    span.set_attribute("abatis.ruleset", verdict.ruleset)
    span.set_attribute("abatis.refused", inspected.refused is not None)
    if verdict.partial:
        span.set_attribute("abatis.partial", verdict.partial)
    if verdict.findings:
        span.set_attribute("abatis.rule", verdict.findings[0].rule)
        span.set_attribute("abatis.class", verdict.findings[0].class_)

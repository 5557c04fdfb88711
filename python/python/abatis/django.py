"""Django: a middleware, its settings, and a validator for fields of forms, models and serializers.

    MIDDLEWARE = ["abatis.django.middleware", ...]  # first, so that nothing reads a request before
    ABATIS = {"policy": BASE_DIR / "policy.yaml"}

`ABATIS` may hold `policy` (a path, a dict, or the name of a policy that ships with abatis), or `engine` (an engine, a handle, a function,
or the dotted name of one), and what `abatis.asgi.Settings` describes: `body_limit`, `status`, `report_only`, `on_verdict`, `answer`,
`keep_values`.
Functions may be dotted names. Views find an `Inspected` as `request.abatis`.

It works under WSGI and ASGI. A body is read before the view is called, and held in memory.
"""

from __future__ import annotations

import os
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from asgiref.sync import iscoroutinefunction
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured, RequestDataTooBig, ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.deconstruct import deconstructible
from django.utils.decorators import sync_and_async_middleware
from django.utils.module_loading import import_string

from abatis import asgi, wsgi
from abatis._abatis import Engine
from abatis._inspection import Inspected, Inspection, Settings
from abatis._model import Action, PolicyError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from abatis._model import Place

    Response: TypeAlias = HttpResponse | Awaitable[HttpResponse]

__all__ = ["Inspected", "SafeValidator", "middleware"]


@sync_and_async_middleware
def middleware(get_response: Callable[[HttpRequest], Response]) -> Callable[[HttpRequest], Response]:
    """Put the inspection in front of the views."""
    configured = _settings()

    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponse:
            return _refusal(configured, request) or await cast("Awaitable[HttpResponse]", get_response(request))

        return asynchronous

    def synchronous(request: HttpRequest) -> Response:
        return _refusal(configured, request) or get_response(request)

    return synchronous


def _settings() -> Settings:
    given = dict(getattr(django_settings, "ABATIS", {}))
    known = {field.name for field in fields(Settings)} | {"policy"}
    if unknown := given.keys() - known:
        wrong, right = ", ".join(sorted(unknown)), ", ".join(sorted(known))
        raise ImproperlyConfigured(f"ABATIS: unknown key {wrong}; known keys: {right}")
    for name in ("engine", "on_verdict", "answer"):
        if isinstance(given.get(name), str):
            given[name] = import_string(given[name])
    try:
        if "policy" in given:
            if "engine" in given:
                raise ImproperlyConfigured("ABATIS: expected `policy` or `engine`, not both")
            given["engine"] = _engine(given.pop("policy"))
        return Settings(**given)
    except (PolicyError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"ABATIS: {error}") from error


def _engine(policy: Any) -> Engine:
    if isinstance(policy, dict):
        return Engine(policy)
    if isinstance(policy, str) and policy.isidentifier():
        return Engine.builtin(policy)
    return Engine.from_file(os.fspath(policy))


def _refusal(configured: Settings, request: HttpRequest) -> HttpResponse | None:
    """Inspect a request; give the answer to it if it is refused."""
    scope = getattr(request, "scope", None)
    if scope is None:
        target, headers = wsgi.target(request.META), wsgi.headers(request.META)
    else:
        target, headers = asgi.target(scope), scope["headers"]
    inspection = Inspection(configured, request.method or "GET", target, headers)
    request.abatis = inspection.inspected
    if not inspection.refused:
        _body(configured, inspection, request)
    if not inspection.refused:
        return None
    status, lines, body = inspection.answer()
    return HttpResponse(body, status=status, headers=lines)


def _body(configured: Settings, inspection: Inspection, request: HttpRequest) -> None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > configured.body_limit:
        inspection.give_up()
        return
    try:
        body = request.body
    except RequestDataTooBig:
        inspection.give_up()
        return
    except OSError:
        inspection.drop()
        raise
    inspection.body(body)
    if len(body) > configured.body_limit:
        inspection.give_up()
    else:
        inspection.finish()


@deconstructible
class SafeValidator:
    """Refuses text that looks like an attack: for fields of forms, of models, and of serializers of Django REST framework.

    Args:
        place: What the engine takes the value for.
        policy: A path, a dict, or the name of a policy that ships with abatis; the built-in default policy if left out.
        message: What people are told; it may hold `%(class)s`.
    """

    message = "This looks like an attack (%(class)s)."
    code = "unsafe"

    def __init__(self, place: Place = "form", policy: Any = None, message: str | None = None) -> None:
        self.place = place
        self.policy = policy
        self.message = message or self.message
        self._engine = Engine.default() if policy is None else _engine(policy)

    def __call__(self, value: str) -> None:
        """Raise `ValidationError` if the engine would block the value."""
        verdict = self._engine.inspect_value(value, self.place)
        if verdict.action >= Action.BLOCK:
            raise ValidationError(self.message, code=self.code, params={"class": verdict.class_})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SafeValidator):
            return NotImplemented
        return (self.place, self.policy, self.message) == (other.place, other.policy, other.message)

    def __hash__(self) -> int:
        return hash((self.place, str(self.policy), self.message))

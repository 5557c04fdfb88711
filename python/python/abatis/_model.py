"""What the native part takes from Python: enums, exceptions, and the types of arguments and results."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from abatis._abatis import Finding

Data: TypeAlias = str | bytes | bytearray | memoryview
"""Text, which is inspected as UTF-8, or bytes."""

HeaderLines: TypeAlias = Mapping[str, Data] | Mapping[bytes, Data] | Iterable[tuple[Data, Data]]
"""Header lines: a mapping, or pairs of name and value in the order received."""

Place: TypeAlias = Literal["path", "query", "form", "json", "header", "cookie", "body", "xml"]
"""The kind of field that a value came from."""

Sink: TypeAlias = Literal["mysql", "postgres", "mssql", "oracle", "sqlite", "shell", "path", "url"]
"""Where a statement goes, and so what it is made of."""

SinkValues: TypeAlias = Mapping[str, Data] | Iterable[tuple[Place, str, Data]]
"""Values by name, which count as query parameters, or as triples of place, name and value."""

RowPlace: TypeAlias = Place | Literal["target"]
"""What a row is taken for: a value in that place, or a request target."""

Counts: TypeAlias = dict[str, int]
"""Numbers of rows by the name of their action."""

Capsule: TypeAlias = object
"""A PyCapsule, which has a type from Python 3.13 on only."""

Json: TypeAlias = dict[str, Any]
"""A JSON object, with the keys that `abatis scan` prints."""

Findings: TypeAlias = "tuple[Finding, ...]"
"""The evidence of a verdict."""


class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...


ArrowData: TypeAlias = _ArrowStream | _ArrowArray
"""What offers the Arrow C stream or array interface."""


class Action(enum.IntEnum):
    """What to do with a request. Ordered by strength, so that it can be compared with a bound.

    Example:
        >>> Action.FLAG < Action.BLOCK
        True
        >>> str(Action.BLOCK)
        'block'
    """

    ALLOW = 0
    """Let it pass."""
    FLAG = 1
    """Let it pass and report it."""
    SANITIZE = 2
    """Pass on what was rewritten."""
    BLOCK = 3
    """Refuse it."""

    def __str__(self) -> str:
        """Give the name that verdicts have as JSON."""
        return self.name.lower()


class Progress(enum.IntEnum):
    """Whether more of a request is wanted."""

    CONTINUE = 0
    """Go on."""
    BLOCK = 1
    """The request will be blocked whatever comes; later bytes only add evidence."""


@dataclass(frozen=True)
class Diagnostic:
    """One thing that is wrong in a policy, rule, weight or schema file."""

    file: str
    """File name as the caller gave it; `builtin:...` for files that ship with abatis."""
    line: int
    """Line, counted from 1; 0 if it is not known."""
    column: int
    """Column in characters, counted from 1; 0 if it is not known."""
    pointer: str
    """Where in the document: `/routes/0/body`. Empty at the top."""
    rule: str | None
    """The rule it is about, if it is about one."""
    message: str
    """What is wrong, and what would be right."""


class AbatisError(Exception):
    """What goes wrong in abatis. Inspecting raises none of it but `DefectError`: a broken request is a finding."""


class PolicyError(AbatisError, ValueError):
    """A policy, or a file that belongs to it, cannot be used.

    Its text has a line for each error: `file:line:column: message`.
    """

    diagnostics: tuple[Diagnostic, ...]
    """Everything that is wrong; empty if a size limit was exceeded."""

    def __init__(self, text: str, diagnostics: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(text, diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return str(self.args[0])

    @property
    def file(self) -> str:
        """The file of the first error."""
        return self.diagnostics[0].file if self.diagnostics else ""

    @property
    def line(self) -> int:
        """The line of the first error, counted from 1; 0 if it is not known."""
        return self.diagnostics[0].line if self.diagnostics else 0

    @property
    def column(self) -> int:
        """The column of the first error, counted from 1; 0 if it is not known."""
        return self.diagnostics[0].column if self.diagnostics else 0


class DefectError(AbatisError, RuntimeError):
    """The engine panicked, which is a defect of it."""

    def __init__(self, text: str = "the engine failed; please report it") -> None:
        super().__init__(text)

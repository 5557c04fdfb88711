r"""Input validation and attack detection for APIs.

A policy and its rules are compiled once, then each request gets a verdict that says what to do and why.

    >>> from abatis import Action, Engine
    >>> engine = Engine.default()
    >>> engine.inspect(target="/search?q=oak+table").action
    <Action.ALLOW: 0>
    >>> verdict = engine.inspect(
    ...     method="POST",
    ...     target="/login",
    ...     headers={"Content-Type": "application/json"},
    ...     body=r'{"user": "admin\u0027 or sleep(5)#"}',
    ... )
    >>> verdict.action >= Action.BLOCK, verdict.class_, verdict.findings[0].pointer
    (True, 'sqli', '/user')

In front of services: `abatis.asgi`, `abatis.wsgi`, `abatis.django`, `abatis.aiohttp`; single values: `abatis.pydantic`,
`Engine.inspect_value`; columns of tables: `Engine.scan_arrow`, `abatis.spark`.
"""

from abatis._abatis import (
    Engine,
    EngineHandle,
    Feature,
    Finding,
    Scan,
    Session,
    Span,
    Verdict,
    __version__,
)
from abatis._model import (
    AbatisError,
    Action,
    Data,
    DefectError,
    Diagnostic,
    HeaderLines,
    Place,
    PolicyError,
    Progress,
)

__all__ = [
    "AbatisError",
    "Action",
    "Data",
    "DefectError",
    "Diagnostic",
    "Engine",
    "EngineHandle",
    "Feature",
    "Finding",
    "HeaderLines",
    "Place",
    "PolicyError",
    "Progress",
    "Scan",
    "Session",
    "Span",
    "Verdict",
    "__version__",
]

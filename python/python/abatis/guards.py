"""Guards: whether a value of the current request is code in a statement that is about to run.

    app.add_middleware(AbatisMiddleware, keep_values=True)  # any of the middlewares

    connection = guards.connection(sqlite3.connect("shop.db"), "sqlite")  # any DB-API 2 driver
    guards.sqlalchemy(engine)  # an Engine of SQLAlchemy
    guards.subprocesses()  # commands that a shell runs, in all of the process
    guards.check("url", url)  # anything else, by hand

No look at a lone value can tell that `1 or true` is an attack. Here the statement is known: a value that stays inside of one string or
number is data, whatever it looks like; one that crosses a token boundary is code. So parameters (`?`, `%s`) are never an alarm, and
nothing is to be tuned; what they stand for is not looked at, since the driver keeps it apart.

The values are those that a middleware with `keep_values=True` inspected for the request that is answered in this context (`contextvars`,
so that they follow tasks, `asyncio.to_thread` and the thread pools of Starlette and Django). Elsewhere name them with `request`. Where
there are none, a guard lets everything pass, at the cost of one look-up.

A statement that is blocked raises `Blocked` and does not run; with `report_only=True` it is only logged. In mode `detect` of the policy
nothing is blocked.

Hazards:

- Threads that you start yourself do not inherit the context: run them in `contextvars.copy_context().run`.
- What is not on its way through a guard is not checked: other cursors, statements that are objects of a driver, extensions in C.
- A thread that answered a request keeps its values until it answers another one.
- A tool that runs the SQL of its users by design is what this is made to stop. Exclude its field: `{rule: sink.sql.crossed, field: query}`.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from abatis._inspection import current
from abatis._model import AbatisError, Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from abatis._abatis import Engine, Session, Verdict
    from abatis._model import Data, HeaderLines, Sink, SinkValues

__all__ = ["Blocked", "check", "connection", "request", "sqlalchemy", "subprocesses", "values"]

_log = logging.getLogger("abatis.guards")


class Blocked(AbatisError):
    """A value of the request is code in a statement, which was not run."""

    verdict: Verdict
    """Why; spans count bytes of the statement, and pointers lead to the value in the request."""

    def __init__(self, text: str, verdict: Verdict) -> None:
        super().__init__(text, verdict)
        self.verdict = verdict

    def __str__(self) -> str:
        return str(self.args[0])


class _Named:
    """Values that were named, to be asked as a session is."""

    def __init__(self, engine: Engine, values: SinkValues) -> None:
        self._engine = engine
        # Kept as they are now, and for more than one look.
        self._values: SinkValues = dict(values) if isinstance(values, Mapping) else list(values)

    def check_sink(self, sink: Sink, statement: Data, *, base: Data | None = None) -> Verdict:
        return self._engine.check_sink(sink, statement, self._values, base=base)


@contextmanager
def request(engine: Engine, *, target: Data, method: Data = "GET", headers: HeaderLines = (), body: Data = b"") -> Iterator[Session]:
    """Take a request for the current one, where no middleware does: its values are those that the guards look for.

    Args:
        engine: The engine whose policy holds.
        target: The request target as sent.
        method: The method.
        headers: The header lines, as received.
        body: The body as received.

    Example:
        >>> with request(engine, target="/?id=1+or+true"):
        ...     check("sqlite", "select 1 or true")
        Traceback (most recent call last):
        abatis.guards.Blocked: sink.sql.crossed: query /id: A value of the request holds more than one token, at byte 8 of the statement.
    """
    session = engine.session()
    session.keep_values()
    session.head(method, target, headers)
    if body:
        session.body(body)
    session.finish()
    token = current.set(session)
    try:
        yield session
    finally:
        current.reset(token)


@contextmanager
def values(engine: Engine, values: SinkValues) -> Iterator[None]:
    """Take these for the values of the current request: of a message from a queue, of a task.

    Args:
        engine: The engine whose policy holds.
        values: A mapping of names, or triples of place, name and value.
    """
    token = current.set(cast("Session", _Named(engine, values)))
    try:
        yield
    finally:
        current.reset(token)


def check(sink: Sink, statement: Data, *, base: Data | None = None, report_only: bool = False) -> Verdict | None:
    """Look for the values of the current request in a statement.

    Args:
        sink: Where it goes: a dialect of SQL, `shell`, `path` or `url`.
        statement: The statement.
        base: For `path`: the folder that it must stay below.
        report_only: Whether nothing is blocked.

    Returns:
        The verdict; None if there is no current request.

    Raises:
        Blocked: The statement must not run.
    """
    session = current.get()
    if session is None:
        return None
    verdict = session.check_sink(sink, statement, base=base)
    if verdict.action > Action.ALLOW:
        finding = verdict.findings[0] if verdict.findings else None
        text = f"{finding.rule}: {finding.place} {finding.pointer}: {finding.message}" if finding else repr(verdict)
        blocked = verdict.action >= Action.BLOCK and not report_only
        _log.warning("%s blocked=%s", text, blocked, extra={"abatis": verdict})
        if blocked:
            raise Blocked(text, verdict)
    return verdict


def connection(connection: Any, dialect: Sink, *, report_only: bool = False) -> Any:
    """Put a guard around a DB-API 2 connection: each statement of its cursors is checked before it runs.

    What is given acts as the connection does; `execute` and its kin are checked on it and on its cursors.

    Args:
        connection: The connection of a driver.
        dialect: Whose SQL it speaks.
        report_only: Whether nothing is blocked.

    Example:
        >>> import sqlite3
        >>> guarded = connection(sqlite3.connect(":memory:"), "sqlite")
        >>> guarded.execute("select ?", ("1 or true",)).fetchone()
        ('1 or true',)
    """
    return _Guarded(connection, dialect, report_only)


class _Guarded:
    """A connection or a cursor, with the guard in front of what runs statements."""

    _RUN = frozenset({"execute", "executemany", "executescript"})

    def __init__(self, inner: Any, dialect: Sink, report_only: bool) -> None:
        object.__setattr__(self, "_inner", inner)
        object.__setattr__(self, "_dialect", dialect)
        object.__setattr__(self, "_report_only", report_only)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name in self._RUN:
            return self._checked(found)
        if name == "cursor":
            return lambda *args, **kwargs: self._guard(found(*args, **kwargs))
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._inner, name, value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._inner)

    def __next__(self) -> Any:
        return next(self._inner)

    def __enter__(self) -> Any:
        entered = self._inner.__enter__()
        return self if entered is self._inner or entered is None else self._guard(entered)

    def __exit__(self, *raised: Any) -> Any:
        return self._inner.__exit__(*raised)

    def _guard(self, inner: Any) -> Any:
        return _Guarded(inner, self._dialect, self._report_only)

    def _checked(self, run: Any) -> Any:
        def checked(statement: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(statement, (str, bytes)):
                check(self._dialect, statement, report_only=self._report_only)
            result = run(statement, *args, **kwargs)
            # `connection.execute` of sqlite3 and psycopg gives a cursor, `cursor.execute` the cursor itself.
            if result is self._inner:
                return self
            return self._guard(result) if hasattr(result, "execute") else result

        return checked


_DIALECTS: dict[str, Sink] = {
    "mysql": "mysql",
    "mariadb": "mysql",
    "postgresql": "postgres",
    "cockroachdb": "postgres",
    "redshift": "postgres",
    "mssql": "mssql",
    "oracle": "oracle",
    "sqlite": "sqlite",
}


def sqlalchemy(engine: Any, *, dialect: Sink | None = None, report_only: bool = False) -> None:
    """Put a guard in front of all statements that an engine of SQLAlchemy runs, sessions of its ORM included.

    Args:
        engine: An `Engine`, or an `AsyncEngine`.
        dialect: Whose SQL it speaks; by the engine's own dialect if left out.
        report_only: Whether nothing is blocked.

    Raises:
        ValueError: The dialect of the engine is not known; name the nearest one.
    """
    from sqlalchemy import event

    engine = getattr(engine, "sync_engine", engine)
    sink = dialect or _DIALECTS.get(engine.dialect.name)
    if sink is None:
        raise ValueError(f"dialect: {engine.dialect.name!r} is not known; name the nearest of {', '.join(_DIALECTS)}")

    def before(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        check(sink, statement, report_only=report_only)

    event.listen(engine, "before_cursor_execute", before)


_subprocesses: dict[str, bool] = {}


def subprocesses(*, report_only: bool = False) -> None:
    """Put a guard in front of all commands that this process gives to a shell: `subprocess` with `shell=True`, `os.system`, `os.popen`.

    It is an audit hook (PEP 578), so it sees them wherever they come from, and stays for as long as the process lives. A program that is
    run with a list of arguments has no shell that could read them, and is not checked, unless the list is a shell and its `-c`.

    Args:
        report_only: Whether nothing is blocked. A later call sets it anew.
    """
    if os.name == "nt":
        raise NotImplementedError("the commands of cmd.exe cannot be read")
    is_first = not _subprocesses
    _subprocesses["report_only"] = report_only
    if is_first:
        sys.addaudithook(_audit)


_SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh"})


def _audit(event: str, args: tuple[Any, ...]) -> None:
    # Every event of the interpreter comes here: the rest of the way is for two of them.
    if event == "os.system":
        _command(args[0])
    elif event == "subprocess.Popen":
        # `shell=True` has become the arguments of a shell.
        _arguments(args[1])


def _arguments(arguments: str | Sequence[Any] | Iterable[Any]) -> None:
    if isinstance(arguments, (str, bytes)):
        return
    listed = [os.fsdecode(argument) for argument in arguments]
    if listed and Path(listed[0]).name in _SHELLS and "-c" in listed[1:-1]:
        _command(listed[listed.index("-c") + 1])


def _command(command: str | bytes) -> None:
    check("shell", command, report_only=_subprocesses["report_only"])

"""Guards: what they stop and what they let pass, with real drivers, and against what the drivers themselves make of statements."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shlex
import sqlite3
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urlsplit

import pytest

from abatis import Action, Engine, guards

if TYPE_CHECKING:
    from collections.abc import Iterator

sqlalchemy = pytest.importorskip("sqlalchemy")


@pytest.fixture
def shop() -> Iterator[Any]:
    connection = sqlite3.connect(":memory:")
    connection.executescript("create table items (id integer, name text); insert into items values (1, 'tea'), (2, 'oak');")
    yield guards.connection(connection, "sqlite")
    connection.close()


def test_a_value_that_is_code_does_not_run(engine: Engine, shop: Any) -> None:
    with guards.values(engine, {"id": "1 or true"}):
        with pytest.raises(guards.Blocked) as blocked:
            shop.execute("select * from items where id = 1 or true")
        finding = blocked.value.verdict.findings[0]
        assert (finding.rule, finding.class_, finding.place, finding.pointer) == ("sink.sql.crossed", "sqli", "query", "/id")
        assert (finding.span.part, finding.span.start) == ("statement", 31)
        cursor = shop.cursor()
        with pytest.raises(guards.Blocked):
            cursor.execute("select * from items where id = 1 or true")
        with pytest.raises(guards.Blocked):
            cursor.executemany("delete from items where id = 1 or true and name = ?", [("a",)])
        assert len(shop.execute("select * from items").fetchall()) == 2


def test_data_passes(engine: Engine, shop: Any) -> None:
    for value in ("tea", "1 or true", "O'Brien", "admin' --"):
        with guards.values(engine, {"name": value}):
            assert shop.execute("select ?", (value,)).fetchone() == (value,)
            written = value.replace("'", "''")
            assert shop.cursor().execute(f"select '{written}'").fetchone() == (value,)


def test_a_guarded_connection_acts_as_the_connection_does(shop: Any) -> None:
    cursor = shop.cursor()
    assert cursor.execute("select name from items order by id") is cursor
    assert [row[0] for row in cursor] == ["tea", "oak"]
    with shop as entered:
        assert entered is shop
        entered.execute("insert into items values (3, 'ash')")
    shop.row_factory = sqlite3.Row
    assert shop.execute("select name from items where id = 3").fetchone()["name"] == "ash"
    assert shop.total_changes == 3


def test_without_a_request_nothing_is_checked(shop: Any) -> None:
    assert guards.check("sqlite", "select 1 or true") is None
    assert shop.execute("select 1 or true").fetchone() == (1,)


def test_what_is_only_reported_runs(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with guards.values(engine, {"id": "1 or true"}):
        verdict = guards.check("sqlite", "select 1 or true", report_only=True)
    assert verdict is not None
    assert verdict.action == Action.BLOCK
    assert "sink.sql.crossed: query /id" in caplog.text
    assert "or true" not in caplog.text
    with guards.values(Engine({"mode": "detect"}), {"id": "1 or true"}):
        verdict = guards.check("sqlite", "select 1 or true")
    assert verdict is not None
    assert verdict.action == Action.FLAG


def test_sqlalchemy(engine: Engine) -> None:
    database = sqlalchemy.create_engine("sqlite://")
    guards.sqlalchemy(database)
    with database.connect() as connection, guards.values(engine, {"id": "1 or true"}):
        text = sqlalchemy.text
        with pytest.raises(guards.Blocked):
            connection.execute(text("select 1 or true"))
        assert connection.execute(text("select :id"), {"id": "1 or true"}).scalar() == "1 or true"
    strange = sqlalchemy.create_mock_engine("sqlite://", print)
    strange.dialect.name = "strange"
    with pytest.raises(ValueError, match="is not known"):
        guards.sqlalchemy(strange)


def test_commands(engine: Engine) -> None:
    guards.subprocesses()
    with guards.values(engine, {"host": "a; exit 7"}):
        for run in (
            lambda: subprocess.run("echo a; exit 7", shell=True, check=False),
            lambda: os.system("echo a; exit 7"),
            lambda: os.popen("echo a; exit 7"),
            lambda: subprocess.run(["/bin/sh", "-c", "echo a; exit 7"], check=False),
        ):
            with pytest.raises(guards.Blocked):
                run()
        quoted = f"printf %s {shlex.quote('a; exit 7')}"
        assert subprocess.run(quoted, shell=True, check=True, capture_output=True).stdout == b"a; exit 7"
        assert subprocess.run(["printf", "%s", "a; exit 7"], check=True, capture_output=True).stdout == b"a; exit 7"
    assert subprocess.run("echo a; exit 7", shell=True, check=False, capture_output=True).returncode == 7


def test_by_hand(engine: Engine) -> None:
    with guards.request(engine, target="/?file=..%2Fkey&to=http%3A%2F%2F127.1%2F"):
        with pytest.raises(guards.Blocked, match=r"sink\.path\.left: query /file"):
            guards.check("path", "/srv/files/../key", base="/srv/files")
        with pytest.raises(guards.Blocked, match=r"sink\.url\.inside: query /to"):
            guards.check("url", "http://127.1/")
        with pytest.raises(ValueError, match="needs its base"):
            guards.check("path", "/srv")
        with pytest.raises(ValueError, match="only a path"):
            guards.check("url", "/srv", base="/")


def test_behind_the_asgi_middleware(engine: Engine) -> None:
    httpx = pytest.importorskip("httpx")
    starlette = pytest.importorskip("starlette.applications")
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    from abatis.asgi import AbatisMiddleware

    def look_up(item: str) -> list[Any]:
        shop = guards.connection(sqlite3.connect(":memory:"), "sqlite")
        return list(shop.execute(f"select {item}"))

    async def answer(request: Any) -> PlainTextResponse:
        item = (await request.json())["item"] if request.method == "POST" else request.query_params["item"]
        try:
            rows = await (asyncio.to_thread if "thread" in request.query_params else run_in_threadpool)(look_up, item)
        except guards.Blocked as blocked:
            return PlainTextResponse(blocked.verdict.findings[0].pointer, status_code=403)
        return PlainTextResponse(str(rows))

    async def ask(keep_values: bool) -> list[tuple[int, str]]:
        app = starlette.Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])
        transport = httpx.ASGITransport(AbatisMiddleware(app, engine=engine, keep_values=keep_values))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            answers = [
                await client.get("/", params={"item": "1 or true"}),
                await client.get("/", params={"item": "7", "thread": ""}),
                await client.post("/?thread=", json={"item": "2 is not null"}),
            ]
        return [(given.status_code, given.text) for given in answers]

    assert asyncio.run(ask(keep_values=True)) == [(403, "/item"), (200, "[(7,)]"), (403, "/item")]
    assert asyncio.run(ask(keep_values=False)) == [(200, "[(1,)]"), (200, "[(7,)]"), (200, "[(1,)]")]


def test_behind_the_wsgi_middleware(engine: Engine) -> None:
    flask = pytest.importorskip("flask")

    from abatis.wsgi import AbatisMiddleware

    app = flask.Flask(__name__)

    @app.get("/")
    def answer() -> str:
        shop = guards.connection(sqlite3.connect(":memory:"), "sqlite")
        return str(list(shop.execute(f"select {flask.request.args['item']}")))

    app.wsgi_app = AbatisMiddleware(app.wsgi_app, engine=engine, keep_values=True)
    app.testing = True
    client = app.test_client()
    assert client.get("/?item=7").text == "[(7,)]"
    with pytest.raises(guards.Blocked):
        client.get("/?item=1+or+true")


ATOMS = [
    "1", "0", "-7", "2.5", "name", "id", "tea", "O'Brien", "''", "'", '"', " ", " ", " or ", " and ", "=", "1=1", "--", "-- ",
    "/*", "*/", "(", ")", ",", ";", "#", "\\", "`", "[", "]", "||", "x'41'", "null", " is ", "é", "%", "\n", " union select ",
]  # fmt: skip


#: A name, a number or a string, in any quotes.
ONE_TOKEN = re.compile(r"""\w+|[-+]?\d+(\.\d+)?|x?'([^']|'')*'|"([^"]|"")*"|`([^`]|``)*`|\[[^\]]*\]""")


def _values(seed: int, count: int) -> Iterator[str]:
    random_ = random.Random(seed)
    for _ in range(count):
        yield "".join(random_.choice(ATOMS) for _ in range(random_.randint(1, 6)))


def _program(connection: sqlite3.Connection, statement: str) -> Any:
    """What SQLite makes of a statement, its constants left out: None if it is none."""
    try:
        rows = connection.execute(f"explain {statement}").fetchall()
    except (sqlite3.Error, sqlite3.Warning):
        return None
    return [(row[1], row[6]) for row in rows if row[1] not in ("String8", "Integer", "Int64", "Real", "Init")]


@pytest.mark.parametrize(
    ("template", "benign", "write"),
    [
        ("select id from items where name = '{}'", "tea", lambda value: value),
        ("select id from items where name = '{}'", "tea", lambda value: value.replace("'", "''")),
        ("select name from items where id = {} limit 3", "7", lambda value: value),
        ('select "{}" from items', "no such", lambda value: value),
    ],
)
def test_sqlite_agrees(engine: Engine, template: str, benign: str, write: Any) -> None:
    """What changes the program that SQLite makes of a statement is told; what is escaped is not."""
    connection = sqlite3.connect(":memory:")
    connection.execute("create table items (id integer, name text)")
    usual = _program(connection, template.format(benign))
    assert usual is not None
    changed = 0
    for value in _values(7, 20_000):
        statement = template.format(write(value))
        # Too short to be looked for, or in the statement by chance: `= '`.
        if len(value.strip()) < 3 or value.strip() in template:
            continue
        verdict = engine.check_sink("sqlite", statement, {"v": value})
        told = [finding.rule for finding in verdict.findings]
        if write("'") == "''":
            assert not told, (statement, told)
            continue
        program = _program(connection, statement)
        if program is not None and program != usual and not ONE_TOKEN.fullmatch(value.strip()):
            changed += 1
            assert told, statement
    assert changed or write("'") == "''"


def test_shells_agree(engine: Engine) -> None:
    """What a shell makes one argument of is no alarm when it is quoted; what it makes more of is told."""
    atoms = ["a", "b c", " ", ";", "'", '"', "$x", "`", "\\", "|", "&", ">", "#", "(", ")", "$(", "*", "-n", "\n", "é"]
    random_ = random.Random(3)
    told = 0
    for _ in range(400):
        value = "".join(random_.choice(atoms) for _ in range(random_.randint(1, 5)))
        if len(value.strip()) < 3:
            continue
        quoted = f"printf '[%s]' x{shlex.quote(value)}"
        assert not engine.check_sink("shell", quoted, {"v": value}).findings, quoted
        bare = f"printf '[%s]' x{value}"
        # Only words are read: nothing of it runs.
        run = subprocess.run(["/bin/sh", "-n", "-c", bare], capture_output=True, check=False)
        if run.returncode == 0:
            try:
                words = shlex.split(value, comments=True)
            except ValueError:
                words = []
            if len(words) > 1 or any(sign in value for sign in ";|&>`$"):
                escaped = "\\" in value or "'" in value or '"' in value
                findings = engine.check_sink("shell", bare, {"v": value}).findings
                told += bool(findings)
                assert findings or escaped, bare
    assert told > 20


def test_paths_agree(engine: Engine) -> None:
    """A path leaves its base just if `normpath` says so."""
    atoms = ["a", "..", ".", "/", "/", "b.txt", "...", "//", "~", "\\"]
    random_ = random.Random(5)
    left = 0
    for _ in range(5_000):
        value = "".join(random_.choice(atoms) for _ in range(random_.randint(1, 7)))
        path = "/srv/files/" + value
        normal = os.path.normpath(path)
        outside = normal != "/srv/files" and not normal.startswith("/srv/files/")
        if len(value.strip()) < 2:
            continue
        rules = [finding.rule for finding in engine.check_sink("path", path, {"v": value}, base="/srv/files").findings]
        assert ("sink.path.left" in rules) == outside, (path, rules)
        left += outside
    assert left > 100


def test_urls_agree(engine: Engine) -> None:
    """What changes the host of a URL is told; what is coded is not."""
    atoms = ["a", "b.c", "@", ":", "/", "?", "#", "&", "=", "..", "é", "%", " ", "80", "."]
    random_ = random.Random(9)
    changed = 0
    for _ in range(5_000):
        value = "".join(random_.choice(atoms) for _ in range(random_.randint(1, 6))).strip()
        if len(value) < 3 or value in "https://api.example/find/":
            continue
        for written in (quote(value, safe=""), quote_plus(value)):
            url = f"https://api.example/find/{written}?q={written}&x=1"
            assert not engine.check_sink("url", url, {"v": value}).findings, url
        url = f"https://api.example{value}"
        try:
            host = urlsplit(url).hostname
        except ValueError:
            continue
        if host != "api.example":
            rules = [finding.rule for finding in engine.check_sink("url", url, {"v": value}).findings]
            # A host that only grows longer at its end, and has no dot more, is none.
            if "." in value or "@" in value:
                changed += 1
                assert {"sink.url.crossed", "sink.url.inside"} & set(rules), (url, rules)
    assert changed > 100

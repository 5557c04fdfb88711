"""The API: what goes in, what comes out, what goes wrong."""

from __future__ import annotations

import doctest
import gzip
import json
from pathlib import Path

import pytest

import abatis
from abatis import Action, DefectError, Engine, EngineHandle, PolicyError, Progress

ATTACK = "1' or '1'='1"
SHOP = """
schemas: {age: {type: integer, minimum: 0}}
routes:
  - path: /people
    methods: [POST]
    body: age
"""


def test_examples_of_the_docstrings() -> None:
    names = {"engine": Engine.default(), **vars(abatis)}
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner()
    objects = [abatis, *(getattr(abatis, name) for name in abatis.__all__)]
    for thing in objects:
        for test in finder.find(thing, getattr(thing, "__name__", ""), module=False, globs=names):
            runner.run(test)
    assert runner.tries > 15
    assert runner.failures == 0


@pytest.mark.parametrize("name", [name for name in abatis.__all__ if name[0].isupper()])
def test_everything_is_documented(name: str) -> None:
    thing = getattr(abatis, name)
    if not isinstance(thing, type):
        return
    assert thing.__doc__
    for method in vars(thing):
        if not method.startswith("_"):
            assert getattr(thing, method).__doc__, f"{name}.{method}"


@pytest.mark.parametrize("make", [str, str.encode, lambda t: bytearray(t.encode()), lambda t: memoryview(t.encode())])
def test_all_kinds_of_text_and_bytes_say_the_same(engine: Engine, make) -> None:
    verdict = engine.inspect_value(make(ATTACK))
    assert (verdict.action, verdict.class_) == (Action.BLOCK, "sqli")
    whole = engine.inspect(
        method=make("POST"),
        target=make("/p"),
        headers=[(make("Content-Type"), make("application/json"))],
        body=make(json.dumps({"v": ATTACK})),
    )
    assert whole.findings[0].pointer == "/v"
    session = engine.session()
    session.request_line(make("POST"), make("/p"))
    session.header(make("Content-Type"), make("application/json"))
    session.body(make(json.dumps({"v": ATTACK})))
    assert session.finish() == whole


def test_a_view_that_is_no_row_of_bytes_is_read_as_it_lies(engine: Engine) -> None:
    backwards = memoryview(ATTACK.encode()[::-1])[::-1]
    assert engine.inspect_value(backwards) == engine.inspect_value(ATTACK)


def test_half_of_a_surrogate_pair_is_inspected(engine: Engine) -> None:
    assert engine.inspect_value("\ud800" + ATTACK).action == Action.BLOCK
    assert engine.inspect_value("\ud800").findings[0].rule == "protocol.json-lone-surrogate"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        [("Content-Type", "application/json")],
        (["Content-Type", b"application/json"],),
        (pair for pair in [(b"Content-Type", "application/json")]),
    ],
)
def test_headers_come_in_many_shapes(engine: Engine, headers) -> None:
    body = json.dumps({"v": ATTACK})
    verdict = engine.inspect(method="POST", target="/", headers=headers, body=body)
    assert verdict.findings[0].place == "json"


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda e: e.inspect_value(5),
            TypeError,
            "expected str, bytes, bytearray or memoryview, not int",
        ),
        (lambda e: e.inspect_value(None), TypeError, "not NoneType"),
        (
            lambda e: e.inspect_value("x", "trailer"),
            ValueError,
            "expected one of path, query, form",
        ),
        (lambda e: e.inspect_value("x", 3), TypeError, ""),
        (lambda e: e.inspect(), TypeError, "target"),
        (lambda e: e.inspect(target="/", headers=3), TypeError, "pairs"),
        (lambda e: e.inspect(target="/", headers=["ab"]), TypeError, "pairs"),
        (lambda e: e.inspect(target="/", headers=[("a", 1)]), TypeError, "not int"),
        (lambda e: e.inspect(target="/", headers=[("a", "b", "c")]), TypeError, "pairs"),
        (lambda e: e.validate("nope", b"{}"), KeyError, 'no schema "nope"'),
        (lambda _: Engine("policy.yaml"), TypeError, "Engine.from_file"),
        (lambda _: Engine({"limits": {1, 2}}), TypeError, "JSON serializable"),
        (lambda _: Engine({"limits": float("nan")}), ValueError, ""),
        (lambda _: Engine.builtin("strikt"), PolicyError, "did you mean `strict`"),
        (lambda _: EngineHandle(None), TypeError, "Engine"),
    ],
)
def test_wrong_arguments_are_told(engine: Engine, call, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as raised:
        call(engine)
    assert text in str(raised.value)


def test_messages_of_a_websocket_are_values(engine: Engine) -> None:
    assert engine.inspect_value('{"to": "room 7", "text": "it\'s tea time"}', "body").action is Action.ALLOW
    verdict = engine.inspect_value(json.dumps({"to": "room 7", "text": ATTACK}), "body")
    assert (verdict.action, verdict.findings[0].pointer) == (Action.BLOCK, "/text")


def test_trailers_come_behind_the_body(engine: Engine) -> None:
    session = engine.session()
    session.head("POST", "/notes", {"Content-Type": "text/plain"})
    session.body(b"Dear all,")
    assert session.trailer("X-Checksum", "7") is Progress.CONTINUE
    assert session.trailer("Host", "internal.example") is Progress.BLOCK
    # Nothing of the body comes behind them.
    session.body(b"more")
    verdict = session.finish()
    assert verdict.findings[0].rule == "protocol.trailer"
    assert verdict.partial == "misuse"


def test_errors_of_files_name_file_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "typos.yaml"
    path.write_text("mod: block\nsensitivity: hihg\n")
    with pytest.raises(PolicyError) as raised:
        Engine.from_file(path)
    error = raised.value
    assert (error.file, error.line, error.column) == (str(path), 1, 1)
    second = error.diagnostics[1]
    assert (second.line, second.column, second.pointer) == (2, 14, "/sensitivity")
    assert "did you mean `high`?" in second.message
    assert str(error).splitlines()[1].startswith(f"{path}:2:14: ")
    with pytest.raises(ValueError, match=r"nowhere\.yaml"):
        Engine.from_file("nowhere.yaml")


def test_errors_of_dicts_have_pointers_and_no_lines() -> None:
    with pytest.raises(PolicyError) as raised:
        Engine({"limits": {"dept": 3}})
    assert (raised.value.line, raised.value.diagnostics[0].pointer) == (0, "/limits/dept")
    assert str(raised.value).startswith("policy: unknown key `dept`, did you mean `depth`?")


def test_a_size_limit_is_told() -> None:
    with pytest.raises(PolicyError, match="compiled_bytes") as raised:
        Engine({"limits": {"compiled_bytes": 1 << 20}})
    assert raised.value.diagnostics == ()
    assert (raised.value.file, raised.value.line, raised.value.column) == ("", 0, 0)


def test_files_of_a_policy_are_found(tmp_path: Path) -> None:
    (tmp_path / "age.json").write_text('{"type": "integer"}')
    text = "schemas: {age: {file: age.json}}"
    with pytest.raises(PolicyError, match="relative to a folder"):
        Engine.from_yaml(text)
    engine = Engine.from_yaml(text, folder=tmp_path)
    assert engine.validate("age", b'"x"').findings[0].rule == "schema.type"


def test_policies_of_all_sources_agree(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("mode: detect")
    for engine in (
        Engine({"mode": "detect"}),
        Engine.from_file(str(path)),
        Engine.from_yaml("mode: detect"),
    ):
        assert engine.inspect_value(ATTACK).action == Action.FLAG
    assert Engine.builtin("monitor").inspect_value(ATTACK).action == Action.FLAG
    assert Engine.default() is Engine.default()
    assert Engine().inspect_value(ATTACK).action == Action.BLOCK


def test_a_clean_verdict_is_shared(engine: Engine) -> None:
    first = engine.inspect_value("Conan O'Brien")
    assert first is engine.inspect(target="/search?q=oak+table")
    assert (first.action, first.score, first.findings, first.partial) == (Action.ALLOW, 0, (), None)
    assert first.class_ is None
    assert first.ruleset == engine.ruleset
    assert len(first.ruleset) == 16


def test_a_verdict_is_what_its_json_says(engine: Engine) -> None:
    target = "/page?name=%3Cscript%3Ealert(1)%3C/script%3E"
    verdict = engine.inspect(target=target)
    finding = verdict.findings[0]
    told = verdict.to_dict()
    assert told == json.loads(verdict.to_json())
    assert told["schema"] == 1
    assert told["action"] == str(verdict.action) == "block"
    assert told["class"] == verdict.class_ == finding.class_ == "xss"
    assert told["score"] == verdict.score
    first = told["findings"][0]
    assert first == finding.to_dict()
    for name in (
        "rule",
        "score",
        "place",
        "name",
        "pointer",
        "pattern",
        "decoded",
        "context",
        "message",
    ):
        assert first[name] == getattr(finding, name)
    assert first["span"]["range"] == [finding.span.start, finding.span.end]
    assert first["span"]["part"] == finding.span.part == "target"
    assert first["span"]["basis"] == finding.span.basis == "raw"
    assert finding.span.index == 0
    assert target[finding.span.start :].startswith("%3Cscript%3E")
    assert [(f["name"], f["weight"]) for f in first["evidence"]] == [(f.name, f.weight) for f in finding.evidence]
    assert finding.action is Action.BLOCK


def test_spans_of_coded_bodies_count_what_was_coded(engine: Engine) -> None:
    body = b'{"note": "' + ATTACK.encode() + b'"}'
    headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
    verdict = engine.inspect(method="POST", target="/", headers=headers, body=gzip.compress(body))
    finding = verdict.findings[0]
    assert finding.span.basis == "decoded"
    assert finding.pointer == "/note"
    assert finding.span.start > body.index(b":")


def test_verdicts_compare_and_hash_by_what_they_say(engine: Engine) -> None:
    one, two = engine.inspect_value(ATTACK), engine.inspect_value(ATTACK)
    other = engine.inspect_value("<script>alert(1)</script>")
    assert one == two
    assert one is not two
    assert one != other
    assert len({one, two, other}) == 2
    assert len({one.findings[0], two.findings[0], other.findings[0]}) == 2
    assert len({one.findings[0].span, two.findings[0].span}) == 1
    with pytest.raises(AttributeError):
        one.score = 3


def test_representations_hold_no_payload(engine: Engine) -> None:
    body = json.dumps({"<b>": "admin' or sleep(5)#"})
    headers = {"Content-Type": "application/json"}
    verdict = engine.inspect(method="POST", target="/", headers=headers, body=body)
    texts = [repr(verdict), repr(verdict.findings), verdict.to_json(), verdict._repr_html_()]
    assert not [text for text in texts if "sleep(5)" in text]
    assert repr(verdict).startswith("<abatis.Verdict block ")
    assert "sql.injection in json /<b>" in repr(verdict)
    html = verdict._repr_html_()
    assert "sql.injection" in html
    assert "/&lt;b&gt;" in html
    assert "<b></td>" not in html
    partial = Engine({"limits": {"body_bytes": 4}}).inspect(method="POST", target="/", body="12345")
    assert "partial: body-bytes" in repr(partial)
    assert "body-bytes" in partial._repr_html_()


def test_actions_are_ordered_and_named() -> None:
    assert Action.ALLOW < Action.FLAG < Action.SANITIZE < Action.BLOCK
    assert [str(action) for action in Action] == ["allow", "flag", "sanitize", "block"]


def test_schemas_of_the_policy() -> None:
    shop = Engine.from_yaml(SHOP)
    assert shop.validate("age", "42").action == Action.ALLOW
    assert shop.validate("age", b"-1").findings[0].rule == "schema.minimum"
    verdict = shop.inspect(method="POST", target="/people", headers={"Content-Type": "application/json"}, body="-1")
    assert verdict.class_ == "schema"


def test_sessions_say_when_it_is_over(engine: Engine) -> None:
    session = engine.session()
    assert session.engine is engine
    assert session.head("POST", "/c", {"Content-Type": "application/json"}) is Progress.CONTINUE
    assert session.verdict.action == Action.ALLOW
    assert session.body(b'{"text": "<script>ale') is Progress.CONTINUE
    assert session.body(b'rt(1)</script>"') is Progress.BLOCK
    stopped = session.stop()
    assert (stopped.action, stopped.partial) == (Action.BLOCK, "stopped")
    assert session.finish() == stopped


def test_calls_out_of_order_are_told(engine: Engine) -> None:
    session = engine.session()
    session.body(b"x")
    assert session.finish().partial == "misuse"


def test_a_handle_swaps_engines(engine: Engine) -> None:
    handle = EngineHandle(engine)
    session = handle.load().session()
    other = Engine({"mode": "detect"})
    assert handle.swap(other) is engine
    assert handle.load() is other
    assert session.engine is engine
    assert engine.ruleset in repr(handle)
    assert engine.ruleset in repr(engine)
    assert engine.memory_usage > 1000


def test_a_defect_is_an_ordinary_exception() -> None:
    assert issubclass(DefectError, Exception)
    assert "report" in str(DefectError())


def test_what_is_shipped_cannot_be_made_to_panic() -> None:
    assert not hasattr(abatis._abatis, "panic_at")

"""The corners of the middlewares, without servers: settings, hooks, streams, validators, types."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import wsgiref.util
from typing import Annotated, Any

import django
import httpx
import pytest
from aiohttp import ClientSession, FormData, web
from fastapi import Body, Depends, FastAPI, Form
from pydantic import BaseModel, ValidationError

import servers
from abatis import Action, Engine, EngineHandle, Verdict, asgi, wsgi
from abatis.asgi import Answer, Inspected, Refused, Settings
from abatis.fastapi import Guard, verdict
from abatis.pydantic import Safe, SafeStr

ATTACK = "1' or '1'='1"
TARGET = "/?id=1'+or+'1'%3D'1"
JSON = {"content-type": "application/json"}
BODY = json.dumps({"v": ATTACK}).encode()

django.setup()


class Recorder:
    """An ASGI application that reads its body to the end, and remembers what it got."""

    def __init__(self, answer_first: bool = False) -> None:
        self.answer_first = answer_first
        self.called = False
        self.body = b""
        self.scope: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.called, self.scope = True, scope
        start = {"type": "http.response.start", "status": 200, "headers": []}
        if self.answer_first:
            await send(start)
        while True:
            message = await receive()
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if not self.answer_first:
            await send(start)
        await send({"type": "http.response.body", "body": b"done"})


async def call(app: Any, chunks: list[bytes], target: str = "/", headers: Any = JSON, **scope: Any) -> list[Any]:
    """Calls an ASGI application; gives what it sent."""
    path, _, query = target.partition("?")
    messages: list[Any] = [{"type": "http.request", "body": chunk, "more_body": at + 1 < len(chunks)} for at, chunk in enumerate(chunks)]
    sent: list[Any] = []
    given = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        **scope,
    }

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(given, receive, send)
    return sent


def run(app: Any, chunks: list[bytes], **scope: Any) -> list[Any]:
    return asyncio.run(call(app, chunks, **scope))


def test_a_refused_request_does_not_reach_the_application() -> None:
    app = Recorder()
    sent = run(asgi.AbatisMiddleware(app), [BODY[:5], BODY[5:]])
    assert [message.get("status") for message in sent] == [403, None]
    assert not app.called


def test_bodies_of_any_pieces_come_whole() -> None:
    app = Recorder()
    pieces = [b'{"a":', b"", b" [1,", b" 2]}"]
    run(asgi.AbatisMiddleware(app), pieces)
    assert app.body == b"".join(pieces)
    assert app.scope["abatis"].verdict.action == Action.ALLOW


def test_the_hook_is_told_once_and_handlers_find_the_verdict() -> None:
    told: list[Inspected] = []
    for report_only, refused in ((False, 403), (True, None)):
        told.clear()
        app = Recorder()
        run(asgi.AbatisMiddleware(app, on_verdict=told.append, report_only=report_only), [BODY])
        assert [(t.method, t.target, t.refused) for t in told] == [("POST", b"/", refused)]
        assert told[0].verdict.action == Action.BLOCK
        assert app.called is report_only
    assert app.scope["abatis"] is told[0]
    assert told[0].verdict.partial is None, "inspected to its end, for the report"


def test_answers_can_be_of_ones_own() -> None:
    def answer(inspected: Inspected) -> Answer:
        return Answer(inspected.refused, {"x-why": inspected.finding.class_}, b"no")

    sent = run(asgi.AbatisMiddleware(Recorder(), answer=answer, status=451), [BODY])
    assert sent[0]["status"] == 451
    assert (b"x-why", b"sqli") in sent[0]["headers"]
    assert sent[1]["body"] == b"no"


def test_engines_of_all_kinds() -> None:
    detect = Engine({"mode": "detect"})
    handle = EngineHandle(Engine.default())
    for engine in (detect, EngineHandle(detect), lambda: detect):
        app = Recorder()
        run(asgi.AbatisMiddleware(app, engine=engine), [BODY])
        assert app.scope["abatis"].verdict.action == Action.FLAG
    app = Recorder()
    middleware = asgi.AbatisMiddleware(app, engine=handle)
    run(middleware, [BODY])
    assert not app.called
    handle.swap(detect)
    run(middleware, [BODY])
    assert app.called


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"engine": "policy.yaml"}, TypeError, "expected an Engine, an EngineHandle or a function"),
        ({"status": 200}, ValueError, "from 400 to 599"),
        ({"body_limit": -1}, ValueError, "body_limit"),
        ({"boddy_limit": 1}, TypeError, "boddy_limit"),
    ],
)
def test_wrong_settings_are_told(settings: dict[str, Any], error: type[Exception], text: str) -> None:
    for make in (Settings, lambda **s: asgi.AbatisMiddleware(Recorder(), **s), lambda **s: wsgi.AbatisMiddleware(None, **s)):
        with pytest.raises(error, match=text):
            make(**settings)


def test_a_client_that_goes_away_is_reported_and_calls_nobody() -> None:
    told: list[Inspected] = []
    for stream in (False, True):
        app = Recorder()
        middleware = asgi.AbatisMiddleware(app, on_verdict=told.append, stream=stream)

        async def gone(middleware: Any = middleware) -> None:
            messages = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

            async def receive() -> Any:
                return messages.pop(0)

            async def send(_: Any) -> None: ...

            scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
            await middleware(scope, receive, send)

        asyncio.run(gone())
        assert app.called is stream
    assert [(t.verdict.partial, t.refused) for t in told] == [("stopped", None)] * 2


def test_streams_are_handed_out_as_they_come_and_end_at_the_attack() -> None:
    app = Recorder()
    middleware = asgi.AbatisMiddleware(app, stream=True)
    run(middleware, [b'{"a":', b" 1}"])
    assert app.body == b'{"a": 1}'
    assert app.scope["abatis"].verdict.partial is None

    app = Recorder()
    told: list[Inspected] = []
    sent = run(asgi.AbatisMiddleware(app, stream=True, on_verdict=told.append), [b'{"a": 1, ', BODY[1:], b" "])
    assert app.called
    assert app.body == b'{"a": 1, '
    assert [message.get("status") for message in sent] == [403, None]
    assert [t.refused for t in told] == [403]

    app = Recorder(answer_first=True)
    with pytest.raises(Refused):
        run(asgi.AbatisMiddleware(app, stream=True), [b'{"a": 1, ', BODY[1:]])


def test_streams_are_chosen_by_scope() -> None:
    app = Recorder()
    middleware = asgi.AbatisMiddleware(app, stream=lambda scope: scope["path"].startswith("/uploads"))
    run(middleware, [BODY], target="/uploads/1")
    assert app.called
    app.called = False
    run(middleware, [BODY], target="/orders/1")
    assert not app.called


def test_an_error_of_the_application_is_its_own() -> None:
    async def broken(*_: Any) -> None:
        raise KeyError("of the application")

    for stream in (False, True):
        with pytest.raises(KeyError, match="of the application"):
            run(asgi.AbatisMiddleware(broken, stream=stream), [b"{}"])


def test_handshakes_of_websockets_are_inspected() -> None:
    for target, closes in ((TARGET, True), ("/?q=tea", False)):
        app = Recorder()
        sent = run(asgi.AbatisMiddleware(app), [b""], target=target, type="websocket")
        assert app.called is not closes
        assert (sent[0]["type"] == "websocket.close") is closes


def test_lifespans_pass() -> None:
    seen: list[Any] = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append(scope)

    asyncio.run(asgi.AbatisMiddleware(app)({"type": "lifespan"}, None, None))
    assert seen == [{"type": "lifespan"}]


def test_targets_are_as_sent_or_nearly() -> None:
    scope: dict[str, Any] = {"path": "/a b/é", "raw_path": b"/a%20b/%C3%A9", "query_string": b"c=%27"}
    assert asgi.target(scope) == b"/a%20b/%C3%A9?c=%27"
    assert asgi.target(scope | {"raw_path": None}) == b"/a%20b/%C3%A9?c=%27"
    assert asgi.target({"path": "/", "query_string": b""}) == b"/"
    environ = {"SCRIPT_NAME": "/app", "PATH_INFO": "/a b/Ã©", "QUERY_STRING": "c=%27"}
    assert wsgi.target(environ) == b"/app/a%20b/%C3%A9?c=%27"
    assert wsgi.target(environ | {"RAW_URI": "/x%20y?z"}) == b"/x%20y?z"
    assert wsgi.target({}) == b"/"


def wsgi_call(app: Any, body: bytes = b"", **environ: Any) -> tuple[str, bytes]:
    given: dict[str, Any] = {"wsgi.input": io.BytesIO(body), "REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body))}
    wsgiref.util.setup_testing_defaults(given)
    given |= {"CONTENT_TYPE": "application/json"} | environ
    status: list[str] = []
    answer = b"".join(app(given, lambda line, _: status.append(line)))
    return status[0], answer


def test_wsgi_reads_no_more_than_the_length_says() -> None:
    def app(environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [environ["wsgi.input"].read(), environ["abatis"].verdict.to_json().encode()[:0]]

    middleware = wsgi.AbatisMiddleware(app)
    assert wsgi_call(middleware, b'{"a": 1}GET / HTTP/1.1', CONTENT_LENGTH="8") == ("200 OK", b'{"a": 1}')
    assert wsgi_call(middleware, BODY)[0] == "403 Forbidden"
    assert wsgi_call(middleware, CONTENT_LENGTH="") == ("200 OK", b"")
    # An application that parsed the framing itself would read what was not inspected.
    assert wsgi_call(middleware, BODY, HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="")[0] == "411 Length Required"
    terminated = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    assert wsgi_call(middleware, BODY, **terminated)[0] == "403 Forbidden"
    assert wsgi_call(middleware, b"[1]", **terminated) == ("200 OK", b"[1]")


def test_wsgi_past_the_limit_the_rest_comes_too_if_it_may() -> None:
    def app(environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [environ["wsgi.input"].read()]

    long, plain = b"a plain text. " * 20_000, {"CONTENT_TYPE": "text/plain"}
    assert wsgi_call(wsgi.AbatisMiddleware(app, body_limit=1000), long, **plain)[0] == "413 Request Entity Too Large"
    middleware = wsgi.AbatisMiddleware(app, body_limit=1000, report_only=True)
    assert wsgi_call(middleware, long, **plain) == ("200 OK", long)
    assert wsgi_call(middleware, long, **plain, **{"wsgi.input_terminated": True}) == ("200 OK", long)


def test_findings_are_logged_without_payload(caplog: pytest.LogCaptureFixture) -> None:
    hostile = json.dumps({"name\n2026 forged line": "admin' or sleep(5)#"}).encode()
    with caplog.at_level(logging.WARNING, "abatis"):
        run(asgi.AbatisMiddleware(Recorder()), [b"{}"])
        assert not caplog.records
        run(asgi.AbatisMiddleware(Recorder()), [hostile])
    (record,) = caplog.records
    assert "sql.injection" in record.getMessage()
    assert "refused=403" in record.getMessage()
    assert "sleep" not in record.getMessage()
    assert "\n" not in record.getMessage()
    assert record.abatis.verdict.class_ == "sqli"


def test_spans_get_attributes() -> None:
    from opentelemetry.sdk.trace import TracerProvider

    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("request") as span:
        run(asgi.AbatisMiddleware(Recorder()), [BODY])
        attributes = dict(span.attributes)
    assert attributes["abatis.action"] == "block"
    assert attributes["abatis.class"] == "sqli"
    assert attributes["abatis.rule"] == "sql.injection"
    assert attributes["abatis.refused"] is True
    assert attributes["abatis.score"] >= 700


class Comment(BaseModel):
    text: SafeStr
    query: Annotated[str, Safe(place="query")] = ""
    raw: Annotated[bytes, Safe()] = b""


def test_pydantic_types() -> None:
    assert Comment(text="Conan O'Brien", raw=b"x").text == "Conan O'Brien"
    for wrong in ({"text": ATTACK}, {"text": "", "query": ATTACK}, {"text": "", "raw": ATTACK}):
        with pytest.raises(ValidationError) as raised:
            Comment.model_validate(wrong)
        (error,) = raised.value.errors()
        assert (error["type"], error["ctx"]) == ("unsafe", {"class": "sqli"})
    assert Comment.model_json_schema()["properties"]["text"]["type"] == "string"


def fastapi_app() -> Any:
    app = FastAPI()
    app.add_middleware(asgi.AbatisMiddleware, engine=Engine({"mode": "detect"}))

    @app.post("/verdict")
    def told(verdict: Annotated[Verdict, Depends(verdict)], v: Annotated[str, Body(embed=True)]) -> str:
        return f"{verdict.action} {len(v)}"

    @app.post("/guarded", dependencies=[Depends(Guard())])
    def guarded(v: Annotated[str, Body(embed=True)]) -> str:
        return v

    @app.post("/comment")
    def comment(comment: Comment) -> str:
        return comment.text

    @app.post("/form", dependencies=[Depends(Guard())])
    def form(v: Annotated[str, Form()]) -> str:
        return v

    return app


def post(app: Any, path: str, **given: Any) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            return await client.post(path, **given)

    return asyncio.run(asked())


def test_fastapi_dependencies() -> None:
    app = fastapi_app()
    assert post(app, "/verdict", json={"v": "tea"}).json() == "allow 3"
    assert post(app, "/verdict", json={"v": ATTACK}).json() == f"flag {len(ATTACK)}"
    assert post(app, "/guarded", json={"v": "tea"}).json() == "tea"
    answer = post(app, "/guarded", json={"v": ATTACK})
    assert answer.status_code == 403
    assert answer.json()["detail"]["pointer"] == "/v"
    answer = post(app, "/comment", json={"text": ATTACK})
    assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, "unsafe")
    with pytest.raises(RuntimeError, match="AbatisMiddleware"):
        post(app, "/form", data={"v": "tea"})


def test_fastapi_says_what_is_missing() -> None:
    app = FastAPI()

    @app.post("/")
    def told(verdict: Annotated[Verdict, Depends(verdict)]) -> str:
        return str(verdict.action)

    with pytest.raises(RuntimeError, match="there is no verdict: add"):
        post(app, "/")


def test_django_and_rest_framework_fields() -> None:
    from django import forms
    from django.db.migrations.writer import MigrationWriter
    from rest_framework import serializers

    from abatis.django import SafeValidator

    class CommentForm(forms.Form):
        text = forms.CharField(validators=[SafeValidator()])

    class CommentSerializer(serializers.Serializer[Any]):
        text = serializers.CharField(validators=[SafeValidator("json", policy={"sensitivity": "low"})])

    assert CommentForm({"text": "Conan O'Brien"}).is_valid()
    form = CommentForm({"text": ATTACK})
    assert not form.is_valid()
    assert form.errors["text"] == ["This looks like an attack (sqli)."]
    assert CommentSerializer(data={"text": "Conan O'Brien"}).is_valid()
    serializer = CommentSerializer(data={"text": ATTACK})
    assert not serializer.is_valid()
    assert serializer.errors["text"][0].code == "unsafe"
    written, imports = MigrationWriter.serialize(SafeValidator(place="query"))
    assert written == "abatis.django.SafeValidator(place='query')"
    assert imports == {"import abatis.django"}
    assert SafeValidator() == SafeValidator()
    assert SafeValidator() != SafeValidator("json")


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"boddy_limit": 3}, "unknown key boddy_limit; known keys: answer, body_limit"),
        ({"policy": {"mod": 1}}, "unknown key `mod`"),
        ({"policy": "strikt"}, "did you mean `strict`"),
        ({"policy": "strict", "engine": Engine.default()}, "not both"),
        ({"status": 20}, "from 400 to 599"),
    ],
)
def test_wrong_django_settings_are_told(settings: dict[str, Any], text: str) -> None:
    from django.core.exceptions import ImproperlyConfigured
    from django.test import override_settings

    from abatis.django import middleware

    with override_settings(ABATIS=settings), pytest.raises(ImproperlyConfigured, match=text):
        middleware(lambda _: None)


def engine_of_a_name() -> Engine:
    return Engine.default()


@pytest.mark.parametrize(
    "settings",
    [{"policy": "default"}, {"policy": {"mode": "block"}}, {"engine": "test_frameworks.engine_of_a_name"}, {}],
)
def test_django_settings_choose_the_engine(settings: dict[str, Any]) -> None:
    from django.http import HttpResponse
    from django.test import RequestFactory, override_settings

    from abatis.django import middleware

    with override_settings(ABATIS=settings):
        handle = middleware(lambda _: HttpResponse("ok"))
    requests = RequestFactory()
    assert handle(requests.get("/?q=tea")).status_code == 200
    answer = handle(requests.get(TARGET))
    assert (answer.status_code, json.loads(answer.content)["class"]) == (403, "sqli")


async def posted_to_aiohttp(forms: list[Any], **settings: Any) -> list[tuple[int, str]]:
    """Posts forms to a server; gives the answers."""
    runner = web.AppRunner(servers.aiohttp(**settings))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    seen = []
    async with ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as client:
        for form in forms:
            async with client.post("/form", data=form) as answer:
                seen.append((answer.status, await answer.text()))
    await runner.cleanup()
    return seen


def test_aiohttp_hands_out_forms_of_all_kinds() -> None:
    told: list[Inspected] = []
    multipart = FormData({"v": "tea"}, default_to_multipart=True)
    forms = [{"v": "tea"}, multipart, {"v": ATTACK}]
    seen = asyncio.run(posted_to_aiohttp(forms, report_only=True, on_verdict=told.append))
    assert seen == [(200, "tea"), (200, "tea"), (200, ATTACK)]
    assert [t.method for t in told] == ["POST"] * 3
    for refused in ({"v": ATTACK}, FormData({"v": ATTACK}, default_to_multipart=True)):
        ((status, text),) = asyncio.run(posted_to_aiohttp([refused]))
        assert (status, json.loads(text)["pointer"]) == (403, "/v")
    assert asyncio.run(posted_to_aiohttp([FormData({"v": "tea"}, default_to_multipart=True)])) == [(200, "tea")]

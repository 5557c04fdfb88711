"""Applications of real frameworks behind the middlewares, in real servers on loopback.

Each application answers `POST /echo` and `PUT /echo` with the length and digest of the body that it got, and any `GET` with `ok`; so
a test sees whether a request came through, and whole.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_settings")


def settings() -> dict[str, Any]:
    """The settings of the middlewares: for servers that are processes of their own, from the environment."""
    found: dict[str, Any] = {}
    if "ABATIS_TEST_REPORT_ONLY" in os.environ:
        found["report_only"] = True
    if limit := os.environ.get("ABATIS_TEST_BODY_LIMIT"):
        found["body_limit"] = int(limit)
    return found


def digest(body: bytes) -> str:
    return f"{len(body)} {hashlib.sha256(body).hexdigest()}"


def starlette(**extra: Any) -> Any:
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    from abatis.asgi import AbatisMiddleware

    async def echo(request: Any) -> PlainTextResponse:
        return PlainTextResponse(digest(await request.body()))

    async def ok(request: Any) -> PlainTextResponse:
        assert request.scope["abatis"].verdict is not None or extra.get("stream")
        return PlainTextResponse("ok")

    routes = [Route("/echo", echo, methods=["POST", "PUT"]), Route("/{rest:path}", ok)]
    return Starlette(routes=routes, middleware=[Middleware(AbatisMiddleware, **settings(), **extra)])


def starlette_stream() -> Any:
    return starlette(stream=True)


def fastapi() -> Any:
    from fastapi import FastAPI
    from fastapi.responses import PlainTextResponse

    from abatis.asgi import AbatisMiddleware

    app = FastAPI()
    app.add_middleware(AbatisMiddleware, **settings())

    @app.post("/echo", response_class=PlainTextResponse)
    @app.put("/echo", response_class=PlainTextResponse)
    async def echo(request: Request) -> str:
        return digest(await request.body())

    @app.get("/{rest:path}", response_class=PlainTextResponse)
    async def ok(rest: str) -> str:
        return "ok"

    return app


def litestar() -> Any:
    from litestar import Litestar, get, route
    from litestar.middleware import DefineMiddleware

    from abatis.asgi import AbatisMiddleware

    @route("/echo", http_method=["POST", "PUT"], media_type="text/plain", status_code=200)
    async def echo(request: Request[Any, Any, Any]) -> str:
        return digest(await request.body())

    @get(["/", "/{rest:path}"], media_type="text/plain")
    async def ok() -> str:
        return "ok"

    middleware = DefineMiddleware(AbatisMiddleware, **settings())
    return Litestar([echo, ok], middleware=[middleware])


def quart() -> Any:
    from quart import Quart, request

    from abatis.asgi import AbatisMiddleware

    app = Quart(__name__)
    app.asgi_app = AbatisMiddleware(app.asgi_app, **settings())

    @app.route("/echo", methods=["POST", "PUT"])
    async def echo() -> str:
        return digest(await request.get_data())

    @app.get("/")
    @app.get("/<path:rest>")
    async def ok(rest: str = "") -> str:
        return "ok"

    return app


def flask() -> Any:
    from flask import Flask, request

    from abatis.wsgi import AbatisMiddleware

    app = Flask(__name__)
    app.wsgi_app = AbatisMiddleware(app.wsgi_app, **settings())

    @app.route("/echo", methods=["POST", "PUT"])
    def echo() -> str:
        return digest(request.get_data())

    @app.get("/")
    @app.get("/<path:rest>")
    def ok(rest: str = "") -> str:
        return "ok"

    return app


def bottle() -> Any:
    from bottle import Bottle, request

    from abatis.wsgi import AbatisMiddleware

    app = Bottle()

    @app.route("/echo", method=["POST", "PUT"])
    def echo() -> str:
        return digest(request.body.read())

    @app.get("/")
    @app.get("/<rest:path>")
    def ok(rest: str = "") -> str:
        return "ok"

    return AbatisMiddleware(app, **settings())


def django_wsgi() -> Any:
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def django_asgi() -> Any:
    from django.core.asgi import get_asgi_application

    return get_asgi_application()


def aiohttp(**extra: Any) -> Any:
    from aiohttp import web

    from abatis.aiohttp import INSPECTED, middleware

    async def echo(request: web.Request) -> web.Response:
        return web.Response(text=digest(await request.read()))

    async def form(request: web.Request) -> web.Response:
        return web.Response(text=str((await request.post())["v"]))

    async def ok(request: web.Request) -> web.Response:
        assert request[INSPECTED].verdict is not None
        return web.Response(text="ok")

    app = web.Application(middlewares=[middleware(**settings(), **extra)], client_max_size=1 << 24)
    app.router.add_post("/echo", echo)
    app.router.add_put("/echo", echo)
    app.router.add_post("/form", form)
    app.router.add_get("/{rest:.*}", ok)
    return app


async def aiohttp_for_gunicorn() -> Any:
    return aiohttp()


#: Framework, and how its server is started: the command that serves `{app}` on `{port}`.
UVICORN = "uvicorn --factory {app} --port {port} --log-level warning"
GUNICORN = "gunicorn {app}() --bind 127.0.0.1:{port} --workers 1 --threads 4 --log-level warning"
SERVED = {
    "starlette": UVICORN,
    "starlette_stream": UVICORN,
    "fastapi": UVICORN,
    "litestar": UVICORN,
    "quart": UVICORN,
    "django_asgi": UVICORN + " --lifespan off",
    "flask": GUNICORN,
    "bottle": GUNICORN,
    "django_wsgi": GUNICORN,
    "aiohttp_for_gunicorn": GUNICORN.replace("()", "").replace("--threads 4", "-k aiohttp.GunicornWebWorker"),
}


@contextmanager
def serve(name: str, **environment: str) -> Iterator[str]:
    """Serve an application in a process of its own; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = SERVED[name].format(app=f"servers:{name}", port=port).split()
    folder = Path(__file__).parent
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)} | environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(process.stderr or []))
    reader.start()
    try:
        _wait(process, port, said)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
        reader.join(5)
        process.stderr.close()  # type: ignore[union-attr]


def _wait(process: subprocess.Popen[str], port: int, said: list[str]) -> None:
    end = time.monotonic() + 40
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server did not start:\n" + "".join(said))

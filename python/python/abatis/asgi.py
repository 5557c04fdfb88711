"""Middleware for ASGI applications: Starlette, FastAPI, Litestar, Quart, Django.

    app.add_middleware(AbatisMiddleware, engine=engine)  # Starlette, FastAPI
    app = AbatisMiddleware(app, engine=engine)  # any ASGI application

The way of a request:

- its head is inspected; refused: answered, the application is not called;
- its body is read, inspected chunk by chunk and held; refused as soon as that is known, else the application is called with all
  of it. With `stream=True` the application is called at once, and each chunk is inspected before it gets it;
- its end: the verdict is final. Handlers find an `Inspected` as `scope["abatis"]`.

Hazards:

- Put it outside of everything that acts on the request, and inside of what undoes content codings.
- With `stream=True`, act at the end of the body: what was handed out cannot be taken back. After a refusal, reading raises `Refused`;
  what the application answers then is replaced by the refusal, unless its answer has begun: then the connection breaks.
- A client that sends its body slowly holds its buffer until the server's time limit ends that.
- Of a WebSocket only the handshake is inspected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from abatis._inspection import Answer, Engines, Inspected, Inspection, Refused, Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Any, Any, Any], Awaitable[None]]

__all__ = ["AbatisMiddleware", "Answer", "Engines", "Inspected", "Refused", "Settings"]


class AbatisMiddleware:
    """Puts the inspection in front of an ASGI application.

    Args:
        app: The application inside.
        stream: Whether bodies are inspected while the application reads them, or a function that says so for a scope. For large
            uploads, and for streams in both directions, which a buffer would hold up for ever.
        settings: As `Settings` describes them: `engine`, `body_limit`, `status`, `report_only`, `on_verdict`, `answer`, `keep_values`.
    """

    def __init__(self, app: Application, *, stream: bool | Callable[[Scope], bool] = False, **settings: Any) -> None:
        self.app = app
        self._stream = stream
        self._settings = Settings(**settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Inspect a request and hand it on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        inspection = Inspection(self._settings, scope.get("method", "GET"), target(scope), scope["headers"])
        scope["abatis"] = inspection.inspected
        if scope["type"] == "websocket":
            await self._websocket(inspection, scope, receive, send)
        elif inspection.refused:
            await _refuse(inspection, send)
        elif self._stream(scope) if callable(self._stream) else self._stream:
            await self._streamed(inspection, scope, receive, send)
        else:
            await self._buffered(inspection, scope, receive, send)

    async def _websocket(self, inspection: Inspection, scope: Scope, receive: Receive, send: Send) -> None:
        inspection.finish()
        if inspection.refused:
            # Before it is accepted, closing means 403.
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await self.app(scope, receive, send)

    async def _buffered(self, inspection: Inspection, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self._settings.body_limit
        body, more = b"", True
        gathered: bytearray | None = None
        while more:
            message = await receive()
            if message["type"] != "http.request":
                inspection.drop()
                return
            chunk, more = message.get("body", b""), message.get("more_body", False)
            # One piece of memory: to keep the chunks would let a client that sends single bytes make each of them dear.
            if gathered is not None:
                gathered += chunk
            elif body:
                gathered = bytearray(body)
                gathered += chunk
            else:
                body = chunk
            inspection.body(chunk)
            if len(body if gathered is None else gathered) > limit:
                inspection.give_up()
                break
            if inspection.refused:
                break
        else:
            inspection.finish()
        if inspection.refused:
            await _refuse(inspection, send)
            return
        held: Message | None = {
            "type": "http.request",
            "body": bytes(gathered) if gathered else body,
            "more_body": more,
        }

        async def replay() -> Message:
            nonlocal held
            if held is None:
                return await receive()
            message, held = held, None
            return message

        await self.app(scope, replay, send)

    async def _streamed(self, inspection: Inspection, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def inspected() -> Message:
            if inspection.refused:
                return {"type": "http.disconnect"}
            message = await receive()
            if message["type"] == "http.request":
                inspection.body(message.get("body", b""))
                if not message.get("more_body", False):
                    inspection.finish()
                if inspection.refused:
                    raise Refused
            else:
                inspection.drop()
            return message

        async def guarded(message: Message) -> None:
            nonlocal begun
            if not inspection.refused:
                begun = True
                await send(message)

        try:
            await self.app(scope, inspected, guarded)
        except Exception:
            if begun or not inspection.refused:
                raise
        finally:
            inspection.drop()
        if inspection.refused:
            if begun:
                # The server ends the connection, so that nobody takes the answer for a whole one.
                raise Refused
            await _refuse(inspection, send)


async def _refuse(inspection: Inspection, send: Send) -> None:
    status, headers, body = inspection.answer()
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    lines.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


def target(scope: Scope) -> bytes:
    """Give the request target as sent, or the nearest to it that the server tells."""
    path = scope.get("raw_path") or quote(scope["path"], safe="/:@!$&'()*+,;=~").encode()
    query = scope["query_string"]
    return b"%b?%b" % (path, query) if query else bytes(path)

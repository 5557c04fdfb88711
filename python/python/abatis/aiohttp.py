"""Middleware for aiohttp servers.

    app = web.Application(middlewares=[middleware(engine=engine)])

The body is read, inspected and held before the handler is called; handlers find an `Inspected` as `request[INSPECTED]`.
"""

from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING, Any

from aiohttp import web

from abatis._inspection import Answer, Engines, Inspected, Inspection, Settings

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

__all__ = ["INSPECTED", "Answer", "Engines", "Inspected", "Settings", "middleware"]

INSPECTED: web.RequestKey[Inspected] = web.RequestKey("abatis", Inspected)
"""Where handlers find the outcome."""


def middleware(**settings: Any) -> Middleware:
    """Give a middleware that puts the inspection in front of the handlers.

    Args:
        settings: As `Settings` describes them: `engine`, `body_limit`, `status`, `report_only`, `on_verdict`, `answer`, `keep_values`.
    """
    configured = Settings(**settings)

    @web.middleware
    async def inspect(request: web.Request, handler: Handler) -> web.StreamResponse:
        target = request.raw_path.encode("utf-8", "surrogateescape")
        inspection = Inspection(configured, request.method, target, request.raw_headers)
        request[INSPECTED] = inspection.inspected
        if not inspection.refused:
            await _body(configured, inspection, request)
        if inspection.refused:
            status, headers, body = inspection.answer()
            return web.Response(status=status, headers=headers, body=body)
        return await handler(request)

    return inspect


async def _body(configured: Settings, inspection: Inspection, request: web.Request) -> None:
    """Inspect the body and put what was read in its place."""
    held = bytearray()
    try:
        async for chunk in request.content.iter_any():
            held += chunk
            inspection.body(chunk)
            if len(held) > configured.body_limit:
                inspection.give_up()
                break
            if inspection.refused:
                return
        else:
            inspection.finish()
    except (OSError, web.HTTPException, asyncio.CancelledError):
        inspection.drop()
        raise
    if held:
        with warnings.catch_warnings():
            # It is to go, but there is no other way to give back what was read: handlers ask for it in many forms.
            warnings.simplefilter("ignore", DeprecationWarning)
            request.content.unread_data(bytes(held))

"""FastAPI: dependencies. The middleware is that of `abatis.asgi`, and it is what sees every byte of every request.

    app.add_middleware(AbatisMiddleware, engine=engine)

    @app.post("/comments")
    def comment(text: str, verdict: Annotated[Verdict, Depends(verdict)]) -> str:
        return "held for review" if verdict.action >= Action.FLAG else "published"

For single routes without the middleware there is `Guard`:

    @app.post("/search", dependencies=[Depends(Guard(engine))])
"""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from abatis._abatis import Verdict
from abatis._inspection import Inspection, Settings
from abatis.asgi import target

__all__ = ["Guard", "verdict"]


def verdict(request: Request) -> Verdict:
    """Give the verdict that the middleware came to; a dependency."""
    inspected = request.scope.get("abatis")
    if inspected is None or inspected.verdict is None:
        message = "there is no verdict: add abatis.asgi.AbatisMiddleware to the application, without `stream` for this route"
        raise RuntimeError(message)
    found: Verdict = inspected.verdict
    return found


class Guard:
    """Refuses requests of single routes; a dependency that gives the verdict.

    The refusal is an `HTTPException` whose detail is the problem document. FastAPI has read and parsed the body by then: the middleware
    is the better place, unless only few routes are to be guarded. Routes that take forms need the middleware, since parsing a
    form leaves nothing to inspect.

    Args:
        engine: The engine, a handle, or a function that gives an engine; the built-in policy if left out.
        settings: As `abatis.asgi.Settings` describes them.
    """

    def __init__(self, engine: Any = None, **settings: Any) -> None:
        self._settings = Settings(engine=engine, **settings)

    async def __call__(self, request: Request) -> Verdict:
        """Inspect the request of a route."""
        inspection = Inspection(self._settings, request.method, target(request.scope), request.headers.raw)
        if not inspection.refused:
            try:
                inspection.body(await request.body())
            except ClientDisconnect:
                inspection.drop()
                raise
            except RuntimeError as error:
                inspection.drop()
                raise RuntimeError("the body was read as a form: use abatis.asgi.AbatisMiddleware for it") from error
            inspection.finish()
        inspected = inspection.inspected
        if inspected.refused is not None:
            raise HTTPException(inspected.refused, detail=inspected.document(), headers={"cache-control": "no-store"})
        # A request that is not refused is finished.
        assert inspected.verdict is not None
        return inspected.verdict

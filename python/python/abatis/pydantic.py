"""Pydantic: text that does not look like an attack.

    class Comment(BaseModel):
        text: SafeStr
        query: Annotated[str, Safe(place="query")]

What the engine would block is a validation error of type `unsafe`, with the class in its context, and so a 422 from FastAPI.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic_core import PydanticCustomError, core_schema

from abatis._abatis import Engine
from abatis._model import Action

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

    from abatis._model import Place

__all__ = ["Safe", "SafeStr"]


@dataclass(frozen=True)
class Safe:
    """Refuses values of `str` and `bytes` fields that look like an attack.

    Args:
        place: What the engine takes the value for.
        engine: Which engine; that of the built-in policy if left out.
    """

    place: Place = "json"
    engine: Engine | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Validate after the type has."""
        engine = Engine.default() if self.engine is None else self.engine
        place = self.place

        def check(value: Any) -> Any:
            verdict = engine.inspect_value(value, place)
            if verdict.action >= Action.BLOCK:
                raise PydanticCustomError("unsafe", "looks like an attack ({class})", {"class": verdict.class_})
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))


SafeStr: TypeAlias = Annotated[str, Safe()]
"""Text of a JSON document that does not look like an attack."""

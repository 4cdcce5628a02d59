"""JSON objects as Tencent spells them, and how a broken one is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal
from pydantic_core import ErrorDetails

from longtake.vendors.tencent.emulator.codes import (
    MISSING,
    OUT_OF_RANGE,
    REQUIRED_TO_CREATE,
    UNKNOWN_APP,
    Refusal,
)


class Wire(BaseModel):
    """Types are never coerced; null counts as absent (``parse``)."""

    model_config = ConfigDict(strict=True, frozen=True, alias_generator=to_pascal)


Text = Annotated[str, Field(min_length=1)]
# A Literal of numbers would take true for 1, and 1.0.
UpTo1 = Annotated[int, Field(ge=0, le=1)]
UpTo2 = Annotated[int, Field(ge=0, le=2)]
UpTo3 = Annotated[int, Field(ge=0, le=3)]
UpTo4 = Annotated[int, Field(ge=0, le=4)]

Model = TypeVar("Model", bound=Wire)


def parse(model: type[Model], document: Mapping[str, Any], *, strict: bool) -> Model:
    """``document`` as ``model``; only a strict emulator refuses unknown keys.

    Raises:
        Refusal: with the code of the first field at fault, and its name.
    """
    try:
        return model.model_validate(
            _without_nulls(document), extra="forbid" if strict else "ignore"
        )
    except ValidationError as err:
        raise _refusal(err.errors(include_url=False, include_input=False)[0]) from err


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return {name: _without_nulls(item) for name, item in fields.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in cast("list[Any]", value)]
    return value


def _refusal(problem: ErrorDetails) -> Refusal:
    path = ".".join(str(step) for step in problem["loc"]) or "the body"
    message = f"{path}: {problem['msg']}"
    field = next((step for step in reversed(problem["loc"]) if isinstance(step, str)), "")
    match problem["type"]:
        case "missing" | "string_too_short":
            own = field in REQUIRED_TO_CREATE
            return Refusal(f"{MISSING}.{field}" if own else MISSING, message)
        case "extra_forbidden":
            return Refusal("UnknownParameter", message)
        case kind if field == "SdkAppId":
            return Refusal(UNKNOWN_APP, message)
        case kind if kind.endswith("_type"):
            return Refusal("InvalidParameter", message)
        case _:
            return Refusal(OUT_OF_RANGE, message)

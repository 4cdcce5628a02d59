"""JSON objects as Huawei spells them, and how a broken one is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from longtake.vendors.huawei.emulator.codes import (
    COMBINATION,
    INVALID,
    MISSING,
    NO_SUCH_LAYOUT,
    Refusal,
)

_NUMERIC = frozenset({"room_id", "user_id", "record_rule_id"})
_NO_FILE_NAME = re.compile(r"[/\\\x00-\x1f\x7f\ud800-\udfff]")


class Wire(BaseModel):
    """Types are never coerced; null counts as absent (``parse``)."""

    model_config = ConfigDict(strict=True, frozen=True)


def _nameable(text: str) -> str:
    """Ids become parts of object names."""
    if _NO_FILE_NAME.search(text):
        raise PydanticCustomError("id", "an id has no slash and no control character")
    return text


Text = Annotated[str, Field(min_length=1)]
Id = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_nameable)]
IdleSeconds = Annotated[int, Field(ge=5, le=43_200)]

Model = TypeVar("Model", bound=Wire)


def lacking(field: str) -> PydanticCustomError:
    """For validators: a field that is needed where another has a certain value."""
    return PydanticCustomError("missing", "{field} is needed", {"field": field})


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


def with_text_ids(value: Any) -> Any:
    """``value`` with the ids in it that came as numbers as texts."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {
            name: str(item) if name in _NUMERIC and type(item) is int else with_text_ids(item)
            for name, item in fields.items()
        }
    if isinstance(value, list):
        return [with_text_ids(item) for item in cast("list[Any]", value)]
    return value


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
    field = problem["loc"][-1] if problem["loc"] else ""
    match problem["type"]:
        case "missing" | "string_too_short":
            return Refusal(MISSING, message)
        case "value_error":
            return Refusal(COMBINATION, message)
        case "literal_error" if field == "layout_template":
            return Refusal(NO_SUCH_LAYOUT, message)
        case _:
            return Refusal(INVALID, message)

"""Parameters in the query, JSON objects in them, and how broken ones are refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal
from pydantic_core import ErrorDetails

from longtake.vendors.alibaba.emulator.codes import MISSING, UNKNOWN_PARAMETER, Refusal


class Wire(BaseModel):
    """Types are never coerced; null counts as absent (``parse``)."""

    model_config = ConfigDict(strict=True, frozen=True, alias_generator=to_pascal)


Text = Annotated[str, Field(min_length=1)]
Url = Annotated[str, Field(max_length=2048)]
# A Literal of numbers would take true for 1, and 1.0.
UpTo1 = Annotated[int, Field(ge=0, le=1)]
UpTo2 = Annotated[int, Field(ge=0, le=2)]

Model = TypeVar("Model", bound=Wire)

CodeOf = Callable[[tuple[str, ...]], str]
"""The code for a fault below an object: told by the names that lead to it."""


class Parameters:
    """The query of one call. An empty value counts as absent."""

    def __init__(self, query: Mapping[str, str], *, strict: bool) -> None:
        self._query, self._strict = query, strict

    def get(self, name: str) -> str | None:
        return self._query.get(name) or None

    def need(self, *names: str) -> None:
        """
        Raises:
            Refusal: one of them is absent.
        """
        for name in names:
            if self.get(name) is None:
                raise Refusal(MISSING, f"{name} is needed")

    def text(self, name: str) -> str:
        """A parameter that must be there."""
        self.need(name)
        return self._query[name]

    def number(self, name: str, lowest: int, largest: int, *, code: str) -> int | None:
        value = self.get(name)
        if value is None:
            return None
        if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= largest:
            raise Refusal(code, f"{name}: a whole number of {lowest} to {largest}")
        return int(value)

    def listed(self, name: str) -> list[str]:
        """``name.1``, ``name.2`` and so on."""
        found = {
            int(number): value
            for key, value in self._query.items()
            if (number := key.removeprefix(f"{name}.")) != key
            and re.fullmatch("[0-9]{1,4}", number)
        }
        return [found[number] for number in sorted(found)]

    def json(self, name: str, *, code: str) -> dict[str, Any] | None:
        """The object in a parameter, as it came."""
        text = self.get(name)
        if text is None:
            return None
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as err:
            raise Refusal(code, f"{name} is not JSON") from err
        if not isinstance(document, dict):
            raise Refusal(code, f"{name} is not a JSON object")
        return cast("dict[str, Any]", document)

    def needed(self, model: type[Model], name: str, code_of: CodeOf) -> Model:
        """As ``parse``, of a parameter that must be there."""
        self.need(name)
        parsed = self.parse(model, name, code_of)
        assert parsed is not None  # noqa: S101 - it was there
        return parsed

    def parse(self, model: type[Model], name: str, code_of: CodeOf) -> Model | None:
        """The object in a parameter as ``model``; only a strict emulator refuses unknown keys.

        Raises:
            Refusal: with the code and the path of the first field at fault.
        """
        document = self.json(name, code=code_of(()))
        if document is None:
            return None
        extra = "forbid" if self._strict else "ignore"
        try:
            return model.model_validate(_without_nulls(document), extra=extra)
        except ValidationError as err:
            problem = err.errors(include_url=False, include_input=False)[0]
            raise _refusal(name, problem, code_of) from err

    def check_names(self, known: frozenset[str]) -> None:
        """
        Raises:
            Refusal: a strict emulator was told a parameter that the operation does not have.
        """
        if self._strict and {re.sub(r"\.[0-9]+$", "", name) for name in self._query} - known:
            raise Refusal(UNKNOWN_PARAMETER, "A parameter is not one of this operation")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return {name: _without_nulls(item) for name, item in fields.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in cast("list[Any]", value)]
    return value


def _refusal(root: str, problem: ErrorDetails, code_of: CodeOf) -> Refusal:
    path = ".".join([root, *(str(step) for step in problem["loc"])])
    names = tuple(step for step in problem["loc"] if isinstance(step, str))
    return Refusal(code_of(names), f"{path}: {problem['msg']}")

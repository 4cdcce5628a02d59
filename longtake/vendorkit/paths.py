"""Where the caller wrote what the wire calls by another name."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from longtake.domain.errors import InvalidRequest


@dataclass(frozen=True)
class AskedPaths:
    """Names a rule that a wire model finds broken by the path that the caller wrote."""

    asked_as: Mapping[str, str]
    """From the wire's path to the request's; the longest match counts."""
    unnamed: frozenset[str] = frozenset()
    """Steps of the wire's paths that the table leaves out."""

    @contextmanager
    def __call__(self, *root: str) -> Generator[None]:
        """`root`: where the model built inside stands in the whole request."""
        try:
            yield
        except ValidationError as error:
            problems = (self._problem(root, entry) for entry in error.errors())
            raise InvalidRequest("; ".join(problems)) from None

    def _problem(self, root: tuple[str, ...], entry: Mapping[str, Any]) -> str:
        steps = [step for step in (*root, *entry["loc"]) if isinstance(step, str)]
        steps = [step for step in steps if step not in self.unnamed]
        text = str(entry["msg"]).removeprefix("Value error, ")
        for length in range(len(steps), 0, -1):
            if asked := self.asked_as.get(".".join(steps[:length])):
                return f"{asked}: {text}"
        return f"request: {text}"

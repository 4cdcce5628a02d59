"""The two kinds of model: what a caller writes, and what we wrote ourselves."""

from __future__ import annotations

from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializerFunctionWrapHandler,
    model_serializer,
)

KIND = "kind"
"""The field that tells one of several models from the others."""


class Asked(BaseModel):
    """Input of a caller: an unknown field is an error, because a typo must not pass in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_serializer(mode="wrap")
    def _as_given(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Only what was given, and the kind: a request goes with every call into the history."""
        given = self.model_fields_set
        return {name: value for name, value in whole(self).items() if name in given or name == KIND}


class Kept(BaseModel):
    """Our own record, stored in histories: an older worker ignores what a newer one added."""

    model_config = ConfigDict(extra="ignore", validate_assignment=False)

"""The two kinds of model: what a caller writes, and what we wrote ourselves."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Asked(BaseModel):
    """Input of a caller: an unknown field is an error, because a typo must not pass in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Kept(BaseModel):
    """Our own record, stored in histories: an older worker ignores what a newer one added."""

    model_config = ConfigDict(extra="ignore", validate_assignment=False)

"""What a vendor cannot do is refused by its traits, with the field's path."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from longtake.domain.errors import InvalidRequest
from longtake.domain.recording import Scene, Subscriptions
from longtake.domain.traits import RecorderIds, Traits

SECOND = timedelta(seconds=1)
TRAITS = Traits(
    vendor="acme",
    recorder_ids=RecorderIds(style="text"),
    confirm_first=SECOND,
    confirm_every=SECOND,
    confirm_within=SECOND,
    missing_grace=SECOND,
    poll_every=SECOND,
    files_within=SECOND,
    max_listed_users=2,
    must_list_users=True,
)


def scene(**filters: Any) -> Scene:
    return Scene(subscriptions=Subscriptions.model_validate(filters))


@pytest.mark.parametrize("filters", [{}, {"audio": {"deny": ["eve"]}}])
def test_users_must_be_named_where_the_vendor_records_no_others(filters: dict[str, Any]) -> None:
    with pytest.raises(
        InvalidRequest, match="subscriptions: acme records only users who are named"
    ):
        TRAITS.check(scene(**filters))


def test_one_list_of_those_allowed_is_enough() -> None:
    TRAITS.check(scene(video={"allow": ["ada"]}))
    TRAITS.check(scene(audio={"deny": ["eve"]}, video={"allow": ["ada"]}))


def test_a_list_too_long_is_refused_by_its_path() -> None:
    with pytest.raises(InvalidRequest, match=r"subscriptions\.video: acme takes at most 2"):
        TRAITS.check(scene(video={"allow": ["a", "b", "c"]}))

"""What other programs know of us does not change by accident."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from longtake.contracts.ids import session_key, workflow_id


def test_a_rooms_workflow_id_can_be_written_by_hand() -> None:
    assert workflow_id("demo", "standup") == "recording:demo:standup"
    assert workflow_id("demo", "standup", "archive") == "recording:demo:standup:archive"


def test_what_the_http_api_cannot_reach_is_encoded() -> None:
    assert workflow_id("demo", "a/b c:d%ü") == "recording:demo:a%2Fb%20c%3Ad%25%C3%BC"


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_different_rooms_have_different_locks(a: str, b: str, c: str, d: str) -> None:
    assert (workflow_id(a, b) == workflow_id(c, d)) == ((a, b) == (c, d))
    assert workflow_id(a, b, c) != workflow_id(a, b)


def test_a_rooms_next_session_has_a_key_of_its_own() -> None:
    assert session_key("recording:a:b", "run-1") != session_key("recording:a:b", "run-2")
    assert session_key("recording:a:b", "run-1").isalnum()

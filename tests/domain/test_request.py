"""A request that breaks a rule is refused, and the message names the field."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from longtake.domain.errors import invalid_request
from longtake.domain.layout import GridLayout
from longtake.domain.recording import RecordingRequest, Subscriptions

PLAIN: dict[str, Any] = {
    "vendor": "agora",
    "account": "demo",
    "room": "standup",
    "output": {"storage": "bucket"},
}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def refused(**given: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        RecordingRequest.model_validate(copy.deepcopy(PLAIN) | given)
    return str(invalid_request(caught.value))


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"vendor": "Agora"}, "vendor:"),
        ({"account": "a/b"}, "account:"),
        ({"room": ""}, "room:"),
        ({"room": "a\nb"}, "room: must not hold control characters"),
        ({"mode": "stereo"}, "mode:"),
        ({"output": {}}, "output.storage:"),
        ({"output": {"storage": "s", "path_prefix": "/a"}}, "output.path_prefix:"),
        ({"output": {"storage": "s", "formats": []}}, "output.formats:"),
        ({"output": {"storage": "s", "colour": 1}}, "output.colour: unknown field"),
        ({"colour": "red"}, "colour: unknown field"),
        ({"max_duration": "PT0S"}, "max_duration:"),
        ({"max_duration": "P31D"}, "max_duration:"),
        ({"start_at": "2026-03-01T12:00:00"}, "start_at:"),
        ({"start_at": "9999-12-31T00:00:00Z"}, "start_at:"),
        ({"canvas": {"width": 0}}, "canvas.width:"),
        ({"subscriptions": {"audio": {}}}, "subscriptions.audio: give either allow or deny"),
        ({"subscriptions": {"video": {"allow": []}}}, "subscriptions.video.allow:"),
        ({"layout": {"kind": "spiral"}}, "layout:"),
        ({"layout": {"kind": "custom", "panes": []}}, "layout.panes:"),
        (
            {
                "layout": {
                    "kind": "custom",
                    "panes": [{"x": 0.5, "y": 0, "width": 0.6, "height": 1}],
                }
            },
            "layout.panes.0: x + width must be at most 1",
        ),
        ({"layout": {"kind": "grid", "background_color": "red"}}, "layout.background_color:"),
        ({"mode": "individual", "layout": {"kind": "grid"}}, "layout belongs to mode 'mixed'"),
        ({"mode": "individual", "canvas": {}}, "canvas belongs to"),
        ({"media": "audio", "canvas": {}}, "need a media with video"),
    ],
)
def test_a_broken_rule_is_named_with_its_path(given: dict[str, Any], path: str) -> None:
    assert path in refused(**given)


def test_every_broken_rule_is_named_at_once() -> None:
    text = refused(room="", mode="stereo")
    assert "room:" in text
    assert "mode:" in text


def test_a_long_value_is_not_repeated_in_the_message() -> None:
    assert "s3cr3t" not in refused(mode="s3cr3t" * 20)


def test_durations_are_iso_8601_or_seconds() -> None:
    iso = RecordingRequest.model_validate(PLAIN | {"max_duration": "PT45M"})
    seconds = RecordingRequest.model_validate(PLAIN | {"max_duration": 2700})
    assert iso.max_duration == seconds.max_duration == timedelta(minutes=45)
    assert '"max_duration":"PT45M"' in iso.model_dump_json()


def test_the_session_ends_at_the_earlier_of_both_bounds() -> None:
    request = RecordingRequest.model_validate(
        PLAIN | {"max_duration": "PT1H", "stop_at": NOON + timedelta(minutes=30)}
    )
    assert request.deadline(NOON) == NOON + timedelta(minutes=30)
    assert request.deadline(NOON - timedelta(hours=2)) == NOON - timedelta(hours=1)


def test_max_duration_counts_from_the_scheduled_start() -> None:
    request = RecordingRequest.model_validate(
        PLAIN | {"max_duration": "PT1H", "start_at": NOON + timedelta(hours=5)}
    )
    assert request.deadline(NOON) == NOON + timedelta(hours=6)


def test_a_request_is_written_as_it_was_asked() -> None:
    written = RecordingRequest.model_validate(PLAIN | {"labels": {"tenant": "a"}}).model_dump()
    assert list(written) == ["vendor", "account", "room", "output", "labels"]


@pytest.mark.parametrize("given", [{}, {"mode": "individual", "media": "audio"}, {"max_idle": 60}])
def test_a_request_that_was_written_is_the_same_when_read(given: dict[str, Any]) -> None:
    request = RecordingRequest.model_validate(PLAIN | given)
    assert RecordingRequest.model_validate_json(request.model_dump_json()) == request


def test_what_is_not_asked_for_is_what_it_was_when_open_sessions_were_submitted() -> None:
    """A session that is open, or a recording that is scheduled, holds only what was asked."""
    request = dict(RecordingRequest.model_validate(PLAIN))
    assert {name: value for name, value in request.items() if name not in PLAIN} == {
        "purpose": None,
        "mode": "mixed",
        "media": "audio_video",
        "subscriptions": Subscriptions(),
        "layout": None,
        "canvas": None,
        "start_at": None,
        "stop_at": None,
        "max_duration": timedelta(hours=24),
        "max_idle": timedelta(minutes=5),
        "on_abnormal_end": "restart",
        "labels": {},
        "vendor_options": {},
    }


def test_a_mixed_video_recording_begins_as_a_grid() -> None:
    assert RecordingRequest.model_validate(PLAIN).first_scene().layout == GridLayout()
    sound = RecordingRequest.model_validate(PLAIN | {"media": "audio"})
    assert sound.first_scene().layout is None

"""What each vendor hears, and how soon."""

from __future__ import annotations

import pytest

from longtake.domain.traits import RecorderIds
from longtake.vendors.alibaba.adapter import TOKEN_PREFIX
from tests.callbacks.vendors import VOICES, Voice, parser_of


@pytest.mark.parametrize(("slug", "voice"), VOICES.items(), ids=VOICES)
def test_receipt_and_patience_are_the_reference_s(slug: str, voice: Voice) -> None:
    parser = parser_of(slug)
    assert parser.receipt == voice.receipt
    assert parser.answer_within.total_seconds() == voice.answer_within


def test_the_token_that_an_attempt_tells_is_one_that_its_callbacks_may_bring() -> None:
    token = RecorderIds(style="text", prefix=TOKEN_PREFIX).identity("session", 3)
    body = b'{"taskId": "t", "channelId": "r", "eventType": "TaskCreated"}'
    event = parser_of("alibaba").parse(body, token)
    assert event is not None
    assert event.recorder == token

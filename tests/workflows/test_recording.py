"""One session from its start to its end, and what its caller may ask of it meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from longtake.contracts import names
from longtake.contracts.payloads import Applied
from longtake.domain.files import Outcome
from longtake.domain.session import EndReason, State
from tests.house import House, house

SPEAKER = {"layout": {"kind": "speaker", "main": "1001"}}
FLOATING = {"layout": {"kind": "floating"}}


async def test_a_lost_file_makes_the_session_partial_and_is_named(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path, media=True, timings={"slice": 1.0}) as home:
        await home.room("standup", "1001")
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
        await home.until(handle, lambda status: "data flows" in status.evidence)
        lost = await home.eventually(lambda: _first_slice(tmp_path))
        lost.unlink()
        await handle.signal("stop")
        await home.until(handle, lambda status: status.state is State.COLLECTING)
        await skipping.fast_forward(handle, timedelta(hours=1))
        manifest = (await handle.result()).manifest
        assert manifest.outcome is Outcome.PARTIAL
        assert [Path(key).name for key in manifest.missing] == [lost.name]
        [gap] = [gap for gap in manifest.gaps if gap.key]
        assert (gap.cause, Path(gap.key).name) == ("missing", lost.name)
        assert 0 < gap.seconds == manifest.gap_seconds < 2


@pytest.mark.parametrize("order", [None, {"discard": True, "reason": "not theirs to record"}])
async def test_files_that_are_stored_when_the_vendor_answers_a_stop_are_checked_with_it(
    client: Client, tmp_path: Path, order: dict[str, object] | None
) -> None:
    async with house(client, tmp_path, media=True, timings={"slice": 1.0}) as home:
        await home.room("standup", "1001")
        await home.fault("stop", "slow", seconds=2.0, when="before", times=1)
        handle = await home.start("standup")
        await home.until(handle, lambda status: "data flows" in status.evidence)
        await handle.signal("stop")
        await home.until(handle, lambda status: status.state is State.STOPPING)
        if order:  # what was looked for is not what is asked for in the end
            await handle.signal("stop", order)
        result = await handle.result()
        assert result.segments[0].uploading == "uploaded"
        assert order or result.manifest.outcome is Outcome.COMPLETE
        history = await handle.fetch_history()
        begun = [event.activity_task_scheduled_event_attributes for event in history.events]
        checks = [one for one in begun if one.activity_type.name == names.CHECK_FILES]
        assert len(checks) == bool(order)


async def test_a_slice_that_was_cut_in_half_makes_the_session_partial(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path, media=True, timings={"slice": 2.0}) as home:
        await home.room("standup", "1001")
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
        await home.until(handle, lambda status: "data flows" in status.evidence)

        async def whole_slice() -> Path | None:
            """The second: the first may be a short one."""
            found = sorted((tmp_path / "data").rglob("*.ts"))
            return found[1] if len(found) > 1 else None

        cut = await home.eventually(whole_slice)
        content = cut.read_bytes()
        cut.write_bytes(content[: len(content) // 376 * 188])
        await handle.signal("stop")
        await home.until(handle, lambda status: status.state is State.COLLECTING)
        await skipping.fast_forward(handle, timedelta(hours=1))
        manifest = (await handle.result()).manifest
        assert manifest.outcome is Outcome.PARTIAL
        [gap] = [gap for gap in manifest.gaps if gap.key]
        assert (gap.cause, Path(gap.key).name) == ("damaged", cut.name)
        assert 0.5 < gap.seconds < 2


async def _first_slice(folder: Path) -> Path | None:
    return next((folder / "data").rglob("*.ts"), None)


async def test_files_that_cannot_be_read_are_reported_as_unverified(home: House) -> None:
    handle = await home.start("standup")
    await home.recording(handle)
    await handle.signal("stop")
    assert (await handle.result()).manifest.outcome is Outcome.UNVERIFIED


async def test_an_update_asked_for_before_the_start_is_in_force_from_the_start(
    home: House,
) -> None:
    await home.fault("acquire", "status", status=500, times=1)
    handle = await home.start("standup")
    applied = await handle.execute_update("set_layout", SPEAKER, result_type=Applied)
    assert applied.revision == 2
    [task] = await home.tasks("standup")
    assert task["layout_revisions"][-1]["layout"]["maxResolutionUid"] == "1001"


@pytest.mark.parametrize(
    ("update", "payload", "complaint"),
    [
        ("set_layout", {"layout": {"kind": "speaker", "main": "ada"}}, "layout: a user of agora"),
        (
            "set_layout",
            {
                "layout": {
                    "kind": "custom",
                    "panes": [{"x": 0, "y": 0, "width": 1, "height": 1}] * 18,
                }
            },
            "layout.panes: agora shows at most 17",
        ),
        ("set_layout", {"layout": {"kind": "spiral"}}, "layout: Input tag 'spiral'"),
        ("set_layout", {"layout": {"kind": "grid"}, "color": 1}, "color: unknown field (got 1)"),
        ("set_layout", None, "layout: Field required"),
        (
            "set_subscriptions",
            {"subscriptions": {"audio": {"allow": [str(n) for n in range(1, 34)]}}},
            "subscriptions.audio: agora takes at most 32",
        ),
    ],
)
async def test_a_bad_update_is_rejected_with_its_rule_and_leaves_no_trace(
    home: House, update: str, payload: object, complaint: str
) -> None:
    handle = await home.start("standup")
    await home.recording(handle)
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await handle.execute_update(update, payload, result_type=Applied)
    assert isinstance(caught.value.cause, ApplicationError)
    assert complaint in caught.value.cause.message
    history = await handle.fetch_history()
    assert not any("UPDATE" in EventType.Name(event.event_type) for event in history.events)


async def test_a_bad_signal_is_noted_and_ignored(home: House) -> None:
    handle = await home.start("standup")
    await home.recording(handle)
    await handle.signal("change_layout", {"layout": {"kind": "spiral"}})
    await handle.signal("change_layout", args=[SPEAKER, FLOATING])
    await handle.signal("change_layout", {**SPEAKER, "color": "red"})
    await handle.signal("extend", {"by": "PT5M", "until": "2030-01-01T00:00:00Z"})
    await handle.signal("extend", {"until": "2199-01-01T00:00:00Z"})
    await handle.signal("explode", {})
    await handle.signal("vendor_event", "nonsense")
    status = await home.until(handle, lambda status: "vendor_event" in status.warning)
    timeline = await home.timeline(handle)
    assert "signal change_layout ignored: layout:" in timeline
    assert "signal change_layout ignored: takes one object, 2 were sent" in timeline
    assert "signal change_layout ignored: color: unknown field" in timeline
    assert "signal extend ignored: request: give either by or until" in timeline
    assert "signal extend ignored: until: a session lasts at most 60 days" in timeline
    assert "signal explode ignored: no such signal" in timeline
    assert (status.state, status.revision) == (State.RECORDING, 1)


async def test_a_web_recording_is_held_by_the_vendor(home: House) -> None:
    handle = await home.start(
        "page",
        mode="web",
        canvas={"width": 1280, "height": 720},
        vendor_options={"web": {"url": "https://example.org/stage"}},
    )
    await home.recording(handle)
    await handle.signal("pause")
    await home.until(handle, lambda status: status.state is State.PAUSED)
    await handle.signal("resume")
    await home.recording(handle)
    await handle.signal("stop")
    assert len((await handle.result()).segments) == 1


async def test_a_session_ends_by_itself_at_its_bound_and_the_bound_can_be_moved(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path) as home:
        await home.room("standup", "1001")
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup", max_duration="PT10M")
        await handle.signal("extend", {"by": "PT20M"})
        await skipping.fast_forward(handle, timedelta(minutes=31))
        result = await handle.result()
        assert result.end_reason is EndReason.MAX_DURATION
        assert "extended to" in await home.timeline(handle)
        ran = result.segments[0].ended_at - result.segments[0].accepted_at  # type: ignore[operator]
        assert ran > timedelta(minutes=29)
        [task] = await home.tasks("standup")
        assert task["ended_at"]


async def test_a_scheduled_session_touches_the_vendor_only_when_due(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path) as home:
        due = datetime.now(UTC) + timedelta(hours=3)
        with skipping.with_time_skipping_disabled():
            handle = await home.start(
                "later", start_at=due.isoformat(), stop_at=(due + timedelta(minutes=5)).isoformat()
            )
        assert (await home.status(handle)).state is State.SCHEDULED
        assert (await home.ledger())["calls"] == []
        await skipping.fast_forward(handle, timedelta(hours=4))
        result = await handle.result()
        assert result.end_reason is EndReason.STOP_AT
        assert result.lateness is not None
        assert timedelta(0) <= result.lateness < timedelta(seconds=30)


async def test_a_session_stopped_before_it_is_due_sends_nothing(home: House) -> None:
    handle = await home.start(
        "later", start_at=(datetime.now(UTC) + timedelta(hours=3)).isoformat()
    )
    await handle.signal("stop")
    result = await handle.result()
    assert (result.end_reason, result.segments) == (EndReason.STOPPED, [])
    assert (await home.ledger())["calls"] == []


@pytest.mark.parametrize(
    ("orders", "complaint"),
    [
        ([], "vendor: Field required"),
        (["standup"], "request: Input should be a valid dictionary"),
        ([{"room": "x"}, {}], "takes one object, 2 were sent"),
        (
            [{"vendor": "agora", "account": "a", "room": "x", "output": {}, "colour": 1}],
            "output.storage: Field required; colour: unknown field (got 1)",
        ),
    ],
)
async def test_a_malformed_request_fails_the_workflow_in_our_own_words(
    home: House, orders: list[object], complaint: str
) -> None:
    handle = await home.client.start_workflow(
        "Recording",
        args=orders,
        id=f"recording:{home.account}:malformed",
        task_queue=home.task_queue,
    )
    await handle.signal("stop")
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    assert isinstance(caught.value.cause, ApplicationError)
    assert caught.value.cause.type == "InvalidRequest"
    assert complaint in caught.value.cause.message
    assert (await home.ledger())["calls"] == []


async def test_hostile_names_do_no_harm(home: House) -> None:
    handle = await home.start("a b!?", labels={"tenant": "ü" * 60, "'; --": "%2F" * 85})
    await home.recording(handle)
    await handle.signal("stop")
    await handle.result()


async def test_a_rooms_live_session_is_its_lock(home: House) -> None:
    await home.start("standup")
    with pytest.raises(Exception, match="already started"):
        await home.start("standup")

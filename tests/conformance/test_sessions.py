"""One session from its start to its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from longtake.contracts.payloads import Applied
from longtake.domain.files import Manifest, ManifestDocument, Outcome
from longtake.domain.session import EndReason, State
from longtake.vendors import emulator
from tests.conformance.conftest import Build
from tests.conformance.vendors import CONDUCT, Conduct
from tests.house import House

SPEAKER = {"layout": {"kind": "speaker", "main": "1001"}}
OTHER_SPEAKER = {"layout": {"kind": "speaker", "main": "1002"}}


async def test_a_room_is_recorded_until_it_is_stopped(home: House) -> None:
    await home.room("standup", "1001", "1002")
    handle = await home.start("standup")
    status = await home.recording(handle)
    assert status.applied_revision == 1
    await handle.signal("stop", {"reason": "meeting over"})
    result = await handle.result()
    assert result.end_reason is EndReason.STOPPED
    assert result.end_detail == "meeting over"
    [task] = await home.tasks("standup")
    assert task["ended_at"]
    assert [segment.task_id for segment in result.segments] == [task["task_id"]]
    assert result.segments[0].recorder == task["recorder"]
    assert (await home.status(handle)).state is State.FINISHED


async def test_an_accepted_start_counts_as_recording_once_the_vendor_says_so(
    home: House, conduct: Conduct
) -> None:
    handle = await home.start("standup")
    status = await home.recording(handle)
    assert status.segments[0].up_at is not None
    assert await home.calls(conduct.calls["query"])
    assert "waiting for media" in status.evidence


@pytest.mark.parametrize("mode", ["mixed", "individual"])
async def test_a_session_ends_with_a_checked_list_of_playable_files(
    client: Client, build: Build, tmp_path: Path, conduct: Conduct, mode: str
) -> None:
    async with build(client, media=True, timings={"slice": 2.0}) as home:
        await home.room("standup", "1001", "1002")
        formats = ["hls", "mp4"] if mode == "mixed" else ["hls"]
        handle = await home.start(
            "standup", mode=mode, output={"storage": "bucket", "formats": formats}
        )
        if mode == "mixed":
            await home.until(handle, lambda status: "data flows" in status.evidence)
        await home.eventually(lambda: home.files("standup"))
        await handle.signal("stop")
        manifest = (await handle.result()).manifest
        assert manifest.outcome is Outcome.COMPLETE, manifest.reasons
        kinds = {"playlist", "segment", *(["mp4"] if mode == "mixed" else [])}
        assert {file.kind for file in manifest.files} >= kinds
        users = {""} if mode == "mixed" else {*("1001", "1002")[: conduct.individual_users]}
        assert {file.user for file in manifest.files} == users
        for file in manifest.files:
            assert (tmp_path / "data" / "takes" / file.key).stat().st_size == file.size
            assert file.kind == "mp4" or file.begins_at is not None
        assert manifest.seconds > 1
        assert await handle.query("files", result_type=Manifest) == manifest
        written = (tmp_path / "data" / "takes" / manifest.document).read_text()
        assert ManifestDocument.model_validate_json(written).files == manifest.files


async def test_an_empty_room_ends_empty_not_failed(client: Client, build: Build) -> None:
    async with build(client, media=True) as home:
        handle = await home.start("standup")
        await home.recording(handle)
        await handle.signal("stop")
        result = await handle.result()
        assert result.end_reason is EndReason.STOPPED
        assert result.manifest.outcome is Outcome.EMPTY


async def test_the_picture_is_the_last_layout_asked_for(home: House, conduct: Conduct) -> None:
    await home.room("standup", "1001", "1002")
    handle = await home.start("standup")
    await home.recording(handle)
    applied = await handle.execute_update("set_layout", SPEAKER, result_type=Applied)
    assert applied.revision == 2
    await handle.signal("change_layout", OTHER_SPEAKER)
    await home.until(handle, lambda status: status.applied_revision == 3)
    [task] = await home.tasks("standup")
    told = [revision["layout"] for revision in task["layout_revisions"]]
    assert [conduct.large_user(layout) for layout in told[1:]] == ["1001", "1002"]


@pytest.mark.parametrize("vendor", [v for v in CONDUCT if "subscriptions" in CONDUCT[v].calls])
async def test_a_change_of_subscriptions_leaves_the_layout_as_it_is(
    client: Client, build: Build, conduct: Conduct
) -> None:
    async with build(client) as home:
        await home.room("standup", "1001", "1002")
        handle = await home.start("standup", layout=SPEAKER["layout"])
        await home.recording(handle)
        await handle.execute_update(
            "set_subscriptions",
            {"subscriptions": {"audio": {"allow": ["1001"]}}},
            result_type=Applied,
        )
        [call] = await home.calls(conduct.calls["subscriptions"])
        assert call["status"] == 200
        [task] = await home.tasks("standup")
        assert conduct.large_user(task["layout_revisions"][-1]["layout"]) == "1001"


@pytest.mark.parametrize("vendor", [v for v in CONDUCT if "subscriptions" not in CONDUCT[v].calls])
async def test_subscriptions_that_cannot_be_chosen_are_refused_with_the_alternative(
    home: House,
) -> None:
    handle = await home.start("standup")
    await home.recording(handle)
    change = {"subscriptions": {"audio": {"allow": ["1001"]}}}
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await handle.execute_update("set_subscriptions", change, result_type=Applied)
    assert isinstance(caught.value.cause, ApplicationError)
    assert caught.value.cause.message.startswith("subscriptions")
    assert "individual" in caught.value.cause.message


async def test_a_layout_asked_for_in_a_pause_is_in_force_when_recording_resumes(
    home: House, conduct: Conduct
) -> None:
    await home.room("standup", "1001", "1002")
    handle = await home.start("standup")
    await home.recording(handle)
    await handle.signal("pause")
    await home.until(handle, lambda status: status.state is State.PAUSED)
    [first] = await home.tasks("standup")
    assert first["ended_at"]
    await handle.signal("change_layout", SPEAKER)
    await handle.signal("resume")
    await home.recording(handle)
    _, resumed = await home.tasks("standup")
    assert conduct.large_user(resumed["layout_revisions"][-1]["layout"]) == "1001"
    await handle.signal("stop")
    assert len((await handle.result()).segments) == 2
    assert all(task["ended_at"] for task in await home.tasks("standup"))


async def test_a_pause_before_the_recorder_is_up_is_a_pause(home: House) -> None:
    await home.fault("query", "status", status=500, times=30)
    handle = await home.start("standup")
    await home.until(handle, lambda status: bool(status.segments))
    await handle.signal("pause")
    await home.until(handle, lambda status: status.state is State.PAUSED)
    [task] = await home.tasks("standup")
    assert task["ended_at"]


async def test_more_panes_than_the_vendor_shows_are_rejected_with_the_rule(
    home: House, conduct: Conduct
) -> None:
    handle = await home.start("standup")
    await home.recording(handle)
    pane = {"x": 0, "y": 0, "width": 1, "height": 1}
    layout = {"kind": "custom", "panes": [pane] * (conduct.most_panes + 1)}
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await handle.execute_update("set_layout", {"layout": layout}, result_type=Applied)
    assert isinstance(caught.value.cause, ApplicationError)
    assert f"{home.vendor} shows at most {conduct.most_panes}" in caught.value.cause.message


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"canvas": {"width": 4000, "height": 4000}}, "canvas"),
        ({"vendor_options": {"stereo": True}}, "vendor_options.stereo: unknown field"),
        ({"output": {"storage": "attic"}}, "output.storage"),
        ({"vendor": "nobody"}, "vendor"),
    ],
)
async def test_what_the_vendor_cannot_do_is_refused_before_anything_is_sent(
    home: House, given: dict[str, Any], complaint: str
) -> None:
    handle = await home.start("standup", **given)
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    assert isinstance(caught.value.cause, ApplicationError)
    assert complaint in caught.value.cause.message
    assert caught.value.cause.type in {"InvalidRequest", "NotConfigured"}
    assert (await home.ledger())["calls"] == []


async def test_no_secret_enters_the_history(home: House, conduct: Conduct) -> None:
    await home.room("standup", "1001")
    await home.fault("start", **conduct.try_again, times=1)
    handle = await home.start("standup")
    await home.recording(handle)
    await handle.signal("stop")
    await handle.result()
    history = json.dumps(json.loads((await handle.fetch_history()).to_json()))
    emulated = emulator(home.vendor).ACCOUNT
    assert conduct.secret in emulated.account
    secrets = {
        key: value for key, value in emulated.account.items() if key.endswith(("_secret", "_key"))
    }
    for secret in secrets.values():
        assert secret not in history
    assert "access_key" not in history

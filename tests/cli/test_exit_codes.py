from __future__ import annotations

import asyncio
import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from longtake import cli
from longtake.cli import run
from longtake.cli.emulated import Addresses, settings_text
from longtake.cli.exits import Code, exit_for
from longtake.client import AlreadyLive, RecordingFailed, RecordingNotFound, Rejected
from longtake.contracts import names
from longtake.contracts.payloads import Extension
from longtake.domain.errors import InvalidRequest, NotConfigured
from longtake.domain.session import State
from longtake.settings import SettingsError
from tests.cli.commands import Longtake, ended, line_with
from tests.house import House

RUNS = 30


async def test_exit_code_is_right_in_every_one_of_many_runs(longtake: Longtake) -> None:
    two_at_a_time = asyncio.Semaphore(2)

    async def code() -> int:
        async with two_at_a_time:
            return (await longtake("status", "nobody-records-this")).code

    codes = Counter(await asyncio.gather(*(code() for _ in range(RUNS))))
    assert codes == {Code.NOT_FOUND: RUNS}


def test_help_and_docstring_name_every_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == Code.DONE
    shown = capsys.readouterr().out
    for code in Code:
        assert f"{int(code)} " in shown.partition("Exit codes:")[2], code
        assert f" {int(code)}  " in (cli.__doc__ or ""), code


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run commands in, without a process of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LONGTAKE_SETTINGS", raising=False)
    return tmp_path


def test_settings_that_are_not_there_are_wrong_usage(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = run(["status", "room"]), capsys.readouterr()
    assert code == Code.USAGE
    assert ".longtake/longtake.toml" in told.err
    assert not told.out


def test_settings_error_names_the_key_and_no_value(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "longtake.toml").write_text('[temporal]\naddress = "s3cret"\nnome = "s3cret"\n')
    code, told = run(["list"]), capsys.readouterr()
    assert code == Code.USAGE
    assert "temporal.nome" in told.err
    assert "temporal.address" in told.err
    assert "s3cret" not in told.err


def test_settings_of_up_are_found_unless_there_are_others(
    here: Path, unused_tcp_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / ".longtake").mkdir()
    address = f"127.0.0.1:{unused_tcp_port}"
    (here / ".longtake" / "longtake.toml").write_text(f'[temporal]\naddress = "{address}"\n')
    assert run(["list"]) == Code.NO_TEMPORAL
    assert address in capsys.readouterr().err
    (here / "longtake.toml").write_text("[none]")
    assert run(["list"]) == Code.USAGE


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["record"], "ROOM"),
        (["record", "room", "--canvas", "big"], "--canvas"),
        (["record", "room", "--canvas", "1x1"], "canvas.width"),
        (["record", "room", "--layout", "pyramid"], "layout"),
        (["record", "room", "--max-duration", "soon"], "max_duration"),
        (["record", "room", "--start-at", "2027-01-31T09:00:00"], "start_at"),
        (["record", "room", "--format", "avi"], "output.formats"),
        (["record", "room", "--option", "a=b"], "--option a"),
        (
            ["emulator", "--no-media", "--option", "zoom.x=1"],
            "--option zoom: the vendors are agora",
        ),
        (["emulator", "--no-media", "--option", "tencent.x=1"], "--option tencent.x: unknown"),
        (["up", "--vendor", "zoom"], "alibaba, huawei can be emulated, not 'zoom'"),
        (["record", "room", "--label", "x"], "--label"),
        (["record", "room", "--account", "nobodys"], "nobodys"),
        (["record", "room", "--storage", "nowhere"], "nowhere"),
        (["record", "room", "--request", "absent.json"], "absent.json"),
        (["layout", "set", "room", "grid", "--main", "7"], "layout.main"),
        (["layout", "set", "room", "custom", "[]"], "layout.panes"),
        (["extend", "room"], "by"),
        (["status", "room", "--watch", "--json"], "--json"),
        (["fly"], "fly"),
    ],
    ids=" ".join,
)
def test_wrong_words_are_named(
    here: Path,
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    at = Addresses("127.0.0.1:1", "http://127.0.0.1:2", "127.0.0.1", 3, "recordings")
    (here / "longtake.toml").write_text(settings_text("agora", at))
    code, told = run(arguments), capsys.readouterr()
    assert code == Code.USAGE
    assert words in told.err
    assert "Traceback" not in told.err
    assert not told.out


def test_bug_shows_its_traceback(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("longtake.cli.options.load", lambda path, environ: {}["oops"])
    assert run(["list", "--settings", "any.toml"]) == Code.FAILED
    assert "KeyError: 'oops'" in capsys.readouterr().err


async def test_second_recording_of_a_room_is_refused(home: House, longtake: Longtake) -> None:
    first = await home.start("taken", start_at="2099-01-01T00:00:00Z")
    second = await longtake("record", "taken")
    assert second.code == Code.ALREADY_LIVE
    assert first.id in second.err


async def test_failed_session_ends_its_waiting_command_with_1(longtake: Longtake) -> None:
    told = await longtake("record", "doomed", "--option", "no_such_option=1", "--wait")
    assert told.code == Code.FAILED
    assert "no_such_option" in told.err
    assert "Traceback" not in told.err


async def test_ctrl_c_leaves_the_session_alone(home: House, longtake: Longtake) -> None:
    handle = await home.start("patient", start_at="2099-01-01T00:00:00Z")
    await handle.signal(names.EXTEND, Extension(by=timedelta(hours=1)))
    watching = await longtake.start("status", "patient", "--watch")
    await line_with(watching, "extended to")
    watching.send_signal(signal.SIGINT)
    told = await ended(watching)
    assert told.code == Code.INTERRUPTED
    assert "Traceback" not in told.err
    assert (await home.status(handle)).state is State.SCHEDULED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingsError(["longtake.toml: x: unknown key"]), Code.USAGE),
        (InvalidRequest("canvas: too small"), Code.USAGE),
        (NotConfigured("account: unknown 'x'"), Code.USAGE),
        (Rejected("layout: no", "InvalidRequest"), Code.USAGE),
        (Rejected("the session ended first", "AlreadyStopped"), Code.FAILED),
        (RecordingNotFound("recording:a:b"), Code.NOT_FOUND),
        (AlreadyLive("recording:a:b"), Code.ALREADY_LIVE),
        (RecordingFailed("recording:a:b", "Unauthorized", "refused"), Code.FAILED),
        (ModuleNotFoundError("av", name="av"), Code.FAILED),
        (WorkflowQueryFailedError("replay failed"), Code.FAILED),
        (RPCError("gone", RPCStatusCode.UNAVAILABLE, b""), Code.NO_TEMPORAL),
        (RPCError("nobody polls", RPCStatusCode.FAILED_PRECONDITION, b""), Code.FAILED),
        (RPCError("bad filter", RPCStatusCode.INVALID_ARGUMENT, b""), Code.USAGE),
    ],
    ids=lambda value: value.name if isinstance(value, Code) else type(value).__name__,
)
def test_expected_error_has_a_code_and_its_words(error: Exception, code: Code) -> None:
    expected = exit_for(error)
    assert expected is not None
    assert expected.code is code
    assert str(error) in expected.message


def test_a_bug_is_not_an_expected_error() -> None:
    assert exit_for(KeyError("oops")) is None

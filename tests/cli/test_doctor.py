from __future__ import annotations

import stat
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from longtake.cli import run
from longtake.cli.checks import Clock, Finding, check_storage
from longtake.cli.exits import Code
from longtake.contracts import names
from longtake.domain.errors import Unauthorized
from longtake.settings import load
from longtake.storage import bucket
from longtake.temporal.devserver import DevServer
from tests.cli.commands import Longtake
from tests.codec.keys import NEW, OLD, in_text
from tests.house import House


async def test_healthy_house_has_no_fault(longtake: Longtake) -> None:
    told = await longtake("doctor")
    assert told.code == Code.DONE, told.out
    assert "accepts the credentials" in told.out
    assert "clock at" in told.out
    assert "signed ones are accepted" in told.out


async def test_refused_credentials_are_found_without_being_shown(
    home: House, tmp_path: Path
) -> None:
    settings = tmp_path / "longtake.toml"
    text = home.settings_path.read_text()
    settings.write_text(text.replace('customer_secret = "', 'customer_secret = "wrong-'))
    told = await Longtake(tmp_path, {})("doctor")
    assert told.code == Code.FAILED
    assert f"[accounts.{home.account}]" in told.out
    assert "wrong-" not in told.out


async def test_vendor_that_is_away_is_found(
    home: House, tmp_path: Path, unused_tcp_port: int
) -> None:
    settings = tmp_path / "longtake.toml"
    away = f"http://127.0.0.1:{unused_tcp_port}"
    settings.write_text(home.settings_path.read_text().replace(home.emulator, away))
    told = await Longtake(tmp_path, {})("doctor")
    assert told.code == Code.FAILED
    assert "ConnectError" in told.out


async def test_queue_without_a_worker_is_found(home: House, tmp_path: Path) -> None:
    settings = tmp_path / "longtake.toml"
    text = home.settings_path.read_text()
    settings.write_text(text.replace(f"[accounts.{home.account}]", "[accounts.unserved]"))
    told = await Longtake(tmp_path, {})("doctor")
    assert told.code == Code.FAILED
    assert "longtake-unserved" in told.out
    assert "no worker polls it" in told.out


def test_missing_temporal_and_broken_settings_are_found(
    tmp_path: Path, unused_tcp_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "longtake.toml"
    settings.write_text(f'[temporal]\naddress = "127.0.0.1:{unused_tcp_port}"\n')
    assert run(["doctor", "--settings", str(settings)]) == Code.FAILED
    assert "no Temporal answers" in capsys.readouterr().out
    settings.write_text("[tempo]")
    assert run(["doctor", "--settings", str(settings)]) == Code.FAILED
    assert "tempo" in capsys.readouterr().out


async def test_lacking_search_attributes_are_found_and_registered(tmp_path: Path) -> None:
    longtake = Longtake(tmp_path, {"COLUMNS": "200"})
    async with DevServer() as server:
        (tmp_path / "longtake.toml").write_text(f'[temporal]\naddress = "{server.address}"\n')
        before = await longtake("doctor")
        assert "lack: RecordingVendor" in before.out
        assert "longtake doctor --fix" in before.out
        mended = await longtake("doctor", "--fix")
        again = await longtake("doctor")
    for told in (mended, again):
        assert f"all {len(names.SEARCH_ATTRIBUTES)} are there" in told.out, told.out


async def test_search_attribute_of_another_type_is_named_and_left_alone(tmp_path: Path) -> None:
    longtake = Longtake(tmp_path, {"COLUMNS": "200"})
    async with DevServer(search_attributes={"RecordingRoom": "Text"}) as server:
        (tmp_path / "longtake.toml").write_text(f'[temporal]\naddress = "{server.address}"\n')
        told = await longtake("doctor", "--fix")
    assert "of another type than needed: RecordingRoom" in told.out
    assert "remove --name RecordingRoom" in told.out


async def test_missing_callback_secret_is_told_with_what_to_do(home: House, tmp_path: Path) -> None:
    text = home.settings_path.read_text()
    lines = [line for line in text.splitlines() if not line.startswith("callback_secret")]
    (tmp_path / "longtake.toml").write_text("\n".join(lines))
    told = await Longtake(tmp_path, {"COLUMNS": "300"})("doctor")
    assert told.code == Code.DONE, told.out
    assert f"accounts.{home.account}.callback_secret" in told.out


async def test_keys_are_checked_and_not_shown(home: House, tmp_path: Path) -> None:
    text = home.settings_path.read_text()
    text += '\n[temporal.codec]\ncurrent = "new"\n[temporal.codec.keys]\n'
    text += 'old = "env:OLD"\nnew = "env:NEW"\n'
    (tmp_path / "longtake.toml").write_text(text)
    keys = {"OLD": in_text(OLD), "NEW": in_text(NEW)}
    told = await Longtake(tmp_path, {**keys, "COLUMNS": "200"})("doctor")
    assert told.code == Code.DONE, told.out
    assert "2 keys, new seals" in told.out
    broken = await Longtake(tmp_path, {**keys, "NEW": "short", "COLUMNS": "200"})("doctor")
    assert broken.code == Code.FAILED
    assert "temporal.codec.keys.new" in broken.out
    assert not [key for key in (*keys.values(), "short") if key in told.out + broken.out]


async def storage_finding(folder: Path, url: str = "file://files") -> Finding:
    (folder / "longtake.toml").write_text(f'[storage.meetings]\nurl = "{url}"\n')
    return await check_storage(load(folder / "longtake.toml", {}).storage("meetings"))


async def test_bucket_is_proved_by_an_object_that_does_not_stay(tmp_path: Path) -> None:
    found = await storage_finding(tmp_path)
    assert (found.verdict, found.remedy) == ("ok", "")
    assert "written, read and deleted" in found.found
    assert files_in(tmp_path / "files") == []


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if stat.S_ISREG(path.stat().st_mode)]


async def test_bucket_whose_keys_may_only_read_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any) -> None:
        raise Unauthorized("storage meetings: cannot write: Forbidden")

    monkeypatch.setattr(bucket.Bucket, "write", refuse)
    found = await storage_finding(tmp_path)
    assert found.verdict == "ok"
    assert "may not write" in found.found


async def test_bucket_that_gives_back_something_else_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(*_: Any) -> bytes:
        return b"of another bucket"

    monkeypatch.setattr(bucket.Bucket, "read", read)
    found = await storage_finding(tmp_path)
    assert found.verdict == "fault"
    assert "storage.meetings.url" in found.remedy
    assert files_in(tmp_path / "files") == []


async def test_storage_without_url_says_that_files_stay_unverified(tmp_path: Path) -> None:
    found = await storage_finding(tmp_path, "")
    assert found.verdict == "skipped"
    assert "unverified" in found.found


@pytest.mark.parametrize(
    ("header", "verdict", "told"),
    [
        ("Fri, 20 Nov 2026 09:00:00 GMT", "ok", "0 s"),
        ("Fri, 20 Nov 2026 08:59:20 GMT", "ok", "40 s ahead of"),
        ("Fri, 20 Nov 2026 09:10:00 GMT", "fault", "600 s behind"),
        ("yesterday", "skipped", "no answer with a date"),
        (None, "skipped", "no answer with a date"),
    ],
)
async def test_clock_is_compared_with_the_vendors(
    header: str | None, verdict: str, told: str
) -> None:
    sent = datetime(2026, 11, 20, 9, tzinfo=UTC)
    times: Iterable[datetime] = iter([sent, sent, *[sent + timedelta(seconds=0.2)] * 2])
    clock = Clock(lambda: next(iter(times)))
    request = httpx.Request("GET", "http://vendor")
    await clock.sent(request)
    await clock.received(httpx.Response(200, headers={"date": header} if header else {}))
    found = clock.finding("clock", "Acme")
    assert found.verdict == verdict
    assert told in found.found

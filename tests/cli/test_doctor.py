from __future__ import annotations

from pathlib import Path

import pytest

from longtake.cli import run
from longtake.cli.exits import Code
from tests.cli.commands import Longtake
from tests.house import House


async def test_healthy_house_has_no_fault(longtake: Longtake) -> None:
    told = await longtake("doctor")
    assert told.code == Code.DONE, told.out
    assert "accepts the credentials" in told.out


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

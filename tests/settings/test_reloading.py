"""Settings that change while a program runs."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from longtake.reloading import Reloader
from longtake.settings import Settings, load
from longtake.vendorkit.spec import VendorSpec

ACCOUNT = '[accounts.{name}]\nvendor = "acme"\napp = "an-app"\nsecret = "file:{name}.secret"\n'
FIRST, SECOND, BROKEN = "correct horse", "battery staple", "2short"


@pytest.fixture
def folder(tmp_path: Path, acme: VendorSpec[Any, Any]) -> Path:
    (tmp_path / "demo.secret").write_text(FIRST)
    (tmp_path / "longtake.toml").write_text(ACCOUNT.format(name="demo"))
    return tmp_path


def reloader_of(folder: Path) -> Reloader:
    path = folder / "longtake.toml"
    return Reloader(path, {}, load(path, {}))


def secret_of(settings: Settings | None, account: str = "demo") -> str:
    assert settings is not None
    found: Any = settings.account(account)[1]
    return found.secret.get_secret_value()


def put(path: Path, text: str) -> None:
    """Replace a file as editors and secret stores do, so that it is another one."""
    beside = path.with_suffix(".beside")
    beside.write_text(text)
    beside.replace(path)


def test_nothing_is_read_while_no_file_changes(folder: Path) -> None:
    reloader = reloader_of(folder)
    assert reloader.look() is None
    (folder / "unrelated").write_text("x")
    assert reloader.look() is None


def test_a_secrets_file_is_read_anew(folder: Path) -> None:
    reloader = reloader_of(folder)
    put(folder / "demo.secret", SECOND)
    assert secret_of(reloader.look()) == SECOND
    assert reloader.look() is None


def test_a_link_that_leads_elsewhere_is_a_change(folder: Path) -> None:
    (folder / "mounted").write_text(SECOND)
    reloader = reloader_of(folder)
    (folder / "demo.secret").unlink()
    (folder / "demo.secret").symlink_to(folder / "mounted")
    assert secret_of(reloader.look()) == SECOND


def test_a_new_account_brings_its_files_along(folder: Path) -> None:
    reloader = reloader_of(folder)
    (folder / "more.secret").write_text(FIRST)
    text = ACCOUNT.format(name="demo") + ACCOUNT.format(name="more")
    put(folder / "longtake.toml", text)
    assert secret_of(reloader.look(), "more") == FIRST
    put(folder / "more.secret", SECOND)
    assert secret_of(reloader.look(), "more") == SECOND


def test_a_file_that_holds_what_was_known_is_watched_too(folder: Path) -> None:
    reloader = reloader_of(folder)
    (folder / "moved.secret").write_text(FIRST)
    text = ACCOUNT.format(name="demo").replace("demo.secret", "moved.secret")
    put(folder / "longtake.toml", text)
    assert reloader.look() is None
    put(folder / "moved.secret", SECOND)
    assert secret_of(reloader.look()) == SECOND


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda folder: put(folder / "demo.secret", BROKEN), "accounts.demo.secret: Value should"),
        (lambda folder: (folder / "demo.secret").unlink(), "accounts.demo.secret: the file"),
        (lambda folder: put(folder / "longtake.toml", "[accounts"), "longtake.toml: Expected"),
        (lambda folder: (folder / "longtake.toml").unlink(), "longtake.toml: No such file"),
    ],
    ids=["secret", "secret gone", "settings", "settings gone"],
)
def test_broken_settings_are_told_once_and_the_old_ones_stay(
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    break_it: Callable[[Path], None],
    told: str,
) -> None:
    reloader = reloader_of(folder)
    break_it(folder)
    assert [reloader.look() for _ in range(3)] == [None] * 3
    assert secret_of(reloader.settings) == FIRST
    assert caplog.text.count("settings not read anew") == 1
    assert told in caplog.text
    assert BROKEN not in caplog.text
    put(folder / "demo.secret", SECOND)
    put(folder / "longtake.toml", ACCOUNT.format(name="demo"))
    assert secret_of(reloader.look()) == SECOND


async def test_a_change_is_seen_without_being_asked_for(folder: Path) -> None:
    reloader = reloader_of(folder)
    adopted = asyncio.Queue[Settings]()
    watching = asyncio.create_task(reloader.watch(adopted.put, every=0.01))
    put(folder / "demo.secret", SECOND)
    assert secret_of(await adopted.get()) == SECOND
    watching.cancel()


async def test_a_hangup_asks_for_a_look_at_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reloader = reloader_of(folder)
    adopted = asyncio.Queue[Settings]()
    watching = asyncio.create_task(reloader.watch(adopted.put, every=3600))
    await asyncio.sleep(0)
    more = '[temporal]\nnamespace = "other"\n' + ACCOUNT.format(name="demo")
    put(folder / "longtake.toml", more)
    with caplog.at_level(logging.INFO):
        os.kill(os.getpid(), signal.SIGHUP)
        assert (await adopted.get()).temporal.namespace == "other"
        await asyncio.sleep(0)
    assert "[temporal] changed, which counts after a restart" in caplog.text
    watching.cancel()


async def test_what_cannot_be_adopted_is_told_once_and_tried_again(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reloader = reloader_of(folder)
    tries: list[Settings] = []
    done = asyncio.Event()
    failing = 3

    async def adopt(new: Settings) -> None:
        tries.append(new)
        if len(tries) <= failing:
            raise ValueError(SECOND)
        done.set()

    watching = asyncio.create_task(reloader.watch(adopt, every=0.01))
    put(folder / "demo.secret", SECOND)
    await done.wait()
    await asyncio.sleep(0)
    assert secret_of(reloader.settings) == SECOND
    assert caplog.text.count("settings not read anew") == 1
    assert SECOND not in caplog.text
    watching.cancel()

"""A worker that goes on while its accounts change."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client

import worker
from longtake.cli.polled import Queue, is_polled
from longtake.contracts import names
from longtake.contracts.ids import workflow_id
from longtake.domain.errors import NotConfigured
from longtake.domain.session import State
from longtake.settings import Settings, load
from tests.house import House, house


def settings_of(folder: Path, secret: str, url: str = "file://here") -> Settings:
    path = folder / "longtake.toml"
    path.write_text(
        "".join(
            f'[accounts.{name}]\nvendor = "agora"\napp_id = "{"0" * 32}"\n'
            f'customer_id = "c"\ncustomer_secret = "{given}"\n'
            for name, given in (("changing", secret), ("constant", "as it was"))
        )
        + f'[storage.bucket]\nurl = "{url}"\n[storage.other]\nurl = "file://other"\n'
    )
    return load(path, {})


@pytest_asyncio.fixture
async def accounts(tmp_path: Path) -> AsyncGenerator[worker.Accounts]:
    made = worker.Accounts(settings_of(tmp_path, "old"), lambda: datetime.now(UTC))
    yield made
    await made.aclose()


async def test_next_call_uses_what_changed_and_the_rest_stays(
    accounts: worker.Accounts, tmp_path: Path
) -> None:
    before = [accounts.recorder("agora", name) for name in ("changing", "constant")]
    stores = [accounts.store(name) for name in ("bucket", "other")]
    accounts.adopt(settings_of(tmp_path, "new", url="file://there"))
    after = [accounts.recorder("agora", name) for name in ("changing", "constant")]
    assert after[0] is not before[0]
    assert after[1] is before[1]
    assert accounts.store("bucket") is not stores[0]
    assert accounts.store("other") is stores[1]


async def test_replaced_client_is_closed_when_its_last_call_is_over(
    accounts: worker.Accounts, tmp_path: Path
) -> None:
    calling = accounts.recorder("agora", "changing")
    client = accounts._clients["changing"]
    accounts.adopt(settings_of(tmp_path, "new"))
    gc.collect()
    await _a_moment(accounts)
    assert not client.is_closed
    del calling
    gc.collect()
    await _a_moment(accounts)
    assert client.is_closed


async def _a_moment(accounts: worker.Accounts) -> None:
    """What is due in the loop is done, and so is the closing that it began."""
    await asyncio.sleep(0)
    await asyncio.gather(*accounts._closing)


async def test_account_that_is_gone_is_not_configured(
    accounts: worker.Accounts, tmp_path: Path
) -> None:
    accounts.recorder("agora", "changing")
    new = settings_of(tmp_path, "new")
    accounts.adopt(replace(new, accounts={"constant": new.accounts["constant"]}))
    with pytest.raises(NotConfigured, match="there are constant"):
        accounts.recorder("agora", "changing")


async def test_running_worker_takes_up_an_account_and_its_mended_secret(
    client: Client, tmp_path: Path
) -> None:
    async with house(client, tmp_path, in_process=False) as built:
        await built.room("standup", "1001")
        running = await built.worker_process()
        try:
            await built.eventually(lambda: polled(built, built.account))
            right: Any = load(built.settings_path, {}).account(built.account)[1]
            add_account(built, "second")
            (tmp_path / "second.secret").write_text("wrong")
            os.kill(running.pid, signal.SIGHUP)
            await built.eventually(lambda: polled(built, "second"))
            refused = await start(built, "refused", "second")
            await built.until(refused, lambda status: status.state is State.FINISHED)
            assert "Unauthorized" in await built.timeline(refused)

            (tmp_path / "second.secret").write_text(right.customer_secret.get_secret_value())
            # Not asked for: the file's change is noticed.
            await built.eventually(lambda: read_anew(built, 2))
            await built.recording(await start(built, "standup", "second"))
            assert "wrong" not in built.worker_log()
        finally:
            await running.stop()


def add_account(built: House, name: str) -> None:
    text = built.settings_path.read_text()
    head = f"[accounts.{built.account}]"
    table = text.partition(head)[2].partition("\n[")[0]
    lines = [line for line in table.splitlines() if not line.startswith("customer_secret")]
    lines = [f"[accounts.{name}]", f'customer_secret = "file:{name}.secret"', *lines]
    built.settings_path.write_text(text + "\n" + "\n".join(lines) + "\n")


async def start(built: House, room: str, account: str) -> Any:
    request = built.request(room, account=account)
    handle = await built.client.start_workflow(
        names.WORKFLOW,
        request,
        id=workflow_id(f"{built.account}-{account}", room, None),
        task_queue=built.task_queue,
    )
    built.started.append(handle)
    return handle


async def polled(built: House, account: str) -> bool:
    queue = Queue(names.account_queue(built.task_queue, account), workflows=False)
    return await is_polled(built.client, "default", queue)


async def read_anew(built: House, times: int) -> bool:
    return built.worker_log().count("settings read anew") >= times

"""The official-community Python client records against the emulator.

Its requests, parsing and retries are its own. Two things about hosts are replaced, as it knows
only Agora's: ``Domain.run``, which looks names up in a thread that never ends, and the one line
that writes ``https://`` before a host.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from agora_rest_client.core.domain import Domain
from agora_rest_client.core.exceptions import ServiceResponseException
from agora_rest_client.services.cloud_recording.v1 import api
from agora_rest_client.services.cloud_recording.v1.individual_recording import (
    api_start as individual_start,
)
from agora_rest_client.services.cloud_recording.v1.individual_recording import (
    api_update as individual_update,
)
from agora_rest_client.services.cloud_recording.v1.individual_recording.individual_recording_client import (  # noqa: E501
    IndividualRecordingClient,
)
from agora_rest_client.services.cloud_recording.v1.mix_recording import api_start as mix_start
from agora_rest_client.services.cloud_recording.v1.mix_recording import (
    api_update_layout as mix_layout,
)
from agora_rest_client.services.cloud_recording.v1.mix_recording.mix_recording_client import (
    MixRecordingClient,
)
from agora_rest_client.services.cloud_recording.v1.web_recording import api_start as web_start
from agora_rest_client.services.cloud_recording.v1.web_recording import api_update as web_update
from agora_rest_client.services.cloud_recording.v1.web_recording.web_recording_client import (
    WebRecordingClient,
)

from longtake.vendors.agora.emulator.credentials import APP_ID, CUSTOMER_ID, CUSTOMER_SECRET
from tests.emulator.emulated import Emulated


class LocalDomain(Domain):
    """One host, and nothing to look up."""

    def __init__(self, host: str) -> None:
        super().__init__(0)
        self._host = host

    def run(self, logger: Any) -> None:
        self.set_logger(logger)

    def get_domain_list(self) -> list[str]:
        return [self._host]


class Local:
    """The clients as they are, but for the scheme before the host."""

    def get_api_url(self, host: str, url: str, service_region: str | None = None) -> str:
        return f"http://{host}{url}"


class LocalMixClient(Local, MixRecordingClient):
    pass


class LocalIndividualClient(Local, IndividualRecordingClient):
    pass


class LocalWebClient(Local, WebRecordingClient):
    pass


def built(client: Any, emulator: Emulated) -> Any:
    return (
        client.with_app_id(APP_ID)
        .with_credential_basic_auth(CUSTOMER_ID, CUSTOMER_SECRET)
        .with_domain(LocalDomain(emulator.url.removeprefix("http://")))
        .build()
    )


async def calmly(call: Callable[[], Any], emulator: Emulated) -> Any:
    """A blocking call in a thread, with the emulator's clock running ahead meanwhile."""
    answer = asyncio.ensure_future(asyncio.to_thread(call))
    while not answer.done():
        await asyncio.wait({answer}, timeout=0.02)
        await emulator.advance(1)
    return await answer


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def storage() -> mix_start.StorageConfig:
    return mix_start.StorageConfig(
        vendor=api.StorageVendor.AMAZON_S3.value,
        region=0,
        bucket="takes",
        accessKey="ak",
        secretKey="sk",
        fileNamePrefix=["official"],
    )


async def test_the_official_client_records_from_acquire_to_stop(
    emulator: Emulated,
) -> None:
    client = built(LocalMixClient(), emulator)
    await emulator.room("room", "1001", "1002")
    acquired = await asyncio.to_thread(client.acquire, "room", "99", resource_expired_hour=24)
    resource = acquired.resourceId
    config = mix_start.RecordingConfig(channelType=0, streamTypes=2, maxIdleTime=30)
    started = await asyncio.to_thread(
        client.start, resource, "room", "99", "no token", storage(), recording_config=config
    )
    sid = started.sid
    await emulator.advance(20)
    queried = await asyncio.to_thread(client.query, resource, sid)
    assert queried.serverResponse["status"] == api.ServiceStatus.IN_PROGRESS.value
    pane = mix_layout.LayoutConfig(uid="1001", x_axis=0.0, y_axis=0.0, width=1.0, height=1.0)
    updated = await asyncio.to_thread(
        client.update_layout,
        resource,
        sid,
        "room",
        "99",
        mixed_video_layout=api.MixedVideoLayout.CUSTOM.value,
        background_color="#FF0000",
        layout_config=[pane],
    )
    assert updated.sid == sid
    stopped = await calmly(lambda: client.stop(resource, sid, "room", "99"), emulator)
    assert stopped.serverResponse["uploadingStatus"] == api.UploadingStatus.UPLOADED.value
    names = [entry["fileName"] for entry in stopped.serverResponse["fileList"]]
    assert f"official/{sid}_room.m3u8" in names
    (row,) = await emulator.tasks()
    assert row["layout_revisions"][-1]["layout"]["layoutConfig"][0]["uid"] == "1001"


async def test_the_official_client_meets_the_refusals_it_expects(
    emulator: Emulated,
) -> None:
    client = built(LocalMixClient(), emulator)
    with pytest.raises(ServiceResponseException) as refused:
        await asyncio.to_thread(client.query, "garbled", "0" * 32)
    assert (refused.value.status_code, refused.value.error_code) == (400, 1001)
    task = await emulator.recording()
    again = await asyncio.to_thread(client.start, task.resource, "room", "99", "t", storage())
    assert again.code == 7


async def test_the_official_client_records_users_one_by_one(emulator: Emulated) -> None:
    client = built(LocalIndividualClient(), emulator)
    await emulator.room("room", "1001", "1002")
    resource = (await asyncio.to_thread(client.acquire, "room", "99")).resourceId
    config = individual_start.RecordingConfig(channelType=0, subscribeUidGroup=0)
    shots = individual_start.SnapshotConfig(captureInterval=10, fileType=["jpg"])
    started = await asyncio.to_thread(
        client.start,
        resource,
        "room",
        "99",
        None,
        storage(),
        recording_config=config,
        snapshot_config=shots,
    )
    wish = individual_update.StreamSubscribe(
        audioUidList=individual_update.AudioUidList(subscribeAudioUids=["1001"])
    )
    sid = started.sid
    await asyncio.to_thread(client.update, resource, sid, "room", "99", stream_subscribe=wish)
    await emulator.advance(20)
    stopped = await calmly(lambda: client.stop(resource, sid, "room", "99"), emulator)
    files = stopped.serverResponse["fileList"]
    assert {(entry["uid"], entry["trackType"]) for entry in files} == {("1001", "audio")}


async def test_the_official_client_records_and_pauses_a_page(emulator: Emulated) -> None:
    client = built(LocalWebClient(), emulator)
    resource = (await asyncio.to_thread(client.acquire, "room", "99")).resourceId
    param = web_start.ServiceParam(
        url="https://example.com",
        audioProfile=0,
        videoWidth=1280,
        videoHeight=720,
        maxRecordingHour=3,
    )
    service = web_start.ExtensionServices(
        serviceName=api.ExtensionServiceName.WEB_RECORDER_SERVICE.value,
        errorHandlePolicy="error_abort",
        serviceParam=param,
    )
    config = web_start.ExtensionServiceConfig(extensionServices=[service])
    started = await asyncio.to_thread(client.start, resource, "room", "99", storage(), config)
    sid = started.sid
    await emulator.advance(20)
    hold = web_update.WebRecordingConfig(onhold=True)
    await asyncio.to_thread(client.update, resource, sid, "room", "99", web_recording_config=hold)
    queried = await asyncio.to_thread(client.query, resource, sid)
    (state,) = queried.serverResponse["extensionServiceState"]
    assert state["payload"]["onhold"] is True
    stopped = await calmly(lambda: client.stop(resource, sid, "room", "99"), emulator)
    upload, page = stopped.serverResponse["extensionServiceState"]
    assert upload["payload"]["uploadingStatus"] == "uploaded"
    assert any(entry["filename"].endswith(".mp4") for entry in page["payload"]["fileList"])

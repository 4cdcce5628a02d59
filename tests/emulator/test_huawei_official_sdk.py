"""Huawei's own Python SDK records against the emulator, unmodified and over a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from huaweicloudsdkcloudrtc.v2 import CloudRTCAsyncClient, CloudRTCClient
from huaweicloudsdkcloudrtc.v2 import model as models
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import (
    ClientRequestException,
    ServerResponseException,
    ServiceResponseException,
)

from longtake.vendors.huawei.emulator.credentials import (
    ACCESS_KEY,
    APP_ID,
    PROJECT_ID,
    SECRET_KEY,
)
from tests.emulator.huawei_client import (
    RULE,
    Huawei,
    LaunchHuawei,
    emulator_of_huawei,  # noqa: F401 - a fixture
    launcher_of_huawei,  # noqa: F401 - a fixture
    shared_by_a_module,  # noqa: F401 - a fixture
)

Sdk = Any


def client(huawei: Huawei, *, key: str = SECRET_KEY, kind: Any = CloudRTCClient) -> Sdk:
    credentials = BasicCredentials(ACCESS_KEY, key, PROJECT_ID)
    return kind.new_builder().with_credentials(credentials).with_endpoint(huawei.url).build()


async def said(call: Callable[[Any], Any], request: Any) -> Any:
    """The SDK blocks, so it calls from a thread."""
    return await asyncio.to_thread(call, request)


async def error(call: Callable[[Any], Any], request: Any) -> tuple[int, str]:
    with pytest.raises(ServiceResponseException) as caught:
        await said(call, request)
    assert len(caught.value.request_id or "") == 32
    return caught.value.status_code, str(caught.value.error_code)


def individual(**changed: Any) -> Any:
    wish = {
        "room_id": "standup",
        "user_id": "alice",
        "video_type": "CAMERASTREAM",
        "max_idle_time": 60,
        "record_param": models.RecordParam(record_rule_id=RULE),
    }
    body = models.IndividualStreamJobReq(**{**wish, **changed})
    return models.CreateIndividualStreamJobRequest(app_id=APP_ID, body=body)


def mix(**changed: Any) -> Any:
    panes = [
        models.MixLayoutPane(
            id=number, user_id=user, x=x, y=0.0, width=0.5, height=1.0, zorder=number
        )
        for number, user, x in ((1, "alice", 0.0), (2, "bob", 0.5))
    ]
    wish = {
        "room_id": "standup",
        "encode_template": "1280x720_15_2260",
        "layout_template": "custom",
        "layout_panes": panes,
    }
    param = models.MixParam(**{**wish, **changed})
    record = models.RecordParam(record_rule_id=RULE)
    body = models.MixJobReq(mix_param=param, record_param=record)
    return models.CreateMixJobRequest(app_id=APP_ID, body=body)


async def test_the_official_sdk_records_one_user(huawei: Huawei) -> None:
    sdk = client(huawei)
    await huawei.room("standup", "alice")
    created = await said(sdk.create_individual_stream_job, individual())
    assert created.stream_name == f"s_{created.job_id}_standup_alice"
    assert len(created.x_request_id) == 32
    await huawei.advance(15)
    named = {"app_id": APP_ID, "job_id": created.job_id}
    shown = await said(
        sdk.show_individual_stream_job, models.ShowIndividualStreamJobRequest(**named)
    )
    assert (shown.state, shown.max_idle_time) == ("RUNNING", 60)
    assert shown.record_param.record_rule_id == RULE
    stop = models.StopIndividualStreamJobRequest(**named)
    assert (await said(sdk.stop_individual_stream_job, stop)).status_code == 204
    assert await error(sdk.stop_individual_stream_job, stop) == (400, "RTC.00001009")
    (row,) = await huawei.tasks()
    assert (row["recorder"], row["end_reason"]) == ("user:alice", "stopped")


async def test_the_official_sdk_records_a_mix_and_changes_it(huawei: Huawei) -> None:
    sdk = client(huawei)
    await huawei.room("standup", "alice", "bob")
    created = await said(sdk.create_mix_job, mix())
    assert [pane.user_id for pane in created.mix_param.layout_panes] == ["alice", "bob"]
    named = {"app_id": APP_ID, "job_id": created.job_id}
    pane = models.MixLayoutPane(id=1, user_id="bob", x=0.0, y=0.0, width=1.0, height=1.0)
    param = models.UpdateMixParam(layout_template="custom", layout_panes=[pane])
    change = models.UpdateMixJobRequest(**named, body=models.UpdateMixJobReq(mix_param=param))
    updated = await said(sdk.update_mix_job, change)
    assert [pane.user_id for pane in updated.mix_param.layout_panes] == ["bob"]
    shown = await said(sdk.show_mix_job, models.ShowMixJobRequest(**named))
    assert shown.mix_param.encode_template == "1280x720_15_2260"
    assert (await said(sdk.stop_mix_job, models.StopMixJobRequest(**named))).status_code == 204


async def test_the_official_asynchronous_client_records(huawei: Huawei) -> None:
    sdk = client(huawei, kind=CloudRTCAsyncClient)

    def start() -> Any:
        return sdk.create_individual_stream_job_async(individual()).result()

    created = await asyncio.to_thread(start)
    assert (await huawei.tasks())[0]["task_id"] == created.job_id


async def test_the_official_sdk_keeps_rules_callbacks_and_automatic_recording(
    huawei: Huawei,
) -> None:
    sdk = client(huawei)
    place = models.RecordObsFileAddr(
        location="cn-north-4", project_id=PROJECT_ID, bucket="takes", object="rtc/"
    )
    body = models.RecordRuleReq(
        obs_addr=place, record_formats=["HLS"], hls_config=models.HLSRecordConfig(record_cycle=0)
    )
    request = models.CreateRecordRuleRequest(app_id=APP_ID, body=body)
    rule = await said(sdk.create_record_rule, request)
    assert (rule.hls_config.record_slice_duration, rule.app_id) == (10, APP_ID)
    listed = await said(
        sdk.list_record_rules, models.ListRecordRulesRequest(app_id=APP_ID, offset=0, limit=10)
    )
    assert [each.rule_id for each in listed.rules] == [rule.rule_id]
    url = models.AppCallbackUrlReq(url="http://127.0.0.1:1/hook", auth_key="k" * 32)
    told = await said(
        sdk.update_record_callback, models.UpdateRecordCallbackRequest(app_id=APP_ID, body=url)
    )
    assert (told.record_callback.url, told.record_callback.auth_key) == (url.url, "k" * 32)
    auto = models.AutoRecordModeReq(mode="AUTO_INDIVIDUAL_RECORD", record_rule_id=rule.rule_id)
    mode = await said(
        sdk.update_auto_record, models.UpdateAutoRecordRequest(app_id=APP_ID, body=auto)
    )
    assert mode.auto_record_mode.record_rule_id == rule.rule_id
    deletion = models.DeleteRecordRuleRequest(app_id=APP_ID, rule_id=rule.rule_id)
    assert await error(sdk.delete_record_rule, deletion) == (400, "RTC.00001013")


async def test_the_official_sdk_empties_rooms_and_reads_buckets(huawei: Huawei) -> None:
    sdk = client(huawei)
    await huawei.finished(await huawei.recording("团队 7/b".replace("/", "-")))
    await huawei.room("a/b c", "alice", "bob")
    removal = models.RemoveUsersReq(user_ids=["bob"])
    named = {"app_id": APP_ID, "room_id": "a/b c"}
    await said(sdk.remove_users, models.RemoveUsersRequest(**named, body=removal))
    assert await huawei.present("a/b c") == ["alice"]
    await said(sdk.remove_room, models.RemoveRoomRequest(**named))
    assert await huawei.present("a/b c") == []
    buckets = await said(sdk.list_obs_buckets, models.ListObsBucketsRequest())
    assert [(b.bucket, b.is_authorized) for b in buckets.buckets] == [("takes", True)]
    query = models.ListObsBucketObjectsRequest(
        bucket="takes", prefix=f"{APP_ID}/", type="folders", location="cn-north-4"
    )
    folders = await said(sdk.list_obs_bucket_objects, query)
    assert [each.file_name for each in folders.objects] == [f"{APP_ID}/hls/", f"{APP_ID}/mp4/"]
    grant = models.ObsAuthorityConfig(
        bucket="takes", operation=0, location="cn-north-4", project_id=PROJECT_ID
    )
    await said(sdk.update_obs_bucket_authority, models.UpdateObsBucketAuthorityRequest(body=grant))
    buckets = await said(sdk.list_obs_buckets, models.ListObsBucketsRequest())
    assert [each.is_authorized for each in buckets.buckets] == [False]


async def test_the_official_sdk_switches_an_application(huawei: Huawei) -> None:
    sdk = client(huawei)
    told = await said(sdk.stop_app, models.StopAppRequest(app_id=APP_ID))
    assert told.state.state == "DEACTIVATION"
    start = individual()
    assert await error(sdk.create_individual_stream_job, start) == (400, "RTC.00001016")
    told = await said(sdk.start_app, models.StartAppRequest(app_id=APP_ID))
    assert told.state.state == "ACTIVATION"
    assert (await said(sdk.create_individual_stream_job, start)).job_id


async def test_the_official_sdk_sees_what_a_start_lacks(huawei: Huawei) -> None:
    sdk = client(huawei)
    wrong = individual(max_idle_time=1)
    assert await error(sdk.create_individual_stream_job, wrong) == (400, "RTC.00001003")
    wrong = individual(record_param=None)
    assert await error(sdk.create_individual_stream_job, wrong) == (400, "RTC.00001005")
    wrong = mix(layout_template="mosaic")
    assert await error(sdk.create_mix_job, wrong) == (400, "RTC.00001010")
    assert await huawei.tasks() == []


async def test_the_official_sdk_sees_that_a_job_is_unknown(huawei: Huawei) -> None:
    request = models.ShowMixJobRequest(app_id=APP_ID, job_id="unknown")
    assert await error(client(huawei).show_mix_job, request) == (404, "RTC.00001003")


async def test_the_official_sdk_sees_a_wrong_key_and_the_gateways_limit(
    launch_huawei: LaunchHuawei,
) -> None:
    huawei = await launch_huawei(options={"limits": {"calls_per_second": 1}})
    request = models.ShowMixJobRequest(app_id=APP_ID, job_id="unknown")
    wrong = client(huawei, key="wrong").show_mix_job
    assert await error(wrong, request) == (401, "APIGW.0301")
    right = client(huawei).show_mix_job
    assert await error(right, request) == (404, "RTC.00001003")
    with pytest.raises(ClientRequestException) as throttled:  # its own retries come first
        await said(right, request)
    assert throttled.value.status_code == 429


async def test_the_official_sdk_tells_faults_of_the_server_from_those_of_the_caller(
    huawei: Huawei,
) -> None:
    sdk = client(huawei)
    await huawei.fault("code", "start", code="RTC.00002001")
    with pytest.raises(ServerResponseException):
        await said(sdk.create_individual_stream_job, individual())
    await huawei.fault("code", "start", code="RTC.00001006")
    with pytest.raises(ClientRequestException):
        await said(sdk.create_individual_stream_job, individual())

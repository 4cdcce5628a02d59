"""What calls ask for, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from longtake.vendors.alibaba.emulator.codes import (
    ENTRIES,
    IDLE_TIME,
    NOTIFY_FORMAT,
    NOTIFY_KEY,
    NOTIFY_URL,
    PANES,
    RECORD,
    TRANSCODE,
    Refusal,
)
from longtake.vendors.alibaba.emulator.layouts import MixLayoutParams, check_panes
from longtake.vendors.alibaba.emulator.record_params import (
    DEFAULT_CANVAS,
    Entry,
    MixTranscodeParams,
    RecordParams,
    SubscribeParams,
    check_entries,
    check_transcoding,
)
from longtake.vendors.alibaba.emulator.storage_params import (
    FileInfo,
    StorageParams,
    check_names,
    check_storage,
    default_file,
    lacking_variable,
    storage_code,
    with_patterns,
)
from longtake.vendors.alibaba.emulator.wire import Parameters

_LONGEST_URL = 2048
_USUAL_IDLE_TIME = 300  # seconds
_SCENE = ("SubscribeParams", "MixLayoutParams")

OF_A_START = frozenset(
    {
        *("AppId", "ChannelId", "RecordParams", "StorageParams", "MixTranscodeParams"),
        *("NotifyUrl", "NotifyAuthKey", "NotifyFileUploadedFormat", "MaxIdleTime", *_SCENE),
    }
)
OF_AN_UPDATE = frozenset({"TaskId", *_SCENE})
OF_A_TASK = frozenset({"TaskId"})
OF_A_CHANNEL = frozenset({"AppId", "ChannelId"})


@dataclass(frozen=True)
class Scene:
    """The two groups that an update replaces; ``told``: as they came."""

    entries: Sequence[Entry]
    layout: MixLayoutParams
    told: dict[str, Any]


@dataclass(frozen=True)
class Notify:
    """Where callbacks go, what signs them, and the formats whose files are told."""

    url: str
    auth_key: str
    formats: frozenset[str]


@dataclass(frozen=True)
class StartRequest:
    """``files``: none in VOD. ``max_idle_time`` in seconds."""

    app_id: str
    channel_id: str
    scene: Scene
    record: RecordParams
    storage: StorageParams
    files: Sequence[FileInfo]
    transcode: MixTranscodeParams | None
    notify: Notify | None
    max_idle_time: int

    @property
    def canvas(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.transcode.canvas if self.transcode else DEFAULT_CANVAS

    @property
    def attempt(self) -> str:
        """What tells this start from others: of the callbacks' address, else of the files'."""
        if self.notify and (last := last_part(self.notify.url)):
            return unquote(last)
        return next((i.file_path_prefix[-1] for i in self.files if i.file_path_prefix), "")


def last_part(url: str) -> str:
    return urlsplit(url).path.rsplit("/", 1)[-1]


def parse_start(parameters: Parameters, *, region: str) -> StartRequest:
    """The wish of a start; whether the places that it names exist is not asked here.

    Raises:
        Refusal: with the code of what is wrong.
    """
    parameters.need("AppId", "ChannelId", "SubscribeParams", "RecordParams", "StorageParams")
    parameters.check_names(OF_A_START)
    record = parameters.needed(RecordParams, "RecordParams", lambda _: RECORD)
    storage = parameters.needed(StorageParams, "StorageParams", storage_code)
    transcode = parameters.parse(MixTranscodeParams, "MixTranscodeParams", lambda _: TRANSCODE)
    check_storage(storage, region=region)
    check_transcoding(transcode, record)
    scene = parse_scene(parameters, record)
    files: list[FileInfo] = []
    if storage.oss_params:
        files = [with_patterns(info, record) for info in storage.files(default_file(record))]
        check_names(files, scene.entries, record)
    return StartRequest(
        parameters.text("AppId"),
        parameters.text("ChannelId"),
        scene,
        record,
        storage,
        files,
        transcode,
        _notify(parameters, storage),
        parameters.number("MaxIdleTime", 10, 14_400, code=IDLE_TIME) or _USUAL_IDLE_TIME,
    )


def parse_update(parameters: Parameters, started: StartRequest) -> Scene:
    """
    Raises:
        Refusal: with the code of what is wrong.
    """
    parameters.check_names(OF_AN_UPDATE)
    scene = parse_scene(parameters, started.record)
    patterns = [info.file_name_pattern for info in started.files]
    if not started.record.mixed and (lacking := lacking_variable(patterns, scene.entries)):
        raise Refusal(ENTRIES, f"SubscribeUserIdList: the names of files lack {lacking}")
    return scene


def parse_scene(parameters: Parameters, record: RecordParams) -> Scene:
    """
    Raises:
        Refusal: with the code of what is wrong.
    """
    subscribed = parameters.needed(SubscribeParams, "SubscribeParams", lambda _: ENTRIES)
    layout = parameters.parse(MixLayoutParams, "MixLayoutParams", lambda _: PANES)
    entries = subscribed.subscribe_user_id_list
    check_entries(entries, record)
    check_panes(layout, entries, record)
    told = {name: parameters.json(name, code=ENTRIES) for name in _SCENE}
    given = {name: group for name, group in told.items() if group is not None}
    return Scene(entries, layout or MixLayoutParams(), given)


def _notify(parameters: Parameters, storage: StorageParams) -> Notify | None:
    url, key = parameters.get("NotifyUrl"), parameters.get("NotifyAuthKey") or ""
    if url is not None and not _is_address(url):
        raise Refusal(
            NOTIFY_URL, f"NotifyUrl: an HTTP address of at most {_LONGEST_URL} characters"
        )
    if key and not re.fullmatch(r"[A-Za-z0-9]{16,64}", key):
        raise Refusal(NOTIFY_KEY, "NotifyAuthKey: 16 to 64 letters and digits")
    formats = frozenset(name.upper() for name in parameters.listed("NotifyFileUploadedFormat"))
    if formats and storage.oss_params is None:
        raise Refusal(NOTIFY_FORMAT, "NotifyFileUploadedFormat is for OSS")
    if not formats <= storage.formats:
        raise Refusal(NOTIFY_FORMAT, "NotifyFileUploadedFormat: formats of FileInfo")
    return None if url is None else Notify(url, key, formats)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = httpx.URL(url).host
    except (ValueError, httpx.InvalidURL):
        return False
    return parts.scheme in {"http", "https"} and bool(host) and len(url) <= _LONGEST_URL

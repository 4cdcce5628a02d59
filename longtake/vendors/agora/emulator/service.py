"""The service behind the API: resources, recordings, and what each call does to them.

No method awaits between looking and acting, so of two identical starts that race one wins.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from longtake.emulator.exchange import Reply
from longtake.emulator.ledger import CallRecord, LayoutRevision, TaskRecord
from longtake.emulator.world import World
from longtake.vendors.agora.emulator import answers, standing, subscriptions
from longtake.vendors.agora.emulator.facts import Facts
from longtake.vendors.agora.emulator.options import AgoraOptions
from longtake.vendors.agora.emulator.recording import Recording
from longtake.vendors.agora.emulator.refusals import (
    ACQUIRE,
    START,
    STOP,
    UPDATE,
    UPDATE_LAYOUT,
    Refusal,
)
from longtake.vendors.agora.emulator.requests import (
    AcquireRequest,
    Envelope,
    LayoutRequest,
    StopRequest,
    UpdateRequest,
    parse,
    valid_channel_name,
)
from longtake.vendors.agora.emulator.start_request import Mode, StartRequest, objection
from longtake.vendors.agora.emulator.storage_config import StorageConfig

_RESOURCE_BYTES = 192  # 256 characters of base64, as in the references
_WEB_SCENE = 1

Identity = tuple[str, str, str]
"""App ID, channel and recorder uid: at most one recording runs under each."""


@dataclass
class Resource:
    """What acquire grants: one start, by ``expires_at``."""

    resource_id: str
    identity: Identity
    acquired: AcquireRequest
    expires_at: datetime
    sid: str | None = None


@dataclass(frozen=True)
class Call:
    """A call as the gateway hands it on: its path's parts, and its body's.

    body: the whole ``clientRequest`` as it came; empty for query.
    """

    record: CallRecord
    app: str
    envelope: Envelope | None
    body: Mapping[str, Any]
    resource_id: str | None = None
    sid: str | None = None
    mode: Mode | None = None

    @property
    def name(self) -> str:
        return self.record.call

    @property
    def ids(self) -> dict[str, str | None]:
        """What answers echo."""
        envelope = self.envelope
        return {
            "cname": envelope.cname if envelope else None,
            "uid": envelope.uid if envelope else None,
            "resourceId": self.resource_id,
            "sid": self.sid,
        }

    def refusal(self, code: int, reason: str | None = None) -> Refusal:
        return Refusal(self.name, code, reason, **self.ids)


class AgoraService:
    def __init__(self, world: World, options: AgoraOptions, *, strict: bool) -> None:
        self._world, self._options, self._strict = world, options, strict
        self._resources: dict[str, Resource] = {}
        self._recordings: dict[str, Recording] = {}
        self._running: dict[Identity, Recording] = {}
        world.rooms.watch("agora", self._room_changed)

    def reset(self) -> None:
        self._resources.clear()
        self._recordings.clear()
        self._running.clear()

    def resource(self, resource_id: str | None) -> Resource | None:
        return self._resources.get(resource_id or "")

    def recording(self, sid: str | None) -> Recording | None:
        return self._recordings.get(sid or "")

    def running(self, room: str | None) -> list[Recording]:
        """The recorders that are in a room, or in ``room``."""
        return [r for r in self._running.values() if room in {None, r.facts.cname}]

    async def run(self, call: Call) -> Reply:
        """Do what the call asks.

        Raises:
            Refusal: it cannot be done.
        """
        match call.name:
            case "acquire":
                return self._acquire(call)
            case "start":
                return self._start(call)
            case "update":
                return self._update(call)
            case "updateLayout":
                return self._update_layout(call)
            case "query":
                return self._query(call)
            case _:
                return await self._stop(call)

    # -- the calls -------------------------------------------------------------------------------

    def _acquire(self, call: Call) -> Reply:
        cname, uid = _seat(call)
        wish = parse(ACQUIRE, AcquireRequest, call.body, strict=self._strict)
        web = wish.scene == _WEB_SCENE
        if not valid_channel_name(cname, web=web):
            raise call.refusal(401)
        app = self._options.apps.get(call.app)
        if app is None or app.state == "not_enabled":
            raise call.refusal(400)
        if app.state == "inactive":
            raise call.refusal(405)
        self._check_quota(call, web=web)
        resource = Resource(
            self._new_resource_id(),
            (call.app, cname, uid),
            wish,
            self._world.clock.now() + timedelta(seconds=self._options.timings.resource_window),
        )
        self._resources[resource.resource_id] = resource
        call.record.resource_id = resource.resource_id
        return Reply(200, {"cname": cname, "uid": uid, "resourceId": resource.resource_id})

    def _start(self, call: Call) -> Reply:
        cname, uid = _seat(call)
        web = call.mode == "web"
        if not valid_channel_name(cname, web=web):
            raise call.refusal(1013)
        wish = parse(START, StartRequest, call.body, strict=self._strict)
        resource = self._owned_resource(call)
        assert call.mode is not None  # noqa: S101 - the gateway checked the path
        if field := objection(wish, call.mode, resource.acquired.scene, strict=self._strict):
            raise call.refusal(2, f"Start: invalid {field} value!")
        self._check_startable(call, resource)
        promised = resource.acquired.start_parameter
        if promised is not None and promised != call.body:
            raise call.refusal(2, "request_hash mismatch!")
        if resource.identity in self._running:
            raise call.refusal(53)
        recording = self._begin(call, resource, wish)
        return Reply(
            200,
            {
                "cname": cname,
                "uid": uid,
                "resourceId": resource.resource_id,
                "sid": recording.facts.sid,
            },
        )

    def _update(self, call: Call) -> Reply:
        wish = parse(UPDATE, UpdateRequest, call.body, strict=self._strict)
        storage = None
        if wish.storage_config is not None:
            storage = parse(UPDATE, StorageConfig, wish.storage_config, strict=self._strict)
        recording = self._reachable(call)
        self._check_update(call, recording, wish)
        if wish.stream_subscribe is not None:
            types = recording.facts.request.recording_config.stream_types
            recording.subscribe(subscriptions.after_update(types, wish.stream_subscribe))
        if wish.web_recording_config is not None:
            recording.hold(wish.web_recording_config.onhold)
        if wish.rtmp_publish_config is not None:
            recording.push_to([output.rtmp_url for output in wish.rtmp_publish_config.outputs])
        if storage is not None:
            recording.check_keys(storage.access_key, storage.secret_key, storage.bucket)
        return Reply(200, self._common(recording))

    def _update_layout(self, call: Call) -> Reply:
        if call.mode != "mix":
            raise call.refusal(2, "UpdateLayout: invalid mode value!")
        layout = parse(UPDATE_LAYOUT, LayoutRequest, call.body, strict=self._strict, code=1028)
        recording = self._reachable(call)
        recording.set_layout(layout, dict(call.body), call.name)
        return Reply(200, self._common(recording))

    def _query(self, call: Call) -> Reply:
        recording, now = self._known(call), self._world.clock.now()
        if standing.visibility(recording, now) is standing.Visibility.EXITING:
            raise call.refusal(501)
        return self._told(recording, answers.queried(recording, now))

    async def _stop(self, call: Call) -> Reply:
        wish = parse(STOP, StopRequest, call.body, strict=self._strict)
        recording = self._reachable(call)
        recording.stop()
        if wish.async_stop:
            return Reply(200, self._common(recording))
        if not recording.uploads.has_data:
            raise call.refusal(435)
        if not await self._uploaded(recording):
            raise call.refusal(50)
        return self._told(recording, answers.stopped(recording))

    # -- what they have in common ----------------------------------------------------------------

    def _check_quota(self, call: Call, *, web: bool) -> None:
        limits = self._options.limits
        limit = limits.web_tasks if web else limits.channel_tasks
        if limit and sum(r.facts.web is web for r in self._running.values()) >= limit:
            raise call.refusal(406)

    def _check_startable(self, call: Call, resource: Resource) -> None:
        """One resource, one recording, within the window."""
        if resource.sid is not None:
            if self._recordings[resource.sid].left_at is not None:
                raise call.refusal(433)
            told = resource.sid if self._options.running_reply_has_sid else None
            raise Refusal(START, 7, sid=told)
        if self._world.clock.now() >= resource.expires_at:
            raise call.refusal(433)

    def _check_update(self, call: Call, recording: Recording, wish: UpdateRequest) -> None:
        """Each kind of update has its modes."""
        types = recording.facts.request.recording_config.stream_types
        wrong = {
            "streamSubscribe": recording.facts.web,
            "webRecordingConfig": not recording.facts.web,
            "rtmpPublishConfig": not recording.push,
        }
        for field, refused in wrong.items():
            if refused and field in call.body:
                raise call.refusal(2, f"Update: invalid {field} value!")
        listed = wish.stream_subscribe
        if listed is not None and subscriptions.conflicts(types, listed):
            raise call.refusal(2, "Update: invalid streamSubscribe value!")

    def _owned_resource(self, call: Call) -> Resource:
        resource = self._resources.get(call.resource_id or "")
        if resource is None:
            raise call.refusal(1001)
        if resource.identity != (call.app, *_seat(call)):
            raise call.refusal(432)
        return resource

    def _known(self, call: Call) -> Recording:
        """The recording that the path names, if the API can reach it."""
        resource = self._resources.get(call.resource_id or "")
        if resource is None:
            raise call.refusal(1001)
        if resource.identity[0] != call.app or resource.sid is None or resource.sid != call.sid:
            raise call.refusal(1003)
        if call.envelope and resource.identity[1:] != _seat(call):
            raise call.refusal(432)
        recording = self._recordings[resource.sid]
        if recording.facts.mode != call.mode:
            raise call.refusal(432)
        if standing.visibility(recording, self._world.clock.now()) is standing.Visibility.UNKNOWN:
            raise call.refusal(404)
        return recording

    def _reachable(self, call: Call) -> Recording:
        """As ``_known``, and still recording."""
        recording = self._known(call)
        if recording.left_at is not None:
            raise call.refusal(49 if call.name == STOP else 404)
        return recording

    def _begin(self, call: Call, resource: Resource, wish: StartRequest) -> Recording:
        now = self._world.clock.now()
        app, cname, uid = resource.identity
        assert call.mode is not None  # noqa: S101 - the gateway checked the path
        hours = timedelta(hours=resource.acquired.resource_expired_hour)
        sid = self._world.hex_id(32)
        facts = Facts(sid, resource.resource_id, app, cname, uid, call.mode, wish, now + hours)
        record = TaskRecord("agora", sid, resource.resource_id, app, cname, uid, created_at=now)
        if (asked := _layout_told(call.body)) is not None:
            record.layout_revisions.append(LayoutRevision(now, START, asked))
        self._world.ledger.tasks.append(record)
        recording = Recording(self._world, self._options, facts, record, self._left)
        if storage := wish.storage_config:
            recording.check_keys(storage.access_key, storage.secret_key, storage.bucket)
        resource.sid = call.record.task_id = sid
        self._recordings[sid] = self._running[resource.identity] = recording
        return recording

    def _left(self, recording: Recording) -> None:
        facts = recording.facts
        self._running.pop((facts.app, facts.cname, facts.uid), None)

    def _room_changed(self, room: str) -> None:
        for recording in self.running(room):
            recording.room_changed()

    async def _uploaded(self, recording: Recording) -> bool:
        """Wait for the uploads for as long as a synchronous stop does."""
        done = asyncio.ensure_future(recording.uploads.done.wait())
        patience = asyncio.ensure_future(self._world.clock.sleep(self._options.timings.sync_stop))
        await asyncio.wait({done, patience}, return_when=asyncio.FIRST_COMPLETED)
        for waiter in (done, patience):
            waiter.cancel()
        return recording.uploads.done.is_set()

    def _told(self, recording: Recording, answer: dict[str, Any]) -> Reply:
        if self._options.answers_as_text:
            answer = answers.as_text(answer)
        return Reply(200, {**self._common(recording), "serverResponse": answer})

    def _common(self, recording: Recording) -> dict[str, str]:
        facts = recording.facts
        ids = {"cname": facts.cname, "uid": facts.uid}
        return {**ids, "resourceId": facts.resource_id, "sid": facts.sid}

    def _new_resource_id(self) -> str:
        raw = self._world.rng.randbytes(_RESOURCE_BYTES)
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _seat(call: Call) -> tuple[str, str]:
    assert call.envelope is not None  # noqa: S101 - every call but query has one
    return call.envelope.cname, call.envelope.uid


def _layout_told(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The layout in a start, exactly as it came."""
    config: dict[str, Any] = body.get("recordingConfig") or {}
    return config.get("transcodingConfig")

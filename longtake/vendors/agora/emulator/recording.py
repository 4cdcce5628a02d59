"""One recording: from the accepted start to the last uploaded file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from longtake.emulator.clock import Timer
from longtake.emulator.ledger import LayoutRevision, TaskRecord
from longtake.emulator.rooms import Person
from longtake.emulator.stage import Stage, mixed_track, separate_tracks
from longtake.emulator.stamps import milliseconds
from longtake.emulator.takes import Takes
from longtake.emulator.timers import Timers
from longtake.emulator.uploads import Pace, Shelf, UploadNews
from longtake.emulator.world import World
from longtake.vendors.agora.emulator import geometry, subscriptions, tokens
from longtake.vendors.agora.emulator.facts import ErrorCode, Facts, LeaveCode, Module
from longtake.vendors.agora.emulator.layouts import LayoutFields
from longtake.vendors.agora.emulator.naming import Stems
from longtake.vendors.agora.emulator.notices import Event
from longtake.vendors.agora.emulator.options import AgoraOptions, Timings
from longtake.vendors.agora.emulator.uploads import AgoraUploads, Output
from longtake.vendors.agora.emulator.voice import Voice

_MOST_FAILOVERS = 3
_TO_BACKUP = 32  # warnCode of event 2
_DEFAULT_CANVAS = (360, 640)
_WHOLE_PAGE = LayoutFields.model_validate({"mixedVideoLayout": 1})


class Recording:
    """The life of one recorder. ``on_left`` is told when it is out of the room."""

    def __init__(
        self,
        world: World,
        options: AgoraOptions,
        facts: Facts,
        record: TaskRecord,
        on_left: Callable[[Recording], None],
    ) -> None:
        self.facts, self.record = facts, record
        self._world, self._options, self._on_left = world, options, on_left
        self._clock = world.clock
        self._voice = Voice(world, facts, options.callback_secret)
        self.layout = facts.request.recording_config.transcoding_config or LayoutFields()
        self.subscription = subscriptions.at_start(facts.request.recording_config)
        extensions = facts.request.extension_service_config
        self.page = extensions.web_recorder if extensions and facts.web else None
        self.onhold = bool(self.page and self.page.onhold)
        self.up_at: datetime | None = None
        self.left_at: datetime | None = None
        self.done_at: datetime | None = None
        self._vod = extensions is not None and extensions.vod
        self.push: tuple[str, ...] = ()
        self.abnormal = self.forgotten = self.migrating = False
        self._doomed = False
        self._timers = Timers(world.clock)
        self._idle: Timer | None = None
        self._stems = Stems.of(self._prefix, facts.sid, facts.cname, web=facts.web)
        self.uploads = self._make_uploads()
        self._takes = self._make_takes()
        self._boot()

    # -- what others ask ---------------------------------------------------------------------

    @property
    def timings(self) -> Timings:
        return self._options.timings

    def slice_start(self) -> int:
        """When the first slice began, in ms; 0 before there is one."""
        began = [track.began for track in self._takes.tracks]
        return milliseconds(min(began)) if began else 0

    @property
    def playlist(self) -> str:
        """The playlist of a mixed recording; empty before its first upload."""
        mixed = [e.name for e in self.uploads.entries if e.name.endswith(".m3u8")]
        return mixed[-1] if mixed else ""

    # -- what the API does to it ---------------------------------------------------------------

    def set_layout(self, layout: LayoutFields, body: dict[str, Any], call: str) -> None:
        self.layout = layout
        self.record.layout_revisions.append(LayoutRevision(self._clock.now(), call, body))
        self._restage()

    def subscribe(self, subscription: subscriptions.Subscription) -> None:
        self.subscription = subscription
        self._restage()

    def hold(self, onhold: bool) -> None:  # noqa: FBT001 - the API's own field
        self.onhold = onhold
        self._restage()

    def push_to(self, urls: Sequence[str]) -> None:
        """Publish a web page recording to these CDN addresses, all of which are said to answer."""
        self.push = tuple(urls)
        for url in urls:
            self._voice.say(Event.RTMP_STATUS, rtmpUrl=url, status="publishing")

    def check_keys(self, access_key: str, secret_key: str, bucket: str) -> None:
        """Have uploads refused from now on if the bucket insists on other keys."""
        wanted = self._options.buckets.get(bucket)
        self.uploads.refused = wanted is not None and (
            (wanted.access_key, wanted.secret_key) != (access_key, secret_key)
        )

    def stop(self) -> None:
        self._leave("stopped", LeaveCode.BY_API)

    # -- what happens to it ----------------------------------------------------------------------

    def room_changed(self) -> None:
        if self.up_at is None or self.left_at is not None or self.facts.web:
            return
        if any(person.user == self._voice.recorder_uid for person in self._people()):
            self.evict()
            return
        self._watch_idle()
        self._restage()

    def evict(self) -> None:
        self._leave("evicted", LeaveCode.IGNORED, abnormal=True)

    def never_come_up(self) -> None:
        self._doomed = True

    def expire_token(self) -> None:
        if self.left_at is None:
            self._voice.fail(Module.RECORDER, tokens.TOKEN_EXPIRED)
            self._leave("token_expired", LeaveCode.IGNORED, abnormal=True)

    def migrate(self, seconds: float) -> None:
        """Unreachable for ``seconds``; then recorded by another server, under another uid."""
        if self.migrating:
            return  # it is on its way already
        if self._takes.generation >= _MOST_FAILOVERS:
            self._leave("failovers_exhausted", LeaveCode.SIGNAL, abnormal=True)
            return
        self.migrating = True
        self._restage()
        self._timers.later(seconds, self._resume_elsewhere)

    # -- beginning -------------------------------------------------------------------------------

    def _boot(self) -> None:
        timings = self.timings
        self._timers.later(timings.uploader_up, self._start_uploader)
        self._timers.later(timings.recorder_up, self._come_up)

    def _start_uploader(self) -> None:
        if not self._doomed:
            self._voice.say(Event.UPLOADER_STARTED, status=0)
            if self.uploads.refused:
                self._voice.fail(Module.UPLOADER, ErrorCode.STORAGE_CONFIG)

    def _come_up(self) -> None:
        code = ErrorCode.START_TIMED_OUT if self._doomed else self._token_fault()
        if code is not None:
            patience = self.timings.failure - self.timings.recorder_up
            self._timers.later(max(patience, 0.0), lambda: self._fail(code))
            return
        self.up_at = self.record.started_at = self._clock.now()
        self._voice.say(Event.RECORDER_STARTED, status=0)
        if self.page is not None:
            self._voice.say(Event.WEB_STARTED, recorderStartTime=milliseconds(self.up_at))
            self._timers.later(self.page.max_recording_hour * 3600, self._reach_max_hours)
            self._begin_push()
            self._restage()
        if self._vod:
            self._voice.say(Event.VOD_STARTED, aliVodInfo={"videoId": self._world.hex_id(32)})
        self._timers.every(self.timings.progress, self._report_progress)
        if snapshots := self.facts.request.snapshot_config:
            self._timers.every(snapshots.capture_interval, self._take_snapshots)
        self.room_changed()

    def _begin_push(self) -> None:
        extensions = self.facts.request.extension_service_config
        if extensions and extensions.rtmp_publish:
            self.push_to([output.rtmp_url for output in extensions.rtmp_publish.outputs])

    def _token_fault(self) -> int | None:
        """The code that keeps the recorder out; a token that lets it in has a last hour."""
        app = self._options.apps[self.facts.app]
        if app.certificate is None or self.facts.web:
            return None
        facts = self.facts
        seat = tokens.Seat(facts.app, app.certificate, facts.cname, facts.uid)
        verdict = tokens.check_token(facts.request.token or "", seat, self._clock.now())
        if isinstance(verdict, tokens.Rejected):
            return verdict.code
        self._timers.keep(self._clock.at(verdict.until, self.expire_token))
        return None

    def _fail(self, code: int) -> None:
        token = code in {tokens.TOKEN_EXPIRED, tokens.TOKEN_INVALID}
        self._voice.fail(Module.RECORDER if token else Module.SERVICE, code)
        self._leave("token_refused" if token else "never_up", None, abnormal=True)

    # -- while it runs ---------------------------------------------------------------------------

    def _restage(self) -> None:
        self._takes.show(self._stage())

    def _stage(self) -> Stage | None:
        if self.up_at is None or self.left_at is not None or self.migrating:
            return None
        if self.page is not None:
            page = Person(user="page", name=self.page.url)
            size = self.page.video_width, self.page.video_height
            return None if self.onhold else self._mixed(*size, _WHOLE_PAGE, (page,))
        if self.facts.request.snapshots_only:
            return None
        canvas = self.facts.request.recording_config.transcoding_config
        size = (canvas.width, canvas.height) if canvas else _DEFAULT_CANVAS
        people = self.subscription.recorded(self._people())
        if self.facts.mode == "individual":
            return Stage(*size, people, separate_tracks(people))
        return self._mixed(*size, self.layout, people)

    def _mixed(
        self, width: int, height: int, layout: LayoutFields, people: tuple[Person, ...]
    ) -> Stage:
        cells = geometry.place(layout, people)
        return Stage(width, height, people, mixed_track(people), cells, layout.background_color)

    def _people(self) -> Sequence[Person]:
        return self._world.rooms.people("agora", self.facts.cname)

    def _watch_idle(self) -> None:
        """Communication: nobody is in the room. Live: no host is, whoever listens."""
        live = self.facts.request.recording_config.channel_type == 1
        busy = any(person.publishes or not live for person in self._people())
        if busy and self._idle is not None:
            self._idle.cancel()
            self._idle = None
        elif not busy and self._idle is None:
            seconds = self.facts.request.recording_config.max_idle_time
            self._idle = self._timers.later(seconds, self._reach_max_idle)

    def _reach_max_idle(self) -> None:
        self._leave("idle", LeaveCode.NO_USERS)

    def _reach_max_hours(self) -> None:
        self._leave("max_recording_hour", LeaveCode.BY_API)

    def _resume_elsewhere(self) -> None:
        self.migrating = False
        self._voice.recorder_uid = str(self._world.rng.randrange(1, 2**32))
        self._takes.move()
        self._voice.say(Event.SESSION_FAILOVER, newUid=int(self._voice.recorder_uid))
        self._restage()

    def _report_progress(self) -> None:
        self._voice.say(Event.UPLOADING_PROGRESS, progress=self.uploads.progress)

    def _take_snapshots(self) -> None:
        now = self._clock.now()
        for person in self.subscription.recorded(self._people()):
            if person.video:
                stem = self._stems.of_user(self._takes.generation, person.user, "video")
                name = self.uploads.add_snapshot(stem, person, now)
                self._voice.say(Event.SNAPSHOT_FILE, fileName=name)

    # -- ending ----------------------------------------------------------------------------------

    def _leave(self, reason: str, code: LeaveCode | None, *, abnormal: bool = False) -> None:
        if self.left_at is not None:
            return
        self.left_at = self.record.ended_at = self._clock.now()
        self.record.end_reason, self.abnormal = reason, abnormal
        self._timers.end()
        self._restage()
        if self.page is not None:
            self._voice.page_stopped(
                self.uploads.entries, at_the_limit=reason == "max_recording_hour"
            )
        if code is not None:
            self._voice.say(Event.RECORDER_LEAVE, leaveCode=int(code))
        self.uploads.close()
        self._on_left(self)

    def _uploads_done(self) -> None:
        self.done_at = self._clock.now()
        if self.uploads.has_data and self.uploads.status != "unknown":
            files = [entry.as_json() for entry in self.uploads.entries]
            listed: dict[str, Any] = {} if self.facts.web else {"fileList": files}
            backuped = self.uploads.status == "backuped"
            self._voice.say(Event.BACKUPED if backuped else Event.UPLOADED, status=0, **listed)
            if not backuped:
                self._voice.say(Event.UPLOADING_PROGRESS, progress=self.uploads.progress)
        if self._vod and self.uploads.has_data:
            self._voice.say(Event.VOD_TRIGGERED)
        failed = self.abnormal or self.uploads.status == "unknown"
        self._voice.say(Event.SESSION_EXIT, exitStatus=int(failed))

    # -- parts -----------------------------------------------------------------------------------

    @property
    def _prefix(self) -> str:
        storage = self.facts.request.storage_config
        return storage.prefix if storage else ""

    def _make_takes(self) -> Takes:
        return Takes(
            self._clock,
            self._stems.of_track,
            self.timings.slice,
            on_cut=self.uploads.add,
            on_track=self._voice.track,
        )

    def _make_uploads(self) -> AgoraUploads:
        request, page = self.facts.request, self.page
        storage, config, timings = request.storage_config, request.recording_config, self.timings
        mp4_seconds = page.max_video_duration * 60.0 if page else timings.mp4_rollover
        store = self._world.store if storage else None
        return AgoraUploads(
            self._clock,
            Shelf(store, storage.bucket if storage else "", self._file_appeared),
            Pace(timings.upload, retry=timings.slice, patience=timings.upload_patience),
            UploadNews(
                refused=lambda: self._voice.fail(Module.UPLOADER, ErrorCode.UPLOAD_FAILED),
                detoured=lambda: self._voice.say(
                    Event.WARNING, module=int(Module.UPLOADER), warnCode=_TO_BACKUP
                ),
                done=self._uploads_done,
                recovered=lambda: None,
            ),
            output=Output(
                audio=config.stream_types != 1,
                video=config.stream_types != 0,
                mp4_seconds=mp4_seconds if request.mp4 else None,
                combined=config.stream_mode == "standard" and self.facts.mode == "individual",
            ),
            on_first=self._first_uploaded,
        )

    def _file_appeared(self, name: str) -> None:
        if name not in self.record.files:
            self.record.files.append(name)

    def _first_uploaded(self) -> None:
        names = ";".join(e.name for e in self.uploads.entries if e.name.endswith(".m3u8"))
        self._voice.say(Event.FILE_INFOS, fileList=names)

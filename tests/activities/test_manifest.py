"""The manifest says of every file and every second what storage holds, and why it is not more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.files import FileActivities
from longtake.contracts.payloads import CheckInput, LeftBehind, SegmentFiles
from longtake.domain.errors import RecordingError, Unauthorized, VendorUnavailable
from longtake.domain.files import LISTED, FileRef, Gap, Manifest, ManifestDocument, Outcome
from longtake.domain.ports import Attempt, ObjectStore
from longtake.domain.recording import RecordingRequest
from longtake.media.packets import held_seconds
from longtake.media.playlist import parse_playlist
from longtake.storage.bucket import Bucket, open_store
from longtake.storage.profile import StorageProfile
from longtake.vendors.agora.files import describe, playlist_began, sid_of
from tests.activities.fakes import (
    ATTEMPT,
    REQUEST,
    TASK,
    FakeDirectory,
    FakeRecorder,
    FakeStore,
    Tries,
)

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
PATH = ATTEMPT.path
SID, OTHER_SID = "0" * 32, "1" * 32
OURS = TASK.model_copy(update={"id": SID})
ROOM = "standup"
PLACEHOLDER = b"no media is made here\n"
LENGTH = 10.0
"""Seconds of a slice."""


class AgoraNames(FakeRecorder):
    """Names as Agora gives them: they tell more than the fake's own."""

    def task_id_in(self, attempt: Attempt, request: RecordingRequest, key: str) -> str | None:
        return sid_of(key, attempt.path or "shared", ROOM)

    def key_prefixes(
        self, request: RecordingRequest, attempt: Attempt, task_id: str = ""
    ) -> tuple[str, ...]:
        return (f"{attempt.path or 'shared'}/",)

    def describe_file(self, key: str) -> FileRef:
        return describe(key)

    def playlist_began(self, text: str) -> datetime | None:
        return playlist_began(text)


def packet(seconds: float) -> bytes:
    """One packet of a transport stream, with a time stamp."""
    at = round(seconds * 90_000) % 2**33
    five = (
        0x2100010001 | at >> 30 << 33 | (at >> 15 & 0x7FFF) << 17 | (at & 0x7FFF) << 1
    ).to_bytes(5)
    head = b"\x47\x40\x00\x10" + b"\0\0\1\xe0\0\0\x80\x80\5" + five
    return head.ljust(188, b"\xff")


def media(begins: float = 0.0, seconds: float = LENGTH, *, per_second: int = 10) -> bytes:
    frames = range(round(seconds * per_second))
    return b"".join(packet(begins + frame / per_second) for frame in frames)


def name(at: float, *, part: str = "", who: str = "", sid: str = SID) -> str:
    """A slice's, by the second after noon at which it begins."""
    begins = NOON + timedelta(seconds=at)
    return f"{part}{sid}_{ROOM}{who}_{begins:%Y%m%d%H%M%S}{begins.microsecond // 1000:03d}.ts"


def playlist(names: Sequence[str], *, ended: bool = True, length: float = LENGTH) -> bytes:
    lines = [line for name in names for line in (f"#EXTINF:{length:.6f}", name)]
    return "\n".join(["#EXTM3U", *lines, *(["#EXT-X-ENDLIST"] if ended else [])]).encode()


def take(count: int = 6, *, part: str = "", who: str = "", at: float = 0.0) -> dict[str, bytes]:
    """A whole recording of so many slices, by name."""
    names = [name(at + n * LENGTH, part=part, who=who) for n in range(count)]
    slices = {each: media(at + n * LENGTH) for n, each in enumerate(names)}
    return {f"{part}{SID}_{ROOM}{who}.m3u8": playlist(names), **slices}


class ReadOnly(FakeStore):
    """A bucket whose keys may not write, or that fails to."""

    def __init__(self, failure: RecordingError) -> None:
        whole = {key: b.decode() if key.endswith("m3u8") else "media" for key, b in take().items()}
        super().__init__({f"{PATH}/{key}": text for key, text in whole.items()})
        self.failure = failure

    async def create(self, key: str, content: bytes | Path) -> bool:
        raise self.failure


def segment(number: int = 1, **given: Any) -> SegmentFiles:
    plain = {"number": number, "task": OURS, "had_data": True, "reported": ()}
    return SegmentFiles.model_validate(plain | given)


async def stored(objects: Mapping[str, bytes], path: str = PATH) -> Bucket:
    bucket = open_store(StorageProfile("bucket", "memory://"))
    await add(bucket, objects, path)
    return bucket


async def add(bucket: Bucket, objects: Mapping[str, bytes], path: str) -> None:
    for key, content in objects.items():
        await bucket.write(f"{path}/{key}", content)


async def checked(
    bucket: ObjectStore, *segments: SegmentFiles, tries: Tries | None = None, **given: Any
) -> Manifest:
    files = FileActivities(FakeDirectory(AgoraNames(), bucket), parse_playlist, held_seconds)
    plain = {"request": REQUEST, "segments": segments or (segment(),), "final": True}
    order = CheckInput.model_validate(plain | {"session": "key"} | given)
    return await (tries or Tries()).next(files.check, order)


async def check_of(objects: Mapping[str, bytes], *segments: SegmentFiles, **given: Any) -> Manifest:
    return await checked(await stored(objects), *segments, **given)


async def document(bucket: Bucket, manifest: Manifest) -> ManifestDocument:
    return ManifestDocument.model_validate_json(await bucket.read(manifest.document))


async def test_a_whole_take_is_complete_with_the_time_of_every_file() -> None:
    manifest = await check_of(take())
    assert (manifest.outcome, manifest.reasons, manifest.gaps) == (Outcome.COMPLETE, (), ())
    assert (manifest.count, manifest.seconds) == (7, 60.0)
    slices = [file for file in manifest.files if file.kind == "segment"]
    assert [file.begins_at for file in slices] == [
        NOON + timedelta(seconds=10 * n) for n in range(6)
    ]
    assert {file.seconds for file in slices} == {LENGTH}


async def test_a_missing_middle_slice_is_named_with_its_time_and_its_seconds() -> None:
    objects = take()
    del objects[name(20)]
    manifest = await check_of(objects)
    assert manifest.outcome is Outcome.PARTIAL
    assert manifest.missing == (f"{PATH}/{name(20)}",)
    at = NOON + timedelta(seconds=20)
    key = f"{PATH}/{name(20)}"
    assert manifest.gaps == (Gap(cause="missing", segment=1, begins_at=at, seconds=10, key=key),)
    assert manifest.gap_seconds == 10
    assert manifest.reasons == (f"segment 1: 1 of 6 files missing (10.0 s), as {name(20)}",)


@pytest.mark.parametrize("count", [1, 3, 12])
async def test_a_slice_that_lost_its_second_half_is_damaged(count: int) -> None:
    objects = take(count)
    objects[name(0)] = media(0, 5)
    manifest = await check_of(objects)
    assert (manifest.outcome, manifest.missing) == (Outcome.PARTIAL, (f"{PATH}/{name(0)}",))
    [gap] = manifest.gaps
    assert (gap.cause, gap.key) == ("damaged", f"{PATH}/{name(0)}")
    assert gap.seconds == pytest.approx(5.1)
    assert gap.begins_at == NOON + timedelta(seconds=4.9)
    assert "1 files cut short (5.1 s)" in manifest.reasons[0]


@pytest.mark.parametrize("size", [1, 100, 189, 188 * 90 + 1])
async def test_a_slice_that_ends_within_a_packet_is_damaged(size: int) -> None:
    manifest = await check_of(take(12) | {name(30): media(30)[:size]})
    assert manifest.missing == (f"{PATH}/{name(30)}",)


async def test_slices_that_end_within_a_packet_are_all_found_however_many() -> None:
    manifest = await check_of(
        {key: content[:-1] if key.endswith(".ts") else content for key, content in take(50).items()}
    )
    assert len(manifest.missing) == 50


async def test_a_quiet_slice_of_few_bytes_is_whole() -> None:
    manifest = await check_of(take(12) | {name(30): media(30, per_second=2)})
    assert manifest.outcome is Outcome.COMPLETE, manifest.reasons


async def test_what_is_no_transport_stream_is_judged_by_its_presence() -> None:
    objects = {key: b if key.endswith("m3u8") else PLACEHOLDER for key, b in take().items()}
    assert (await check_of(objects)).outcome is Outcome.COMPLETE


async def test_a_day_of_slices_is_checked_whole_and_listed_in_part() -> None:
    objects = take(0) | dict.fromkeys((name(15.0 * n) for n in range(5760)), PLACEHOLDER)
    names = list(objects)[1:]
    objects[f"{SID}_{ROOM}.m3u8"] = playlist(names, length=15)
    lost = [names.pop(at) for at in (100, 3000)]
    bucket = await stored({key: objects[key] for key in objects if key not in lost})
    told = list[Any]()
    manifest = await checked(bucket, tries=Tries(told.append))
    assert (manifest.outcome, manifest.count) == (Outcome.PARTIAL, 5759)
    assert manifest.missing == tuple(f"{PATH}/{key}" for key in lost)
    assert (manifest.gap_seconds, manifest.seconds) == (30, 86_400)
    assert len(manifest.files) == LISTED
    assert manifest.files[0].kind == "playlist"
    assert len((await document(bucket, manifest)).files) == 5759
    assert len(told) > 10, "heartbeats"


async def test_slices_whose_playlist_is_missing_are_told() -> None:
    objects = take()
    del objects[f"{SID}_{ROOM}.m3u8"]
    manifest = await check_of(objects)
    assert manifest.reasons == ("segment 1: no playlist of the mix",)
    who = "__uid_s_1001__uid_e_audio"
    voices = {key: b for key, b in take(who=who).items() if key.endswith(".ts")}
    manifest = await check_of(take() | voices)
    assert manifest.reasons == ("segment 1: no playlist of user 1001's audio",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [(b"#EXTM3U\n#EXT-X-ENDLIST\n", "lists nothing"), (b"\0\1", "is no playlist")],
)
async def test_a_playlist_that_tells_nothing_is_named(text: bytes, reason: str) -> None:
    key = f"{SID}_{ROOM}.m3u8"
    manifest = await check_of(take() | {key: text})
    assert (manifest.outcome, manifest.reasons) == (Outcome.PARTIAL, (f"{PATH}/{key} {reason}",))


async def test_a_playlist_of_nothing_is_all_that_an_empty_room_leaves() -> None:
    objects = {f"{SID}_{ROOM}.m3u8": b"#EXTM3U\n#EXT-X-ENDLIST\n"}
    manifest = await check_of(objects, segment(had_data=False))
    assert (manifest.outcome, manifest.reasons) == (Outcome.EMPTY, ())


async def test_what_another_server_recorded_counts_and_the_time_between_is_told() -> None:
    first = take(3)
    first[f"{SID}_{ROOM}.m3u8"] = playlist(list(first)[1:], ended=False)  # its server failed
    manifest = await check_of(first | take(3, part="bak0_", at=38.5))
    assert (manifest.outcome, manifest.seconds) == (Outcome.COMPLETE, 60.0)
    assert {file.part for file in manifest.files} == {"", "bak0"}
    [gap] = manifest.gaps
    assert (gap.cause, gap.seconds, gap.key) == ("failover", 8.5, "")
    assert (gap.begins_at, manifest.gap_seconds) == (NOON + timedelta(seconds=30), 0)
    assert manifest.reasons == ("segment 1: up to 8.5 s not recorded during a failover",)


async def test_of_playlists_that_tell_of_the_same_the_longer_counts() -> None:
    objects = take(6)
    names = list(objects)[1:]
    objects[f"{SID}_{ROOM}.m3u8"] = playlist(names[:4])
    objects[f"{SID}_{ROOM}_1796025542923_0.m3u8"] = playlist(names[:5], ended=False)
    objects[f"{SID}_{ROOM}_1796025542923_1.m3u8"] = playlist(names)
    del objects[names[5]]
    manifest = await check_of(objects)
    assert manifest.seconds == 60
    assert manifest.missing == (f"{PATH}/{names[5]}",)


async def test_time_in_which_nobody_published_is_a_gap_that_lowers_no_grade() -> None:
    objects = take(3) | {name(100): media(100)}
    objects[f"{SID}_{ROOM}.m3u8"] = playlist(list(objects)[1:])
    manifest = await check_of(objects)
    assert (manifest.outcome, manifest.reasons) == (Outcome.COMPLETE, ())
    assert [(gap.cause, gap.seconds) for gap in manifest.gaps] == [("unrecorded", 70.0)]


async def test_a_playlist_of_playlists_is_never_closed() -> None:
    who = "__uid_s_1001__uid_e_"
    both = f'#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI="{SID}_{ROOM}{who}audio.m3u8"\n'
    both += f"#EXT-X-STREAM-INF:BANDWIDTH=1\n{SID}_{ROOM}{who}video.m3u8\n"
    objects = take(who=f"{who}audio") | {f"{SID}_{ROOM}{who}av.m3u8": both.encode()}
    manifest = await check_of(objects | take(who=f"{who}video"))
    assert (manifest.outcome, manifest.seconds) == (Outcome.COMPLETE, 60.0)
    manifest = await check_of(objects)
    assert manifest.missing == (f"{PATH}/{SID}_{ROOM}{who}video.m3u8",)


async def test_the_time_from_one_task_to_the_next_is_told() -> None:
    bucket = await stored(take(3))
    await add(bucket, take(3, at=45), "takes/two")
    two = OURS.model_copy(update={"attempt": ATTEMPT.model_copy(update={"path": "takes/two"})})
    manifest = await checked(bucket, segment(), segment(2, task=two))
    [gap] = manifest.gaps
    assert (gap.cause, gap.segment, gap.seconds) == ("restart", 2, 15.0)
    assert (manifest.outcome, manifest.seconds) == (Outcome.COMPLETE, 60.0)


async def test_the_vendor_s_word_completes_what_names_do_not_tell() -> None:
    key = f"{PATH}/{SID}_{ROOM}_0.mp4"
    told = FileRef(key=key, kind="mp4", begins_at=NOON, seconds=60, url="https://x/y.mp4")
    manifest = await check_of(take() | {f"{SID}_{ROOM}_0.mp4": b"film"}, segment(reported=(told,)))
    [film] = [file for file in manifest.files if file.kind == "mp4"]
    assert (film.begins_at, film.seconds, film.url, film.size) == (NOON, 60, told.url, 4)


async def test_a_file_of_video_on_demand_is_not_looked_for_in_the_bucket() -> None:
    told = FileRef(key="387702", file_id="387702")
    assert (await check_of(take(), segment(reported=(told,)))).outcome is Outcome.COMPLETE


class Counting(FakeStore):
    """Remembers into which objects somebody looked."""

    looked_into: Sequence[str] = ()

    async def read_range(self, key: str, start: int, length: int) -> bytes:
        self.looked_into = (*self.looked_into, key)
        return await super().read_range(key, start, length)


async def test_while_files_are_on_their_way_no_slice_is_looked_into() -> None:
    texts = {f"{PATH}/{key}": content.decode("latin-1") for key, content in take(3).items()}
    store = Counting({key: text for key, text in texts.items() if not key.endswith(name(20))})
    with pytest.raises(ApplicationError, match="1 of 3 files missing"):
        await checked(store, final=False)
    assert store.looked_into == ()
    await checked(store)
    assert store.looked_into == (f"{PATH}/{name(0)}", f"{PATH}/{name(10)}")


# --- what is nobody's -----------------------------------------------------------------------------


async def test_files_of_lost_attempts_are_listed_and_lower_no_grade() -> None:
    bucket = await stored(take())
    stray = ATTEMPT.model_copy(update={"number": 2, "path": "takes/stray"})
    await add(bucket, {name(0, sid=OTHER_SID): b"x"}, "takes/stray")
    await add(bucket, {name(5, sid=OTHER_SID): b"xy"}, PATH)
    manifest = await checked(bucket, besides=(LeftBehind(attempt=stray),))
    assert manifest.outcome is Outcome.COMPLETE
    assert manifest.reasons == ("2 files are of attempts that became no segment",)
    unclaimed = (await document(bucket, manifest)).unclaimed
    assert {(f.attempt, f.task_id, f.kind, f.size) for f in unclaimed} == {
        (1, OTHER_SID, "segment", 2),
        (2, OTHER_SID, "segment", 1),
    }


async def test_where_attempts_share_a_path_only_a_known_task_s_files_are_listed() -> None:
    bucket = await stored({name(0, sid=OTHER_SID): b"x", name(5, sid="2" * 32): b"y"}, "shared")
    shared = ATTEMPT.model_copy(update={"path": ""})
    manifest = await checked(bucket, besides=(LeftBehind(attempt=shared, task_id=OTHER_SID),))
    [file] = (await document(bucket, manifest)).unclaimed
    assert (file.key, file.task_id) == (f"shared/{name(0, sid=OTHER_SID)}", OTHER_SID)


@pytest.mark.parametrize(("failed", "outcome"), [(True, Outcome.FAILED), (False, Outcome.EMPTY)])
async def test_what_strays_left_is_listed_where_nothing_else_was_recorded(
    *, failed: bool, outcome: Outcome
) -> None:
    bucket = await stored({name(0): b"x"})
    lost = (LeftBehind(attempt=ATTEMPT),)
    manifest = await checked(bucket, segments=(), besides=lost, failed=failed)
    assert (manifest.outcome, manifest.count) == (outcome, 0)
    assert len((await document(bucket, manifest)).unclaimed) == 1


# --- the document ---------------------------------------------------------------------------------


async def test_the_document_holds_all_and_is_not_written_twice() -> None:
    request = REQUEST.model_copy(
        update={"output": REQUEST.output.model_copy(update={"path_prefix": "takes/of"})}
    )
    bucket = await stored(take())
    manifest = await checked(bucket, request=request)
    assert manifest.document == "takes/of/key/manifest.json"
    written = await document(bucket, manifest)
    assert (written.session, written.room, written.document) == ("key", ROOM, "")
    assert [(task.segment, task.id) for task in written.tasks] == [(1, SID)]
    assert written.listed(manifest.document) == manifest
    assert await checked(bucket, request=request) == manifest


async def test_a_later_check_that_finds_another_state_is_written_beside() -> None:
    bucket, objects = await stored(take()), take()
    await bucket.delete(f"{PATH}/{name(20)}")
    assert (await checked(bucket)).document == "key/manifest.json"
    before = await bucket.read("key/manifest.json")
    await bucket.write(f"{PATH}/{name(20)}", objects[name(20)])
    assert (await checked(bucket)).document == "key/manifest.2.json"
    assert await bucket.read("key/manifest.json") == before


async def test_a_foreign_object_in_its_place_is_left_alone() -> None:
    bucket = await stored(take())
    await bucket.write("key/manifest.json", b"mine")
    assert (await checked(bucket)).document == "key/manifest.2.json"
    assert await bucket.read("key/manifest.json") == b"mine"


async def test_a_bucket_that_takes_no_manifest_lowers_no_grade() -> None:
    manifest = await checked(
        ReadOnly(Unauthorized("storage bucket: cannot write: 403")), final=False
    )
    assert (manifest.outcome, manifest.document) == (Outcome.COMPLETE, "")
    [reason] = manifest.reasons
    assert reason == "manifest.json was not written: storage bucket: cannot write: 403"


async def test_a_bucket_that_fails_is_written_to_again_until_the_last_look() -> None:
    bucket = ReadOnly(VendorUnavailable("storage bucket: cannot write: 503"))
    with pytest.raises(ApplicationError, match="503"):
        await checked(bucket, final=False)
    manifest = await checked(bucket)
    assert (manifest.outcome, len(manifest.reasons)) == (Outcome.COMPLETE, 1)


# --- ends of slices -------------------------------------------------------------------------------


def test_time_stamps_go_on_past_their_end() -> None:
    wrap = 2**33 / 90_000
    assert held_seconds(media(wrap - 5), b"") == pytest.approx(9.9)
    assert held_seconds(packet(1), packet(8)) == 7


@pytest.mark.parametrize("content", [b"", PLACEHOLDER, b"\x1aE\xdf\xa3"])
def test_what_is_no_transport_stream_holds_no_known_time(content: bytes) -> None:
    assert held_seconds(content, content) is None
    assert held_seconds(b"\x47\x40", b"") == 0

from __future__ import annotations

import itertools
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from longtake.emulator.media.participants import Participant, colour, tone
from longtake.emulator.media.picture import Picture, Region, draw
from longtake.emulator.media.playlist import PlaylistEntry, PlaylistStyle, render_playlist
from longtake.emulator.media.slices import (
    Scene,
    Timeline,
    encode_slice,
    remux_mp4,
    scaled,
    snapshot,
)

BEGIN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
FPS = 10
ADA = Participant("1001", "Ada", audio=True, video=True)
BO = Participant("1002", "Bo", audio=True, video=True)
BACKGROUND = (16, 32, 64)
AAC_FRAME = Fraction(1024, 48_000)

LEFT, RIGHT = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 0.5, 1.0)
LEFT_CENTRE, RIGHT_CENTRE = (0.25, 0.5), (0.75, 0.5)


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def picture(*regions: Region, size: tuple[int, int] = (320, 180)) -> Picture:
    return Picture(*size, "#102040", regions)


def side_by_side(left: Participant, right: Participant) -> Picture:
    return picture(Region(left.user, *LEFT), Region(right.user, *RIGHT))


BOTH = Scene(side_by_side(ADA, BO), (ADA, BO))


def encoded(
    timeline: Timeline | Scene = BOTH,
    *,
    begin: float = 0.0,
    duration: float = 2.0,
    video: bool = True,
    audio: bool = True,
    bitrate: int | None = None,
) -> bytes:
    """The slice that lies ``begin`` to ``begin + duration`` seconds into the recording."""
    return encode_slice(
        [(BEGIN, timeline)] if isinstance(timeline, Scene) else timeline,
        BEGIN + seconds(begin),
        BEGIN + seconds(begin + duration),
        fps=FPS,
        video=video,
        audio=audio,
        first_pts=begin,
        bitrate=bitrate,
    )


def frames(media: bytes) -> list[NDArray[np.uint8]]:
    with av.open(BytesIO(media), "r") as container:
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        return [np.asarray(frame, np.uint8) for frame in decoded]


def sound(media: bytes) -> NDArray[np.float32]:
    with av.open(BytesIO(media), "r") as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def times(media: bytes, kind: str) -> list[Fraction]:
    with av.open(BytesIO(media), "r") as container:
        packets = [packet for packet in container.demux() if packet.stream.type == kind]
        return [packet.pts * packet.time_base for packet in packets if packet.pts is not None]


def at(frame: NDArray[np.uint8], point: tuple[float, float]) -> NDArray[np.float64]:
    """The mean colour of the 4 x 4 pixels about a point given in fractions."""
    x, y = int(point[0] * frame.shape[1]), int(point[1] * frame.shape[0])
    return frame[y - 2 : y + 2, x - 2 : x + 2].mean(axis=(0, 1))


def shows(frame: NDArray[np.uint8], point: tuple[float, float], rgb: Iterable[int]) -> bool:
    return bool(np.abs(at(frame, point) - list(rgb)).max() < 12)


def loud(samples: NDArray[np.float32], count: int) -> set[int]:
    """The ``count`` strongest frequencies in whole hertz, over one second inside the signal."""
    second = samples[4_800 : 4_800 + 48_000] * np.hanning(48_000)
    spectrum = np.abs(np.fft.rfft(second))
    found: set[int] = set()
    while len(found) < count:
        peak = int(spectrum.argmax())
        found.add(peak)
        spectrum[peak - 3 : peak + 4] = 0  # the window spreads a tone over its neighbours
    return found


# Participants


@pytest.mark.parametrize(("stem", "first"), [("", 1), ("", 1000), ("", 527_841), ("user_", 0)])
def test_seventeen_numbered_users_have_colours_apart(stem: str, first: int) -> None:
    colours = [np.array(colour(f"{stem}{first + n}")) for n in range(17)]
    assert min(np.abs(a - b).max() for a, b in itertools.combinations(colours, 2)) > 24


@pytest.mark.parametrize("user", ["1", "4294967295", "alice", "", "用户", "teacher_01@school"])
def test_a_colour_is_never_near_black_white_or_grey(user: str) -> None:
    strongest, weakest = max(colour(user)), min(colour(user))
    assert strongest > 140
    assert weakest < 60


def test_tones_of_numbered_users_differ_and_are_audible() -> None:
    tones = {tone(str(1000 + n)) for n in range(17)}
    assert len(tones) == 17
    assert all(200 <= each <= 900 for each in tones)


# Picture


def test_each_pane_centre_is_its_participants_colour() -> None:
    frame = draw(side_by_side(ADA, BO), (ADA, BO), BEGIN)
    assert frame.shape == (180, 320, 3)
    assert tuple(at(frame, LEFT_CENTRE)) == colour("1001")
    assert tuple(at(frame, RIGHT_CENTRE)) == colour("1002")


def test_smallest_documented_panes_keep_their_centre_clear() -> None:
    people = tuple(replace(ADA, user=str(n)) for n in range(1, 17))
    cells = [
        Region(who.user, 0.9 - n // 8 / 10, n % 8 / 8, 0.1, 0.125) for n, who in enumerate(people)
    ]
    frame = draw(picture(*cells), people, BEGIN + seconds(1.9))
    for cell, who in zip(cells, people, strict=True):
        centre = (cell.x + cell.width / 2, cell.y + cell.height / 2)
        assert tuple(at(frame, centre)) == colour(who.user)


def test_absent_user_and_empty_cell_show_the_background() -> None:
    frame = draw(picture(Region("9", *LEFT), Region(None, *RIGHT)), (ADA,), BEGIN)
    assert (frame == BACKGROUND).all()


def test_participant_without_video_has_a_dark_named_pane() -> None:
    silent = replace(ADA, video=False)
    frame = draw(picture(Region("1001", 0, 0, 1, 1)), (silent,), BEGIN)
    assert at(frame, (0.5, 0.5)).max() < 64
    assert (frame[:30, :60] == 255).any()  # the name
    assert tuple(frame[-1, 160]) == colour("1001")  # the outline


def test_fit_letterboxes_where_crop_fills() -> None:
    fit = draw(picture(Region("1001", *LEFT, fit="fit")), (ADA,), BEGIN)
    crop = draw(picture(Region("1001", *LEFT, fit="crop")), (ADA,), BEGIN)
    assert tuple(at(fit, (0.25, 0.1))) == (0, 0, 0)
    assert tuple(at(crop, (0.25, 0.9))) == tuple(at(fit, LEFT_CENTRE)) == colour("1001")


def test_later_region_covers_earlier_by_its_alpha() -> None:
    below, above = Region("1001", 0, 0, 1, 1), (0.2, 0.2, 0.6, 0.6)
    opaque = draw(picture(below, Region("1002", *above)), (ADA, BO), BEGIN)
    half = draw(picture(below, Region("1002", *above, alpha=0.5)), (ADA, BO), BEGIN)
    mean = (np.array(colour("1001")) + colour("1002")) / 2
    assert tuple(at(opaque, (0.5, 0.5))) == colour("1002")
    assert np.abs(at(half, (0.5, 0.5)) - mean).max() <= 1


def test_every_frame_of_a_second_differs() -> None:
    shown = [draw(side_by_side(ADA, BO), (ADA, BO), BEGIN + seconds(n / 10)) for n in range(10)]
    assert len({frame.tobytes() for frame in shown}) == 10


def test_region_reaching_over_the_canvas_is_clipped() -> None:
    frame = draw(picture(Region("1001", 0.5, 0.5, 0.6, 0.6)), (ADA,), BEGIN)
    assert tuple(at(frame, (0.75, 0.75))) == colour("1001")


# Slices


def test_slice_holds_every_frame_and_starts_with_a_keyframe() -> None:
    media = encoded(duration=2.5)
    with av.open(BytesIO(media), "r") as container:
        assert container.format.name == "mpegts"
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        decoded = list(container.decode(video=0))
    assert len(decoded) == 25
    assert {(frame.width, frame.height) for frame in decoded} == {(320, 180)}
    assert decoded[0].key_frame


def test_video_times_are_exact_and_continue_in_the_next_slice() -> None:
    both = times(encoded(duration=1.5), "video") + times(encoded(begin=1.5, duration=2), "video")
    assert both == [Fraction(n, FPS) for n in range(35)]


def test_audio_frames_of_consecutive_slices_leave_no_gap() -> None:
    both = times(encoded(duration=1.5), "audio") + times(encoded(begin=1.5, duration=2), "audio")
    assert both[0] == 0
    assert {after - before for before, after in itertools.pairwise(both)} == {AAC_FRAME}
    assert abs(both[-1] + AAC_FRAME - Fraction("3.5")) < AAC_FRAME


def test_layout_change_is_seen_from_its_frame_on() -> None:
    swapped = Scene(side_by_side(BO, ADA), (ADA, BO))
    decoded = frames(encoded([(BEGIN, BOTH), (BEGIN + seconds(1), swapped)]))
    assert shows(decoded[9], LEFT_CENTRE, colour("1001"))
    assert shows(decoded[9], RIGHT_CENTRE, colour("1002"))
    assert shows(decoded[10], LEFT_CENTRE, colour("1002"))
    assert shows(decoded[19], RIGHT_CENTRE, colour("1001"))


def test_slice_starts_in_the_scene_already_in_force() -> None:
    alone = Scene(picture(Region("1002", 0, 0, 1, 1)), (BO,))
    decoded = frames(encoded([(BEGIN, BOTH), (BEGIN + seconds(3), alone)], begin=4, duration=1))
    assert shows(decoded[0], LEFT_CENTRE, colour("1002"))


def test_frames_are_missing_while_nothing_is_seen() -> None:
    hidden = Scene(None, (ADA, BO))
    timeline = [(BEGIN, BOTH), (BEGIN + seconds(0.5), hidden), (BEGIN + seconds(1.5), BOTH)]
    shown = times(encoded(timeline), "video")
    assert shown == [Fraction(n, FPS) for n in (0, 1, 2, 3, 4, 15, 16, 17, 18, 19)]


def test_one_publisher_sounds_at_its_own_tone() -> None:
    muted = replace(BO, audio=False)
    samples = sound(encoded(Scene(None, (ADA, muted)), video=False))
    assert loud(samples, 1) == {int(tone("1001"))}
    assert 0.15 < np.abs(samples[4_800:-4_800]).max() < 0.25


def test_two_publishers_are_both_heard() -> None:
    assert loud(sound(encoded(video=False)), 2) == {int(tone("1001")), int(tone("1002"))}


def test_nobody_publishing_is_silence() -> None:
    muted = replace(ADA, audio=False)
    samples = sound(encoded(Scene(None, (muted,)), video=False))
    assert samples.size >= 2 * 48_000 - 1024
    assert np.abs(samples).max() < 1e-3


def test_unmuting_is_heard_from_its_instant_on() -> None:
    muted = Scene(None, (replace(ADA, audio=False),))
    heard = Scene(None, (ADA,))
    samples = sound(encoded([(BEGIN, muted), (BEGIN + seconds(1), heard)], video=False))
    assert np.abs(samples[:46_000]).max() < 0.01
    assert np.abs(samples[50_000:90_000]).max() > 0.15


def test_tone_continues_through_a_slice_boundary() -> None:
    scene = Scene(None, (ADA,))
    cut = float(72 * AAC_FRAME)  # between two audio frames: the second slice has none in common
    first = encoded(scene, video=False, duration=cut)
    forgetful = [(BEGIN + seconds(cut), scene)]  # of all that was before this slice
    second = encoded(forgetful, begin=cut, video=False, duration=cut)
    samples = sound(remux_mp4([first, second]))
    unbroken = 0.2 * np.sin(np.arange(samples.size) * (2 * np.pi * tone("1001") / 48_000))
    assert np.abs(samples - unbroken)[4_800:-4_800].max() < 0.01


@pytest.mark.parametrize("kinds", [{"video"}, {"audio"}, {"audio", "video"}])
def test_slice_holds_only_the_streams_asked_for(kinds: set[str]) -> None:
    media = encoded(duration=0.5, video="video" in kinds, audio="audio" in kinds)
    with av.open(BytesIO(media), "r") as container:
        assert {stream.type for stream in container.streams} == kinds


def test_odd_canvas_is_encoded_at_the_even_size_below() -> None:
    odd = Scene(picture(Region("1001", 0, 0, 1, 1), size=(361, 641)), (ADA,))
    decoded = frames(encoded(odd, duration=0.5, audio=False))
    assert {frame.shape for frame in decoded} == {(640, 360, 3)}
    assert shows(decoded[-1], (0.5, 0.5), colour("1001"))


def test_lower_bitrate_makes_a_smaller_slice() -> None:
    low, high = (len(encoded(audio=False, bitrate=kbps)) for kbps in (20, 400))
    assert low < 0.7 * high


@pytest.mark.parametrize(
    ("timeline", "begin", "duration", "complaint"),
    [
        ([], 0, 1, "begins after"),
        ([(BEGIN + seconds(0.1), BOTH)], 0, 1, "begins after"),
        ([(BEGIN, Scene(None, (ADA,)))], 0, 1, "no picture"),
        ([(BEGIN, BOTH)], 1, 0, "duration"),
    ],
)
def test_slice_that_cannot_be_made_is_refused(
    timeline: Timeline, begin: float, duration: float, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        encoded(timeline, begin=begin, duration=duration)


def test_threads_encode_the_same_bytes_as_one() -> None:
    swapped = Scene(side_by_side(BO, ADA), (ADA, BO))
    scenes = [BOTH, swapped, BOTH, swapped]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(encoded, scenes)) == [encoded(scene) for scene in scenes]


# MP4 and snapshots


def test_mp4_holds_all_slices_without_reencoding() -> None:
    slices = [encoded(begin=n * 1.5, duration=1.5) for n in range(1, 4)]
    mp4 = remux_mp4(slices)
    with av.open(BytesIO(mp4), "r") as container:
        lengths = {
            stream.type: (stream.duration or 0) * (stream.time_base or 0)
            for stream in container.streams
        }
    assert lengths["video"] == Fraction("4.5")
    assert abs(lengths["audio"] - Fraction("4.5")) <= AAC_FRAME
    assert times(mp4, "video") == [Fraction(n, FPS) for n in range(45)]
    originals = [frame for media in slices for frame in frames(media)]
    assert all(np.array_equal(a, b) for a, b in zip(frames(mp4), originals, strict=True))


def test_mp4_index_comes_before_its_media() -> None:
    mp4 = remux_mp4([encoded(duration=0.5)])
    assert mp4.index(b"moov") < mp4.index(b"mdat")


def test_mp4_of_sound_alone_keeps_its_length() -> None:
    mp4 = remux_mp4([encoded(begin=n, duration=1, video=False) for n in range(2)])
    assert abs(sound(mp4).size - 2 * 48_000) <= 1024


def test_snapshot_is_a_jpeg_of_the_frame() -> None:
    jpeg = snapshot(side_by_side(ADA, BO), (ADA, BO), BEGIN)
    image = Image.open(BytesIO(jpeg))
    assert (image.format, image.size) == ("JPEG", (320, 180))
    assert shows(np.asarray(image), RIGHT_CENTRE, colour("1002"))


@pytest.mark.parametrize(
    ("canvas", "small"),
    [
        ((1920, 1080), (320, 180)),
        ((360, 640), (180, 320)),
        ((361, 641), (180, 320)),
        ((320, 180), (320, 180)),
        ((161, 91), (160, 90)),
        ((4000, 1), (320, 2)),
    ],
)
def test_scaled_canvas_is_small_even_and_of_one_shape(
    canvas: tuple[int, int], small: tuple[int, int]
) -> None:
    assert scaled(*canvas) == small


# Playlist


def test_growing_playlist_is_written_as_agora_writes_it() -> None:
    event = "#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE=AUDIO,TIME=20260301093000000"
    entries = [
        PlaylistEntry("a_1.ts", 15.0, tags=(event,)),
        PlaylistEntry("a_2.ts", 15.0671, discontinuity=True),
    ]
    assert render_playlist(entries, ended=False).splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-ALLOW-CACHE:YES",
        "#EXT-X-TARGETDURATION:16",
        event,
        "#EXTINF:15.000000",
        "a_1.ts",
        "#EXT-X-DISCONTINUITY",
        "#EXTINF:15.067100",
        "a_2.ts",
    ]


def test_ended_playlist_closes_and_may_follow_the_standard() -> None:
    style = PlaylistStyle(comma=True)
    text = render_playlist([PlaylistEntry("a.ts", 4.0)], ended=True, style=style)
    assert text.endswith("#EXTINF:4.000000,\na.ts\n#EXT-X-ENDLIST\n")


def test_a_player_reads_the_playlist_as_one_recording(tmp_path: Path) -> None:
    for n in range(3):
        (tmp_path / f"{n}.ts").write_bytes(encoded(begin=n, duration=1))
    entries = [PlaylistEntry(f"{n}.ts", 1.0) for n in range(3)]
    playlist = tmp_path / "index.m3u8"
    playlist.write_text(render_playlist(entries, ended=True))
    with av.open(playlist, "r") as container:
        shown = [frame.time for frame in container.decode(video=0)]
    assert shown == pytest.approx([n / FPS for n in range(30)])

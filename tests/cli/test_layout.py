"""`longtake layout preview`: a layout seen without a recording."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from rich.text import Text

from longtake.cli import run
from longtake.cli.blocks import blocks, size_within
from longtake.cli.exits import Code
from longtake.domain.layout import CustomLayout, FloatingLayout, GridLayout, Pane
from longtake.drawing.colours import colour
from longtake.drawing.picture import compose
from longtake.drawing.svg import svg

PREVIEW = ("layout", "preview")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder without settings, where the output is no terminal."""
    monkeypatch.chdir(tmp_path)
    for name in ("LONGTAKE_SETTINGS", "FORCE_COLOR", "TTY_COMPATIBLE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def lines(drawn: Text) -> list[str]:
    return drawn.plain.splitlines()


def test_svg_goes_to_a_file_or_to_a_pipe(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = (*PREVIEW, "speaker", "--main", "b", "--users", "a, b", "--canvas", "640x360")
    expected = svg(compose(FloatingLayout(main="b"), ["a", "b"], (640, 360)))
    assert run(asked) == Code.DONE
    piped = capsys.readouterr().out
    assert run([*asked, "--out", "x.svg"]) == Code.DONE
    assert capsys.readouterr().out == "x.svg\n"
    assert (here / "x.svg").read_text(encoding="utf-8") == piped
    assert piped.splitlines()[0] == expected.splitlines()[0]
    assert piped.index(">b<") < piped.index(">a<")


def test_png_has_the_size_of_the_canvas_and_no_names_if_so_asked(here: Path) -> None:
    asked = (*PREVIEW, "grid", "--users", "1,2", "--canvas", "320x200")
    assert run([*asked, "--out", "named.PNG"]) == Code.DONE
    assert run([*asked, "--no-names", "--out", "flat.png"]) == Code.DONE
    with Image.open(BytesIO((here / "flat.png").read_bytes())) as flat:
        assert flat.size == (320, 200)
        assert {ink for _, ink in flat.getcolors() or ()} == {colour("1"), colour("2")}
    with Image.open(BytesIO((here / "named.PNG").read_bytes())) as named:
        assert len(named.getcolors() or ()) > 2


def test_who_is_not_shown_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    panes = '[{"x": 0, "y": 0, "width": 1, "height": 1, "user": "2"}]'
    assert run([*PREVIEW, "custom", panes, "--users", "1,2,\x1b[31m"]) == Code.DONE
    assert capsys.readouterr().err == "longtake: not shown: 1, \ufffd[31m\n"
    assert run([*PREVIEW, "grid", "--users", "1,2"]) == Code.DONE
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pyramid"], ["layout", "'pyramid'", "'screen_share'"]),
        (["screen_share"], ["layout.main", "required"]),
        (["grid", "--main", "1"], ["layout.main"]),
        (["custom", "[]"], ["layout.panes", "at least 1"]),
        (["absent.json"], ["layout", "absent.json"]),
        (["grid", "--users", ""], ["--users", "1 to 128 characters", "1001,1002"]),
        (["grid", "--users", "1,,2"], ["--users", "1 to 128 characters"]),
        (["grid", "--users", "x" * 129], ["--users", "1 to 128 characters"]),
        (["grid", "--users", "1,2,1"], ["--users", "all different", "1,2,1"]),
        (["grid", "--canvas", "0x0"], ["--canvas.width", "--canvas.height", "16"]),
        (["grid", "--canvas", "1280x99999"], ["--canvas.height", "4096"]),
        (["grid", "--canvas", "wide"], ["--canvas", "WIDTHxHEIGHT"]),
        (["grid", "--out", "x.gif"], ["--out", ".svg or .png", "x.gif"]),
        (["grid", "--out", "no/such/folder.svg"], ["--out", "no/such/folder.svg"]),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_wrong_words_are_named_with_what_is_allowed(
    arguments: list[str], words: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    users = [] if "--users" in arguments else ["--users", "1,2"]
    code, told = run([*PREVIEW, *arguments, *users]), capsys.readouterr()
    assert code == Code.USAGE
    assert [word for word in words if word not in told.err] == []
    assert "Traceback" not in told.err
    assert not told.out
    assert not list(here.iterdir())


def test_users_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*PREVIEW, "grid"]) == Code.USAGE
    assert "--users" in capsys.readouterr().err


def test_a_terminal_with_colours_shows_the_picture(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("FORCE_COLOR", "1"), ("COLORTERM", "truecolor"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", "30")
    assert run([*PREVIEW, "grid", "--users", "ada,b"]) == Code.DONE
    shown = capsys.readouterr().out
    ink = ";".join(map(str, colour("ada")))
    assert f"\x1b[38;2;{ink};48;2;{ink}m▀" in shown
    plain = Text.from_ansi(shown).plain.splitlines()
    assert [len(line) for line in plain] == [40] * 11
    assert plain[0] == "▀ada" + "▀" * 17 + "b" + "▀" * 18
    monkeypatch.setenv("NO_COLOR", "1")
    assert run([*PREVIEW, "grid", "--users", "ada,b"]) == Code.DONE
    assert capsys.readouterr().out.startswith("<svg ")


def test_a_character_shows_two_pixels() -> None:
    panes = (Pane(x=0, y=0, width=1, height=0.5), Pane(x=0, y=0.5, width=1, height=0.5))
    drawn = blocks(compose(CustomLayout(panes=panes), ["1", "2"], (2, 2)), names=False)
    (span,) = drawn.spans
    style = span.style
    assert drawn.plain == "▀▀\n"
    assert not isinstance(style, str)
    assert style.color is not None
    assert style.bgcolor is not None
    assert (style.color.triplet, style.bgcolor.triplet) == (colour("1"), colour("2"))


@pytest.mark.parametrize("name", ["会议室主持人会议室主持人", "e\u0301" * 9, "\x1b[2J\n", "שלום"])
def test_every_line_is_as_wide_as_the_picture_whatever_users_are_called(name: str) -> None:
    picture = compose(FloatingLayout(), [name, *"123456789"], (31, 18))
    assert {Text(line).cell_len for line in lines(blocks(picture))} == {31}


def test_names_do_not_shine_through_panes_above_them() -> None:
    panes = (Pane(x=0, y=0, width=1, height=1), Pane(x=0.5, y=0, width=0.5, height=1))
    drawn = blocks(compose(CustomLayout(panes=panes), ["abcdefgh", "z"], (12, 4)))
    assert lines(drawn)[0] == "▀abcd▀▀z▀▀▀▀"


def test_picture_of_the_terminal_keeps_the_shape_of_the_canvas() -> None:
    assert size_within((1280, 720), 80, 50) == (80, 44)
    assert size_within((1280, 720), 200, 20) == (71, 40)
    assert size_within((720, 1280), 80, 20) == (22, 40)
    width, height = size_within((4096, 16), 80, 20)
    assert (width, height) == (80, 2)
    assert lines(blocks(compose(GridLayout(), ["1"], (width, height))))[0].startswith("▀1")

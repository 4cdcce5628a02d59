from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from longtake.cli.exits import Exit
from longtake.cli.options import HOST, as_duration, pairs
from longtake.cli.ports import choose
from longtake.cli.request import canvas, layout_fields, layout_from
from longtake.domain.layout import CustomLayout, ScreenShareLayout

PANE = {"x": 0, "y": 0, "width": 1, "height": 1, "user": "7"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45m", 2700.0), ("1h30m", 5400.0), ("2d", 172_800.0), ("90s", 90.0), ("90", 90.0)],
)
def test_duration_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert as_duration(text) == seconds


@pytest.mark.parametrize("text", ["PT45M", "1.5h", "m45", "-5m"])
def test_other_durations_are_left_to_the_request(text: str) -> None:
    assert as_duration(text) == text


def test_canvas_without_a_rate_leaves_it_to_the_request() -> None:
    assert canvas("1280x720") == {"width": 1280, "height": 720}
    assert canvas("640x360@30") == {"width": 640, "height": 360, "fps": 30}


@pytest.mark.parametrize("panes", [[PANE], {"panes": [PANE], "background_color": "#112233"}])
def test_custom_layout_is_its_panes_or_the_whole(panes: object, tmp_path: Path) -> None:
    file = tmp_path / "layout.json"
    file.write_text(json.dumps(panes))
    for given in (str(file), json.dumps(panes)):
        layout = layout_from(layout_fields("custom", given))
        assert isinstance(layout, CustomLayout)
        assert [pane.user for pane in layout.panes] == ["7"]


def test_whole_layout_is_json_or_a_file(tmp_path: Path) -> None:
    whole = json.dumps({"kind": "screen_share", "main": "9"})
    file = tmp_path / "share.json"
    file.write_text(whole)
    for given in (whole, str(file)):
        assert layout_from(layout_fields(given)) == ScreenShareLayout(main="9")


def test_pair_keeps_what_follows_its_first_equals_sign() -> None:
    assert pairs("--label", ["a=b=c", "empty="]) == {"a": "b=c", "empty": ""}


def test_taken_port_is_replaced_unless_it_was_named(unused_tcp_port: int) -> None:
    with socket.socket() as listener:
        listener.bind((HOST, unused_tcp_port))
        listener.listen()
        chosen, lines = choose({"ui": (unused_tcp_port, None)})
        assert chosen["ui"] != unused_tcp_port
        assert str(unused_tcp_port) in lines[0]
        with pytest.raises(Exit, match="--ui-port"):
            choose({"ui": (1, unused_tcp_port)})


def test_chosen_ports_all_differ(unused_tcp_port: int) -> None:
    names = ["temporal", "ui", "emulator"]
    wanted = dict.fromkeys(names, (unused_tcp_port, None))
    chosen, lines = choose(wanted)
    assert len(set(chosen.values())) == len(wanted)
    assert len(lines) == len(wanted) - 1

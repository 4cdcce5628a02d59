"""Layouts: give a session another one, or see one without recording anything."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from longtake.cli.blocks import blocks, size_within
from longtake.cli.exits import Code, Exit
from longtake.cli.options import (
    AccountOption,
    PurposeOption,
    Room,
    RoomArgument,
    SettingsOption,
    run,
)
from longtake.cli.request import canvas, layout_fields, layout_from, users
from longtake.domain.errors import invalid_request
from longtake.domain.layout import Layout
from longtake.domain.recording import Canvas
from longtake.drawing.labels import printable
from longtake.drawing.picture import Picture, compose
from longtake.drawing.svg import svg

LayoutArgument = Annotated[
    str,
    typer.Argument(
        metavar="LAYOUT",
        help="grid, speaker, floating, screen_share or custom; or a whole layout as JSON or"
        " a JSON file.",
    ),
]
PanesArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[PANES]",
        help="For custom: the panes as JSON or a JSON file.",
        show_default=False,
    ),
]
MainOption = Annotated[str | None, typer.Option("--main", help="The user who is shown large.")]

app = typer.Typer(
    help="Change a session's layout, or see what a layout looks like.", no_args_is_help=True
)


@app.command("set")
def set_(
    room: RoomArgument,
    layout: LayoutArgument,
    panes: PanesArgument = None,
    *,
    main: MainOption = None,
    no_wait: Annotated[
        bool,
        typer.Option("--no-wait", help="Only send the change (a signal); do not wait to see it."),
    ] = False,
    account: AccountOption = None,
    purpose: PurposeOption = None,
    settings: SettingsOption = None,
) -> None:
    """Show another layout, and wait until the vendor does."""
    wish = layout_from(layout_fields(layout, panes, main))
    run(_set(Room(room, account, purpose, settings), wish, no_wait=no_wait))


async def _set(room: Room, wish: Layout, *, no_wait: bool) -> None:
    session = await room.session()
    if no_wait:
        await session.change_layout(wish)
        print(f"{session.workflow_id}: layout {wish.kind} sent")
        return
    applied = await session.set_layout(wish)
    print(f"{session.workflow_id}: layout {wish.kind} is shown (revision {applied.revision})")


@app.command()
def preview(
    layout: LayoutArgument,
    panes: PanesArgument = None,
    *,
    users_: Annotated[
        str,
        typer.Option(
            "--users", metavar="ID,ID,...", help="Who is in the room, in order of joining."
        ),
    ],
    main: MainOption = None,
    canvas_: Annotated[
        str, typer.Option("--canvas", metavar="WxH", help="The picture's size in pixels.")
    ] = "1280x720",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Ends in .svg or .png. Without it the picture is shown in the terminal; where"
            " that has no colours, or is no terminal, the SVG goes to standard output.",
            show_default=False,
        ),
    ] = None,
    no_names: Annotated[bool, typer.Option("--no-names", help="Colours only.")] = False,
) -> None:
    """Draw a layout; nothing is recorded, and no settings are needed.

    Each user is a flat colour. Where the whole picture is shown (fit: contain),
    a thin frame stands for a picture of 16:9. Vendors' own presets may differ.
    """
    wish = layout_from(layout_fields(layout, panes, main))
    room, size = users(users_), _size(canvas_)
    picture = compose(wish, room, size)
    if out is not None:
        _write(out, _encoded(out, picture, names=not no_names))
    elif (console := Console()).is_terminal and console.color_system and not console.no_color:
        small = compose(wish, room, size_within(size, console.width, max(console.height - 3, 1)))
        console.print(blocks(small, names=not no_names), end="")
    else:
        print(svg(picture, names=not no_names), end="")
    if unseen := [printable(user) for user in room if user not in {t.user for t in picture.tiles}]:
        print(f"longtake: not shown: {', '.join(unseen)}", file=sys.stderr)


def _size(text: str) -> tuple[int, int]:
    try:
        checked = Canvas.model_validate(canvas(text))
    except ValidationError as err:
        raise invalid_request(err, root="--canvas") from None
    return checked.width, checked.height


def _encoded(out: Path, picture: Picture, *, names: bool) -> bytes:
    match out.suffix.lower():
        case ".svg":
            return svg(picture, names=names).encode()
        case ".png":
            from longtake.drawing.png import png  # noqa: PLC0415 - Pillow may be missing

            return png(picture, names=names)
        case _:
            raise Exit(Code.USAGE, f"--out: must end in .svg or .png: '{out}'")


def _write(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as err:
        raise Exit(Code.USAGE, f"--out: {out}: {err.strerror}") from None
    print(out)

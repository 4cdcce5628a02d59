"""The contract's payloads as JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from longtake.cli.exits import Code, Exit
from longtake.contracts import schemas


def schema(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Without one, the names are listed."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write every schema there, NAME.json.")
    ] = None,
) -> None:
    """The JSON Schema of a payload: what sessions take and what they answer."""
    if to is not None:
        to.mkdir(parents=True, exist_ok=True)
        for each in schemas.PAYLOADS:
            (to / f"{each}.json").write_text(text_of(each), encoding="utf-8")
    elif name is None:
        print("\n".join(schemas.PAYLOADS))
    elif name not in schemas.PAYLOADS:
        raise Exit(Code.USAGE, f"no payload {name!r}; there are {', '.join(schemas.PAYLOADS)}")
    else:
        print(text_of(name), end="")


def text_of(name: str) -> str:
    """A schema as its file has it."""
    return json.dumps(schemas.schema(name), indent=2) + "\n"

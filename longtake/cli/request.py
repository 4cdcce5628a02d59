"""From a command's words to a request or a layout; every error names the option or the field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from pydantic import TypeAdapter, ValidationError

from longtake.cli.exits import Code, Exit
from longtake.cli.options import only, pairs
from longtake.domain.errors import invalid_request
from longtake.domain.layout import KINDS, Layout
from longtake.domain.recording import RecordingRequest
from longtake.settings import Settings

StorageOption = Annotated[
    str | None,
    typer.Option(
        "--storage", help="A storage of the settings; may be left out where there is one only."
    ),
]
ModeOption = Annotated[str | None, typer.Option("--mode", help="mixed, individual or web.")]
MediaOption = Annotated[str | None, typer.Option("--media", help="audio_video, audio or video.")]
UsersOption = Annotated[
    str | None,
    typer.Option("--users", metavar="ID,ID", help="Record these only; else everybody."),
]
LayoutOption = Annotated[
    str | None,
    typer.Option("--layout", help="A preset's name, a layout as JSON, or a JSON file."),
]
FormatOption = Annotated[
    list[str] | None, typer.Option("--format", help="hls or mp4; give it twice for both.")
]
MergeOption = Annotated[
    str | None,
    typer.Option(
        "--merge", help="section or user: join individual streams when it is over (output.merge)."
    ),
]
CanvasOption = Annotated[
    str | None, typer.Option("--canvas", metavar="WxH[@FPS]", help="Such as 1280x720@15.")
]
LabelOption = Annotated[list[str] | None, typer.Option("--label", metavar="KEY=VALUE")]
VendorOption = Annotated[
    list[str] | None,
    typer.Option(
        "--option", metavar="KEY=JSON", help="What only this vendor has (vendor_options)."
    ),
]
RequestOption = Annotated[
    Path | None,
    typer.Option(
        "--request", metavar="FILE", help="A request as JSON; options given here go before it."
    ),
]

_CANVAS = re.compile(r"(\d+)x(\d+)(?:@(\d+))?")
_LAYOUT: TypeAdapter[Any] = TypeAdapter(Layout)
_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def request_from(given: Mapping[str, Any]) -> RecordingRequest:
    """The checked request; InvalidRequest names each field that breaks a rule."""
    try:
        return RecordingRequest.model_validate(given)
    except ValidationError as err:
        raise invalid_request(err) from None


def scene_fields(
    *,
    mode: str | None = None,
    media: str | None = None,
    users_: str | None = None,
    layout: str | None = None,
    canvas_: str | None = None,
    purpose: str | None = None,
    label: Sequence[str] | None = None,
    option: Sequence[str] | None = None,
) -> dict[str, Any]:
    """What to record, from the options of that name; not checked yet."""
    return {
        "mode": mode,
        "media": media,
        "subscriptions": users_ and only_of(users(users_)),
        "layout": layout and layout_fields(layout),
        "canvas": canvas_ and canvas(canvas_),
        "purpose": purpose,
        "labels": pairs("--label", label),
        "vendor_options": {
            key: json_value(f"--option {key}", text)
            for key, text in pairs("--option", option).items()
        },
    }


def completed(
    settings: Settings,
    room: str,
    account: str | None,
    *,
    base: Mapping[str, Any],
    given: Mapping[str, Any],
    output: Mapping[str, Any],
) -> RecordingRequest:
    """The checked request: a file's fields, replaced by the options that were given, with the
    names that the settings leave no choice of.
    """
    name = only("--account", settings.accounts, account or base.get("account"))
    spec, _ = settings.account(name)
    options = {field: value for field, value in given.items() if value}
    wish = {**base, **options, "room": room, "account": name, "vendor": spec.slug}
    return request_from(_with_output(settings, wish, output))


def _with_output(
    settings: Settings, wish: dict[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    base: Any = wish.get("output", {})
    if not isinstance(base, dict):
        return wish  # the request's own check says it best
    output: dict[str, Any] = {**base, **{name: value for name, value in given.items() if value}}
    output["storage"] = only("--storage", settings.storages, output.get("storage"))
    settings.storage(output["storage"])
    return {**wish, "output": output}


def request_file(path: Path) -> dict[str, Any]:
    """A request as JSON in a file, not checked beyond being an object."""
    return _object("--request", _file("--request", path))


def canvas(text: str) -> dict[str, int]:
    """`1280x720@15`; the rate may be left out."""
    found = _CANVAS.fullmatch(text)
    if found is None:
        raise Exit(
            Code.USAGE, f"--canvas: WIDTHxHEIGHT[@FPS] is expected, such as 1280x720@15: {text!r}"
        )
    width, height, fps = found.groups()
    rate = {} if fps is None else {"fps": int(fps)}
    return {"width": int(width), "height": int(height), **rate}


def users(text: str) -> tuple[str, ...]:
    """`1001,1002`, in order of joining."""
    found = tuple(user.strip() for user in text.split(","))
    if len(set(found)) < len(found) or not all(1 <= len(user) <= 128 for user in found):
        raise Exit(
            Code.USAGE,
            "--users: ids of 1 to 128 characters are expected, all different and separated by"
            f" commas, such as 1001,1002: {text!r}",
        )
    return found


def only_of(users: tuple[str, ...]) -> dict[str, Any]:
    """The subscriptions by which these are heard and seen, and nobody else."""
    return {medium: {"allow": users} for medium in ("audio", "video")}


def json_value(option: str, text: str) -> Any:
    """One JSON value given on the command line."""
    try:
        return json.loads(text)
    except ValueError:
        raise Exit(Code.USAGE, f"{option}: this is not JSON: {text!r}") from None


def layout_fields(text: str, panes: str | None = None, main: str | None = None) -> dict[str, Any]:
    """A layout by a preset's name, as JSON or by a JSON file, not checked yet.

    `panes`, for a custom one, is JSON or a file: the list of panes, or the whole layout.
    """
    whole = text.lstrip().startswith("{") or (text not in KINDS and Path(text).is_file())
    fields = _object("layout", _json_or_file("layout", text)) if whole else {"kind": text}
    if panes is not None:
        fields = {**fields, **_panes(_json_or_file("panes", panes))}
    return fields if main is None else {**fields, "main": main}


def layout_from(fields: Mapping[str, Any]) -> Layout:
    """The checked layout; InvalidRequest names each field that breaks a rule."""
    try:
        return cast("Layout", _LAYOUT.validate_python(fields))
    except ValidationError as err:
        raise invalid_request(err, root="layout") from None


def _panes(given: object) -> dict[str, Any]:
    return {"panes": given} if isinstance(given, list) else _object("panes", given)


def _json_or_file(what: str, text: str) -> Any:
    if text.lstrip()[:1] in {"{", "["}:
        return json_value(what, text)
    return _file(what, Path(text))


def _file(what: str, path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise Exit(Code.USAGE, f"{what}: {path}: {err.strerror}") from None
    except ValueError:
        raise Exit(Code.USAGE, f"{what}: {path} is not JSON") from None


def _object(what: str, given: object) -> dict[str, Any]:
    try:
        return _OBJECT.validate_python(given)
    except ValidationError:
        raise Exit(Code.USAGE, f"{what}: a JSON object is expected") from None

"""The contract's page: complete, the same in every language, and its examples run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from temporalio.client import WorkflowExecutionStatus

from longtake.client import RecordingFailed
from longtake.contracts import names
from longtake.contracts.payloads import (
    Extension,
    LayoutChange,
    RecordingResult,
    RecordingStatus,
    SegmentStatus,
    StopOrder,
    StrayStatus,
    SubscriptionsChange,
)
from longtake.domain.events import EventKind, VendorEvent
from longtake.domain.files import Manifest, Outcome, StoredFile
from longtake.domain.layout import KINDS, Pane
from longtake.domain.recording import Canvas, Output, RecordingRequest
from longtake.domain.session import EndReason, Failure, State
from tests.docs.conftest import Reader
from tests.docs.pages import Block, blocks, page
from tests.docs.test_schemas import check
from tests.house import pauses

PAGE = page("docs/signals.md")
BLOCKS = list(blocks(PAGE))
MESSAGES: Mapping[str, type[BaseModel]] = {
    "Start": RecordingRequest,
    names.CHANGE_LAYOUT: LayoutChange,
    names.CHANGE_SUBSCRIPTIONS: SubscriptionsChange,
    names.EXTEND: Extension,
    names.STOP: StopOrder,
    names.SET_LAYOUT: LayoutChange,
    names.SET_SUBSCRIPTIONS: SubscriptionsChange,
}
"""Headings of the messages that have fields."""
PLAIN = (names.PAUSE, names.RESUME, names.STATUS, names.FILES, names.TIMELINE)
LANGUAGES = ("temporal", "curl", "python", "typescript", "go", "java")

SPELLED = tuple(tool for tool in LANGUAGES[1:] if tool != "python")
"""Languages whose examples spell payloads out."""


def example(heading: str, tool: str) -> Block:
    (found,) = (b for b in BLOCKS if b.heading == heading and b.tool == tool)
    return found


def payloads(text: str) -> list[Any]:
    """Every JSON object in an example, Go's and Java's spelled as JSON."""
    plain = re.sub(r"\[\](?:map\[string\]any|string|any)\{((?:[^{}]|\{[^{}]*\})*)\}", r"[\1]", text)
    plain = java_as_json(plain.replace("map[string]any{", "{"))
    decoder, found, at = json.JSONDecoder(), list[Any](), 0
    while (at := plain.find("{", at)) >= 0:
        try:
            value, end = decoder.raw_decode(plain, at)
        except ValueError:
            at += 1
        else:
            found.append(value)
            at = end
    return found


def java_as_json(text: str) -> str:
    """`Map.of` and `List.of` as JSON, from the innermost outwards."""
    innermost = re.compile(r"(Map|List)\.of\(([^()]*)\)")
    while found := innermost.search(text):
        kind, inner = found.groups()
        if kind == "Map":
            items = json.loads(f"[{inner}]")
            pairs = zip(items[::2], items[1::2], strict=True)
            spelled = json.dumps(dict(pairs))
        else:
            spelled = f"[{inner}]"
        text = text[: found.start()] + spelled + text[found.end() :]
    return text


def within(value: Any, wanted: Any) -> bool:
    """Whether `wanted` is somewhere in `value`."""
    if value == wanted:
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(within(each, wanted) for each in inner)


# --- what the page says -------------------------------------------------------------------------


@pytest.mark.parametrize("heading", [*MESSAGES, *PLAIN])
@pytest.mark.parametrize("tool", LANGUAGES)
def test_every_message_has_an_example_in_every_language(heading: str, tool: str) -> None:
    name = {"Start": names.WORKFLOW}.get(heading, heading)
    assert name in example(heading, tool).text


@pytest.mark.parametrize("heading", MESSAGES)
def test_every_language_sends_the_same_valid_payload(heading: str) -> None:
    text = example(heading, "temporal").text
    (sent,) = payloads(text)
    MESSAGES[heading].model_validate(sent)
    others = {tool: payloads(example(heading, tool).text) for tool in SPELLED}
    assert [tool for tool, found in others.items() if not within(found, sent)] == []


def test_every_name_and_field_is_on_the_page() -> None:
    contract = [value for key, value in vars(names).items() if key.isupper() and type(value) is str]
    activities = {name for name in contract if "." in name}
    models: list[type[BaseModel]] = [
        *(RecordingRequest, Output, Canvas, Pane, VendorEvent, RecordingStatus, SegmentStatus),
        *(StrayStatus, Failure, RecordingResult, Manifest, StoredFile),
    ]
    fields = {field for model in models for field in model.model_fields}
    values = {str(value) for kind in (State, EndReason, Outcome, EventKind) for value in kind}
    words = {*contract, *names.SEARCH_ATTRIBUTES, *fields, *values, *KINDS} - activities
    assert sorted(word for word in words if f"`{word}`" not in PAGE) == []


# --- its examples, run ----------------------------------------------------------------------------

ORDERS = (
    *(names.CHANGE_LAYOUT, names.CHANGE_SUBSCRIPTIONS, names.PAUSE, names.RESUME, names.EXTEND),
    *(names.SET_LAYOUT, names.SET_SUBSCRIPTIONS, names.STATUS, names.FILES, names.TIMELINE),
)
REACHED: Mapping[str, Callable[[RecordingStatus], bool]] = {
    names.CHANGE_SUBSCRIPTIONS: lambda status: status.applied_revision == 3,
    names.PAUSE: lambda status: status.state is State.PAUSED,
    # The server answers an update that takes longer than it waits without an outcome.
    names.RESUME: lambda status: status.state is State.RECORDING,
}
"""What an order must have led to before the next one: the latest wish would win."""
CAME_OF_IT = (
    *("revision 2: layout speaker", "revision 3: subscriptions", "revision 3 applied"),
    *("revision 4: pause", "revision 5: resume", "extended to "),
    *("revision 6: layout custom", "revision 7: subscriptions", "ending: the meeting is over"),
)


async def run(reader: Reader, heading: str, tool: str, besides: str = "") -> str:
    """Run an example, with options besides; gives what it wrote, of Python nothing."""
    block = example(heading, tool)
    if tool == "python":
        if "recordings" not in reader.known:
            await reader.python(example("Before the examples", tool).text)
        await reader.python(block.text)
        return ""
    (before,) = (b.text for b in BLOCKS if b.heading == "Before the examples" and b.tool == "sh")
    return await reader.shell(before + block.text.rstrip() + besides)


async def begin(reader: Reader, tool: str) -> None:
    await run(reader, "Start", tool)
    await reader.home.recording(handle_of(reader))


def handle_of(reader: Reader) -> Any:
    session = reader.session
    return reader.home.client.get_workflow_handle(session.workflow_id, result_type=RecordingResult)


@pytest.mark.parametrize("tool", ["temporal", "curl", "python"])
async def test_examples_direct_a_session_from_start_to_result(reader: Reader, tool: str) -> None:
    await begin(reader, tool)
    for order in ORDERS:
        told = await run(reader, order, tool)
        if order in REACHED:
            await reader.home.until(handle_of(reader), REACHED[order])
        if order in {names.SET_LAYOUT, names.SET_SUBSCRIPTIONS} and tool != "python":
            assert "revision" in told
            assert "failure" not in told
    if tool == "temporal":
        await run(reader, names.VENDOR_EVENT, tool)
    await run(reader, names.STOP, tool)
    result = await reader.session.result()
    await run(reader, "Result", tool)
    timeline = await reader.home.timeline(handle_of(reader))
    assert [line for line in CAME_OF_IT if line not in timeline] == [], timeline
    assert "ignored" not in timeline
    assert (result.end_reason, result.end_detail) == (EndReason.STOPPED, "the meeting is over")
    assert result.segments[-1].revision == result.revisions == 7


@pytest.mark.parametrize("tool", ["temporal", "curl"])
async def test_a_command_alone_directs_a_session_from_start_to_result(
    reader: Reader, tool: str
) -> None:
    await run(reader, "Start", tool)
    async for _ in pauses():
        # The server answers an update that takes longer than it waits without an outcome.
        if (await told_by(reader, names.STATUS, tool, "state"))["state"] == "recording":
            break
    await run(reader, names.CHANGE_LAYOUT, tool)
    shown = await told_by(reader, names.SET_LAYOUT, tool, "revision")
    status = await told_by(reader, names.STATUS, tool, "state")
    await run(reader, names.STOP, tool)
    result = await told_by(reader, "Result", tool, "manifest")
    manifest = await told_by(reader, names.FILES, tool, "outcome")
    timeline = await told_by(reader, names.TIMELINE, tool, "notes")
    assert (shown["revision"], status["state"]) == (3, "recording")
    assert (result["end_reason"], result["end_detail"]) == ("stopped", "the meeting is over")
    assert result["manifest"] == manifest
    for name, payload in (
        ("applied", shown),
        ("recording_status", status),
        ("recording_result", result),
        ("manifest", manifest),
        ("timeline", timeline),
    ):
        check(name, filled(payload))


async def told_by(reader: Reader, heading: str, tool: str, field: str) -> dict[str, Any]:
    """The outermost object with this field in what an example wrote."""
    as_json = " --output json" if tool == "temporal" else ""
    told = payloads(await run(reader, heading, tool, as_json))
    return next(each for each in objects(told) if field in each)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a JSON value, an outer one before those in it."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from objects(inner)


LISTS = {
    *("user_images", "segments", "strays", "attention", "files", "missing", "gaps", "reasons"),
    *("notes", "layout_revisions", "left"),
}


def filled(value: Any) -> Any:
    """What a command wrote, with its nulls for empty lists mended."""
    if isinstance(value, list):
        return [filled(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: [] if each is None and key in LISTS else filled(each) for key, each in value.items()
    }


@pytest.mark.parametrize("tool", ["temporal", "curl", "python"])
async def test_examples_cancel_a_session_in_order(reader: Reader, tool: str) -> None:
    await begin(reader, tool)
    await run(reader, "Cancel", tool)
    with pytest.raises(RecordingFailed, match="Cancelled"):
        await reader.session.result()
    described = await handle_of(reader).describe()
    assert described.status is WorkflowExecutionStatus.CANCELED
    assert (await reader.home.tasks("standup"))[-1]["end_reason"] == "stopped"


@pytest.mark.parametrize("tool", ["temporal", "curl", "python"])
async def test_a_repeated_start_is_told_by_its_key_as_the_page_says(
    reader: Reader, tool: str
) -> None:
    await begin(reader, tool)
    told = await run(reader, "Repeating a start", tool)
    if tool == "python":
        assert reader.known["same"].workflow_id == reader.session.workflow_id
    else:
        assert within(payloads(told), reader.request_key), told
    await reader.session.stop()
    await reader.session.result()
    if tool == "python":
        await run(reader, "Following a session", tool)


@pytest.mark.parametrize("tool", ["temporal", "curl"])
async def test_starting_twice_is_refused_as_the_page_says(reader: Reader, tool: str) -> None:
    await begin(reader, tool)
    with pytest.raises(AssertionError, match=r"(?i)already|409"):
        await run(reader, "Start", tool)
    await reader.session.stop()
    await reader.session.result()


async def test_encoded_room_is_reached_over_http_as_the_page_says(reader: Reader) -> None:
    assert "`team%253Adaily`" in PAGE
    handle = await reader.home.start("team:daily")
    assert handle.id.endswith(":team%3Adaily")
    namespace = f"{reader.http_url}/api/v1/namespaces/default"
    url = f"{namespace}/workflows/recording:{reader.home.account}:team%253Adaily"
    await reader.shell(f"curl -fsS {url}/signal/stop -d '{{}}'")
    await handle.result()


@pytest.mark.parametrize("tool", ["temporal", "curl", "python"])
async def test_search_examples_are_valid_queries(reader: Reader, tool: str) -> None:
    await run(reader, "Search attributes", tool)


def test_the_vendor_event_is_one() -> None:
    (sent,) = payloads(example(names.VENDOR_EVENT, "temporal").text)
    TypeAdapter(VendorEvent).validate_python(sent)

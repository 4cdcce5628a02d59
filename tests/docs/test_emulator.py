"""The emulator's pages: complete, with the defaults that it has, and their examples run."""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from pydantic import BaseModel
from starlette.routing import Mount, Route
from typer.main import get_command

from longtake.cli import app as command
from longtake.emulator.app import create_app
from longtake.emulator.faults import Fault, TaskFault, kinds
from longtake.emulator.ledger import CallRecord, TaskRecord
from longtake.emulator.rooms import Person
from longtake.emulator.server import running
from longtake.emulator.settings import EmulatorSettings
from longtake.emulator.world import World
from longtake.vendors import REGISTRY, emulator
from longtake.vendors.agora.emulator.options import AgoraOptions
from longtake.vendors.alibaba.emulator.facts import Event
from longtake.vendors.alibaba.emulator.options import AlibabaOptions
from longtake.vendors.huawei.emulator.notices import FILE_COMPLETE, NEW_FILE, OVER
from longtake.vendors.huawei.emulator.options import HuaweiOptions
from longtake.vendors.tencent.emulator.facts import END_REASONS, LeaveCode
from longtake.vendors.tencent.emulator.options import TencentOptions
from tests.docs.examples import bash
from tests.docs.pages import ROOT, Block, blocks, page, tables

PAGE = page("docs/emulator.md")
OF_VENDORS = {slug: page(f"docs/emulator-{slug}.md") for slug in REGISTRY}
OPTIONS: Mapping[str, type[BaseModel]] = {
    "agora": AgoraOptions,
    "tencent": TencentOptions,
    "alibaba": AlibabaOptions,
    "huawei": HuaweiOptions,
}
COLUMNS = {"agora": "Agora", "tencent": "TRTC", "alibaba": "Alibaba", "huawei": "Huawei"}
"""The headings of the tables that compare vendors."""

EVENTS = {"alibaba": {*Event}, "huawei": {NEW_FILE, FILE_COMPLETE, OVER}}
"""Of the vendors whose events have names."""

SDK_PROGRAMS = {"tencent": "InProgress", "alibaba": "RUNNING", "huawei": "RUNNING"}
"""First recordings with a vendor's own SDK: the state that they print before the files."""


def table(first: str, text: str = PAGE) -> Iterator[list[str]]:
    """The rows of all tables with that heading of their first column."""
    for head, *rows in tables(text):
        if head[0] == first:
            yield from rows


def column(first: str, slug: str) -> Iterator[tuple[str, str]]:
    """Of the tables with that first heading, its cells and the vendor's beside them."""
    for head, *rows in tables(PAGE):
        if head[0] == first and COLUMNS[slug] in head:
            yield from ((row[0], row[head.index(COLUMNS[slug])]) for row in rows)


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def fields(first: str) -> set[str]:
    return {name for row in table(first) for name in quoted(row[0])}


# --- what the pages say ---------------------------------------------------------------------------


def test_every_fault_has_a_row_with_the_fields_of_its_own() -> None:
    documented = {quoted(kind)[0]: set(quoted(own)) for kind, own, *_ in table("kind")}
    common = {"kind", *Fault.model_fields}
    assert documented == {kind: set(own) - common for kind, own in kinds().items()}


def test_every_field_of_a_rule_of_a_participant_and_of_the_settings_is_explained() -> None:
    assert fields("field of a rule") == set(Fault.model_fields)
    assert fields("field of a participant") == set(Person.model_fields)
    assert fields("field of `EmulatorSettings`") == set(EmulatorSettings.model_fields)


def test_every_comparison_has_every_vendor_in_one_order() -> None:
    assert list(COLUMNS) == list(REGISTRY)
    compared = [head for head, *_ in tables(PAGE) if set(head) & set(COLUMNS.values())]
    assert compared
    for head in compared:
        assert head[-len(COLUMNS) :] == list(COLUMNS.values())


def test_every_vendor_has_its_page() -> None:
    listed = {quoted(row[0])[0]: row[-1] for row in table("vendor")}
    assert list(listed) == list(REGISTRY)
    for slug, link in listed.items():
        assert link.endswith(f"(emulator-{slug}.md)")


@pytest.mark.parametrize("slug", REGISTRY)
def test_faults_know_every_call_by_the_names_of_the_page(slug: str) -> None:
    documented: dict[str, set[str]] = {}
    for common, cell in column("`call`", slug):
        for own in quoted(cell):
            documented.setdefault(own, {own}).update(quoted(common))
    for row in table("operation", OF_VENDORS[slug]):
        for own in quoted(row[0]):
            documented.setdefault(own, {own})
    settings = EmulatorSettings(media=False)
    calls = emulator(slug).create(World(settings), settings).calls
    assert documented == {own: {own, *also} for own, also in calls.items()}


@pytest.mark.parametrize("slug", REGISTRY)
def test_a_fault_of_the_task_has_a_cell_where_it_can_strike(slug: str) -> None:
    struck = {
        node.attr
        for node in nodes(slug)
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "faults"
    }
    of_tasks = {kind.__name__ for kind in TaskFault.__subclasses__()}
    told = {quoted(kind)[0].title().replace("_", "") for kind, cell in column("kind", slug) if cell}
    assert told == struck & of_tasks


@pytest.mark.parametrize("slug", EVENTS)
def test_every_event_is_named(slug: str) -> None:
    assert [event for event in EVENTS[slug] if f"`{event}`" not in OF_VENDORS[slug]] == []


def test_the_ledger_is_shown_with_every_field() -> None:
    (shown,) = (b.text for b in blocks(PAGE) if b.language == "json")
    tasks, calls = (re.findall(r'"(\w+)"', part) for part in shown.split('"calls":'))
    assert tasks == ["tasks", *TaskRecord.__dataclass_fields__]
    assert calls == list(CallRecord.__dataclass_fields__)


def test_every_way_to_leave_a_trtc_room_has_its_end_reason() -> None:
    cells = column("`end_reason`", "tencent")
    rows = {name: cell for reasons, cell in cells for name in quoted(reasons)}
    for code in LeaveCode:
        assert re.search(rf"\b{code}\b", rows[END_REASONS[code]]), code


def nodes(slug: str) -> Iterator[ast.AST]:
    """The code of a vendor's emulator."""
    folder = ROOT / "longtake" / "vendors" / slug / "emulator"
    for path in folder.glob("*.py"):
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def end_reasons(slug: str) -> set[str]:
    """Every text that a vendor's recorder leaves with, and those of TRTC's codes."""
    calls = [node for node in nodes(slug) if isinstance(node, ast.Call)]
    ends = {"_leave", "leave", "_end", "end"}
    leaving = [call for call in calls if getattr(call.func, "attr", "") in ends]
    inside = [node for call in leaving for arg in call.args for node in ast.walk(arg)]
    texts = {n.value for n in inside if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return texts | (set(END_REASONS.values()) if slug == "tencent" else set())


@pytest.mark.parametrize("slug", REGISTRY)
def test_end_reasons_are_those_of_the_recorders(slug: str) -> None:
    told = [reasons for reasons, cell in column("`end_reason`", slug) if cell]
    assert {reason for cell in told for reason in quoted(cell)} == end_reasons(slug)


def test_every_call_of_the_control_surface_is_listed() -> None:
    surface = create_app(EmulatorSettings(media=False), {}).routes[0]
    assert isinstance(surface, Mount)
    served = {
        (method, route.path.replace(":path", ""))
        for route in surface.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    documented: set[tuple[str, str]] = set()
    for row in table("call"):
        words = [word for part in quoted(row[0]) for word in part.split()]
        documented |= {(word, words[-1]) for word in words[:-1]}
    assert documented == served


def test_every_option_of_the_command_is_listed() -> None:
    serve = getattr(get_command(command), "commands", {})["emulator"]
    listed = {name.split()[0] for row in table("option") for name in quoted(row[0])}
    names = [{*option.opts, *option.secondary_opts} for option in serve.params]
    assert [option for option in names if not option & listed] == []
    assert listed <= set[str]().union(*names)


def leaves(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any, type | None]]:
    """Every option with its path, its default, and the model of its entries, if it has some."""
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from leaves(type(field.default), f"{path}{name}.")
        else:
            entries = [arg for arg in get_args(field.annotation) if hasattr(arg, "model_fields")]
            yield f"{path}{name}", field.default, next(iter(entries), None)


def told(default: Any) -> str:
    """A default as the pages write it."""
    if default is None:
        return "`null`"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, int | float):
        return f"{default:g}"
    several = [default] if isinstance(default, str) else default
    ordered = sorted(several) if isinstance(several, frozenset) else several
    return ", ".join(f"`{each}`" for each in ordered) or "none"


@pytest.mark.parametrize("slug", REGISTRY)
def test_every_option_of_a_vendor_is_listed_with_its_default(slug: str) -> None:
    rows = {
        quoted(name)[0]: (default, text)
        for name, default, text in table("option", OF_VENDORS[slug])
    }
    expected = list(leaves(OPTIONS[slug]))
    assert {name: default for name, (default, _) in rows.items()} == {
        name: told(default) for name, default, _ in expected
    }
    for name, _, entry in expected:
        inner = getattr(entry, "model_fields", {})
        assert set(inner) <= set(quoted(rows[name][1])), name


@pytest.mark.parametrize("slug", REGISTRY)
def test_every_credential_is_shown(slug: str) -> None:
    account = emulator(slug).ACCOUNT
    shown = {value for row in table("what", OF_VENDORS[slug]) for value in quoted(row[1])}
    values = [*account.account.values(), *account.beside.values()]
    # A number there is a setting beside the credentials.
    assert shown == {value for value in values if isinstance(value, str)}


# --- their examples, run --------------------------------------------------------------------------


@pytest.fixture
async def url(tmp_path: Path) -> AsyncGenerator[str]:
    """An emulator of all vendors, with its own folder for buckets."""
    vendors = {slug: emulator(slug).create for slug in REGISTRY}
    async with running(create_app(EmulatorSettings(data=tmp_path, seed=7), vendors)) as address:
        yield address


def at(url: str, text: str) -> str:
    return text.replace("127.0.0.1:8400", url.removeprefix("http://"))


def example(text: str, heading: str) -> Block:
    (found,) = (block for block in blocks(text) if block.heading == heading and block.language)
    return found


async def ledger(url: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        return (await http.get("/_emulator/ledger")).json()["tasks"]


async def test_the_control_surface_takes_the_examples(url: str, tmp_path: Path) -> None:
    run = [block for block in blocks(PAGE) if block.language == "sh"]
    assert {block.heading for block in run} == {"Rooms", "The clock", "Faults"}
    out = [await bash(at(url, block.text), tmp_path) for block in run]
    assert '"room":"\\"123\\""' in out[0]
    assert out[2].endswith('{"faults":[]}')


async def test_first_recording_at_agora_is_as_described(url: str, tmp_path: Path) -> None:
    out = await bash(at(url, example(OF_VENDORS["agora"], "A first recording").text), tmp_path)
    assert '"uploadingStatus":"uploaded"' in out
    (task,) = await ledger(url)
    assert (task["end_reason"], task["room"]) == ("stopped", "demo")
    assert all((tmp_path / "takes" / name).stat().st_size for name in task["files"])


def test_every_vendor_has_a_first_recording_that_is_run() -> None:
    assert {"agora", *SDK_PROGRAMS} == set(REGISTRY)


@pytest.mark.parametrize("slug", SDK_PROGRAMS)
async def test_first_recording_with_a_vendors_sdk_is_as_described(
    slug: str, url: str, tmp_path: Path
) -> None:
    program = at(url, example(OF_VENDORS[slug], "A first recording").text)
    out = await bash(f"python - <<'PROGRAM'\n{program}PROGRAM\n", tmp_path)
    (task,) = await ledger(url)
    assert (task["vendor"], task["end_reason"]) == (slug, "stopped")
    assert out.split() == [SDK_PROGRAMS[slug], *task["files"]]
    assert [name for name in task["files"] if name.endswith(".mp4")]
    assert all((tmp_path / "takes" / name).stat().st_size for name in task["files"])


async def test_huaweis_operations_are_served_where_described(url: str) -> None:
    rows = list(table("operation", OF_VENDORS["huawei"]))
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        for row in rows:
            method, path = quoted(row[1])[0].split()
            await http.request(method, path)  # unsigned: only its name is asked for
        calls = (await http.get("/_emulator/ledger")).json()["calls"]
    assert [call["call"] for call in calls] == [quoted(row[0])[0] for row in rows]


async def test_the_emulator_is_served_in_a_test_as_described() -> None:
    body = example(PAGE, "In a test").text.replace("...", "seen.append(await healthy(url))")
    seen: list[list[str]] = []

    async def healthy(address: str) -> list[str]:
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            return (await http.get("/_emulator/health")).json()["vendors"]

    code = compile(body, "example", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    await eval(code, {"seen": seen, "healthy": healthy})
    assert seen == [sorted(REGISTRY)]

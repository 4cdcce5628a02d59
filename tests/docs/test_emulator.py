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
from longtake.emulator.faults import Fault, kinds
from longtake.emulator.ledger import CallRecord, TaskRecord
from longtake.emulator.rooms import Person
from longtake.emulator.server import running
from longtake.emulator.settings import EmulatorSettings
from longtake.vendors import REGISTRY, emulator
from longtake.vendors.agora.emulator.options import AgoraOptions
from longtake.vendors.agora.emulator.refusals import CALLS
from longtake.vendors.tencent.emulator.codes import ACTIONS
from longtake.vendors.tencent.emulator.facts import END_REASONS, LeaveCode
from longtake.vendors.tencent.emulator.options import TencentOptions
from tests.docs.examples import bash
from tests.docs.pages import ROOT, Block, blocks, page, tables

PAGE = page("docs/emulator.md")
OF_VENDORS = {slug: page(f"docs/emulator-{slug}.md") for slug in REGISTRY}
OPTIONS: Mapping[str, type[BaseModel]] = {"agora": AgoraOptions, "tencent": TencentOptions}


def table(first: str, text: str = PAGE) -> Iterator[list[str]]:
    """The rows of all tables with that heading of their first column."""
    for head, *rows in tables(text):
        if head[0] == first:
            yield from rows


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


@pytest.mark.parametrize(("column", "calls"), [(1, CALLS), (2, ACTIONS)], ids=["agora", "tencent"])
def test_faults_know_every_call_by_the_names_of_the_page(
    column: int, calls: Mapping[str, tuple[str, ...]]
) -> None:
    documented: dict[str, set[str]] = {}
    for row in table("`call`"):
        for own in quoted(row[column]):
            documented.setdefault(own, {own}).update(quoted(row[0]))
    assert documented == {own: {own, *also} for own, also in calls.items()}


def test_the_ledger_is_shown_with_every_field() -> None:
    (shown,) = (b.text for b in blocks(PAGE) if b.language == "json")
    tasks, calls = (re.findall(r'"(\w+)"', part) for part in shown.split('"calls":'))
    assert tasks == ["tasks", *TaskRecord.__dataclass_fields__]
    assert calls == list(CallRecord.__dataclass_fields__)


def test_every_way_to_leave_a_trtc_room_has_its_end_reason() -> None:
    rows = {name: row[2] for row in table("`end_reason`") for name in quoted(row[0])}
    for code in LeaveCode:
        assert re.search(rf"\b{code}\b", rows[END_REASONS[code]]), code


def end_reasons(slug: str) -> set[str]:
    """Every text that a vendor's recorder leaves with, and those of TRTC's codes."""
    folder = ROOT / "longtake" / "vendors" / slug / "emulator"
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in folder.glob("*.py")]
    calls = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Call)]
    leaving = [c for c in calls if getattr(c.func, "attr", "") in {"_leave", "leave", "_end"}]
    inside = [node for call in leaving for arg in call.args for node in ast.walk(arg)]
    texts = {n.value for n in inside if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return texts | (set(END_REASONS.values()) if slug == "tencent" else set())


@pytest.mark.parametrize(("column", "slug"), [(1, "agora"), (2, "tencent")])
def test_end_reasons_are_those_of_the_recorders(column: int, slug: str) -> None:
    rows = [row for row in table("`end_reason`") if row[column]]
    assert {reason for row in rows for reason in quoted(row[0])} == end_reasons(slug)


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
    assert shown == {*account.account.values(), *account.beside.values()}


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


async def test_first_recording_with_tencents_sdk_is_as_described(url: str, tmp_path: Path) -> None:
    program = at(url, example(OF_VENDORS["tencent"], "A first recording").text)
    out = await bash(f"python - <<'PROGRAM'\n{program}PROGRAM\n", tmp_path)
    (task,) = await ledger(url)
    assert task["end_reason"] == "stopped"
    assert out.split() == ["InProgress", *task["files"]]
    assert [name for name in task["files"] if name.endswith(".mp4")]
    assert all((tmp_path / "takes" / name).stat().st_size for name in task["files"])


async def test_the_emulator_is_served_in_a_test_as_described() -> None:
    body = example(PAGE, "In a test").text.replace("...", "seen.append(await healthy(url))")
    seen: list[list[str]] = []

    async def healthy(address: str) -> list[str]:
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            return (await http.get("/_emulator/health")).json()["vendors"]

    code = compile(body, "example", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    await eval(code, {"seen": seen, "healthy": healthy})
    assert seen == [list(REGISTRY)]

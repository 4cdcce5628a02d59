from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
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


def test_wheel_contains_longtake_only(tmp_path: Path) -> None:
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    with zipfile.ZipFile(tmp_path / built.stdout.strip()) as wheel:
        roots = {name.partition("/")[0] for name in wheel.namelist()}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"longtake"}


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

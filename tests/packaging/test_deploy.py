"""What docker-compose.yml starts, and what watches over it."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.docs.pages import page
from tests.needed import needed

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
NO_ROOT_OF_ITS_OWN = re.compile(r"^(longtake|temporalio/[a-z-]+:.+)$")
"""Images that say themselves that they run as somebody else."""
ONCE = {"temporal-schema", "temporal-namespace"}
OPERATIONS = page("docs/operations.md")


def yaml(path: Path) -> dict[str, Any]:
    return YAML(typ="safe").load(path)


SERVICES: dict[str, dict[str, Any]] = yaml(ROOT / "docker-compose.yml")["services"]
ALERTS = [rule for group in yaml(DEPLOY / "alerts.yml")["groups"] for rule in group["rules"]]


def seconds(text: str) -> int:
    found = re.fullmatch(r"(\d+)s", text)
    assert found, text
    return int(found[1])


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_limits(name: str) -> None:
    limits = SERVICES[name]["deploy"]["resources"]["limits"]
    assert limits.keys() == {"cpus", "memory"}


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONCE))
def test_every_service_that_serves_is_asked_for_its_health(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_root(name: str) -> None:
    service = SERVICES[name]
    user = service.get("user", "").partition(":")[0]
    assert (user and user not in {"0", "root"}) or NO_ROOT_OF_ITS_OWN.match(service["image"])
    assert "privileged" not in service


def test_our_image_has_a_user_of_its_own() -> None:
    stages = (ROOT / "Dockerfile").read_text().split("\nFROM ")
    assert len(stages) == 2
    assert re.search(r"^USER longtake$", stages[-1], re.MULTILINE)


def test_every_image_is_pinned() -> None:
    images = {service["image"] for service in SERVICES.values()} - {"longtake"}
    base = set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert [each for each in images | base if not re.search(r":v?\d+\.\d+", each)] == []


def test_only_the_proxy_listens_beyond_this_host() -> None:
    open_ports = {
        name
        for name, service in SERVICES.items()
        for port in service.get("ports", [])
        if not port.startswith("127.0.0.1:")
    }
    assert open_ports == {"proxy"}


def test_workers_are_several_and_have_the_time_to_hear_their_calls_to_the_end() -> None:
    settings = tomllib.loads((DEPLOY / "longtake.toml").read_text())["worker"]
    worker = SERVICES["worker"]
    assert worker["deploy"]["replicas"] > 1
    assert seconds(worker["stop_grace_period"]) > settings["graceful_shutdown_seconds"]


def test_what_prometheus_reads_is_there() -> None:
    jobs = {job["job_name"]: job for job in yaml(DEPLOY / "prometheus.yml")["scrape_configs"]}
    metrics = tomllib.loads((DEPLOY / "longtake.toml").read_text())["worker"]["metrics_address"]
    [found] = jobs["longtake-worker"]["dns_sd_configs"]
    assert found["names"] == ["worker"]
    assert metrics.endswith(f":{found['port']}")
    [found] = jobs["longtake-callbacks"]["dns_sd_configs"]
    assert found["names"] == ["callbacks"]
    assert str(found["port"]) in SERVICES["callbacks"]["command"]
    [target] = jobs["temporal"]["static_configs"][0]["targets"]
    server = SERVICES["temporal"]["environment"]["PROMETHEUS_ENDPOINT"]
    assert target.partition(":")[2] == server.partition(":")[2]


# --- alerts and the dashboard ------------------------------------------------------------------


def dashboard() -> dict[str, Any]:
    return json.loads((DEPLOY / "grafana" / "longtake.json").read_text())


def expressions() -> Iterator[str]:
    for rule in ALERTS:
        yield rule["expr"]
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def asked_for() -> set[str]:
    """Every metric that an alert or the dashboard asks for."""
    return {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for expression in expressions()
        for name in re.findall(r"\b(?:longtake|temporal)_[a-z_]+", expression)
    }


def documented() -> set[str]:
    pages = OPERATIONS + page("docs/callbacks.md")
    return set(re.findall(r"^\| `(longtake_\w+)` \|", pages, re.MULTILINE))


def test_alerts_and_dashboard_ask_for_our_documented_metrics_only() -> None:
    ours = {name for name in asked_for() if name.startswith("longtake_")}
    assert ours <= documented()
    assert len(ours) > 5


def test_alerts_and_dashboard_ask_for_metrics_that_the_sdk_has() -> None:
    """By its own binary: some are there only once something has failed."""
    bridge = importlib.util.find_spec("temporalio.bridge.temporal_sdk_bridge")
    assert bridge
    library = Path(str(bridge.origin)).read_bytes()
    sdk = {name for name in asked_for() if name.startswith("temporal_")}
    assert [each for each in sdk if each.removeprefix("temporal_").encode() not in library] == []


def test_every_panel_has_its_own_place_and_number() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({tuple(panel["gridPos"].values()) for panel in panels}) == len(panels)


def test_every_alert_has_its_paragraph() -> None:
    headings = re.findall(r"^### (Longtake\w+)$", OPERATIONS, re.MULTILINE)
    assert headings == [rule["alert"] for rule in ALERTS]
    for rule in ALERTS:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]


def test_prometheus_accepts_its_files() -> None:
    command = [needed("promtool"), "check", "config", str(DEPLOY / "prometheus.yml")]
    subprocess.run(command, check=True, capture_output=True)


def test_nginx_accepts_its_file() -> None:
    command = [needed("nginx"), "-t", "-c", str(DEPLOY / "nginx.conf")]
    subprocess.run(command, check=True, capture_output=True)

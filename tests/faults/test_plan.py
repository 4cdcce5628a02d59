"""The same seed is the same run."""

from __future__ import annotations

import itertools

import pytest

from longtake.cli.faults.manners import MANNERS
from longtake.cli.faults.menu import cost
from longtake.cli.faults.plan import Plan, make_plan
from longtake.contracts import names
from longtake.emulator.faults import parse_fault
from longtake.vendors import REGISTRY, emulator


def plan(vendor: str = "agora", *, seed: int = 1, longest: float = 300, sessions: int = 60) -> Plan:
    return make_plan(
        vendor, sessions=sessions, seed=seed, kills=4, cuts=4, workers=2, longest=longest
    )


@pytest.fixture(params=sorted(REGISTRY))
def vendor(request: pytest.FixtureRequest) -> str:
    return request.param


def test_every_vendor_of_the_registry_can_be_run() -> None:
    assert MANNERS.keys() == REGISTRY.keys()


def test_the_same_seed_gives_the_same_plan(vendor: str) -> None:
    assert plan(vendor) == plan(vendor)
    assert plan(vendor) != plan(vendor, seed=2)


def test_a_session_is_told_to_stop_and_nothing_comes_before_its_start(vendor: str) -> None:
    for session in plan(vendor).sessions:
        moments = [order.at for order in session.orders]
        assert moments == sorted(moments)
        assert names.STOP in {order.name for order in session.orders}
        assert min(moments) >= 0


def test_some_sessions_stop_at_once_some_twice_and_some_are_started_twice(vendor: str) -> None:
    orders = [[order.name for order in session.orders] for session in plan(vendor).sessions]
    assert any(session.stop_at == 0 for session in plan(vendor).sessions)
    assert any(given.count("stop") == 2 for given in orders)
    assert any("start" in given for given in orders)
    assert {"pause", "resume", "change_layout"} <= set(itertools.chain(*orders))


def test_every_rule_is_one_that_the_emulator_takes_of_its_room_alone(vendor: str) -> None:
    emulated = emulator(vendor)
    calls = {name for own, also in emulated_calls(emulated).items() for name in (own, *also)}
    for session in plan(vendor, sessions=200).sessions:
        for rule in (*session.rules, *(strike.rule for strike in session.strikes)):
            fault = parse_fault({**rule})
            assert fault.room == session.room
            assert fault.call in calls | {"callback", "now"}


def emulated_calls(emulated: object) -> dict[str, tuple[str, ...]]:
    classes = [each for name, each in vars(emulated).items() if name.endswith("Emulator")]
    return classes[0].calls


def test_no_recovery_takes_longer_than_was_allowed(vendor: str) -> None:
    for session in plan(vendor, longest=30).sessions:
        assert cost(vendor, session.rules) <= 30


def test_connections_to_both_are_cut_and_some_sessions_terminated(vendor: str) -> None:
    whole = plan(vendor)
    assert [cut.what for cut in whole.cuts].count("vendor") == len(whole.cuts) / 2
    ended = [s for s in whole.sessions if "terminate" in {order.name for order in s.orders}]
    assert 0 < len(ended) < len(whole.sessions) / 4
    assert not any("start" in {order.name for order in session.orders} for session in ended)


def test_both_workers_and_the_server_are_killed(vendor: str) -> None:
    assert {kill.what for kill in plan(vendor).kills} == {"worker", "server"}
    assert len(plan(vendor).kills) == 4

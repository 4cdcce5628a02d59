"""How many sessions there are, for a worker's metrics: asked of Temporal, not counted.

Sessions move between workers, and a worker that dies takes its numbers along. Temporal knows them
all, so each worker shows the same and any one of them is enough.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from temporalio.client import Client
from temporalio.common import MetricMeter
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from longtake.contracts import metrics, names
from longtake.domain.session import State

EVERY = 15.0
"""Seconds between two questions."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Census:
    """Of the sessions that are live."""

    states: Mapping[State, int]
    needing_attention: int


async def take(client: Client) -> Census:
    """Ask Temporal, whose answer is about a second old. Raises RPCError."""
    live = f'WorkflowType = "{names.WORKFLOW}" AND ExecutionStatus = "Running"'
    # One question a state: the server groups by no attribute of ours.
    questions = [f'{live} AND RecordingState = "{state}"' for state in State]
    questions.append(f"{live} AND RecordingNeedsAttention = true")
    answers = await asyncio.gather(*(client.count_workflows(query) for query in questions))
    *states, attention = (answer.count for answer in answers)
    return Census(dict(zip(State, states, strict=True)), attention)


async def show(client: Client, now: Callable[[], datetime], every: float = EVERY) -> None:
    """Keep the gauges of this client's runtime right until cancelled."""
    runtime = client.service_client.config.runtime or Runtime.default()
    while True:
        try:
            census = await take(client)
        except RPCError as err:
            # The gauges keep what they had: their own age tells.
            _log.warning("cannot count the sessions: %s", err.message)
        else:
            _set(runtime.metric_meter, census, now())
        await asyncio.sleep(every)


def _set(meter: MetricMeter, census: Census, at: datetime) -> None:
    states = meter.create_gauge(metrics.SESSIONS)
    for state, count in census.states.items():
        states.set(count, {"state": state.value})
    meter.create_gauge(metrics.NEEDING_ATTENTION).set(census.needing_attention)
    meter.create_gauge(metrics.ASKED_AT).set(int(at.timestamp()))

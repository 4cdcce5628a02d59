"""What the receiver counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import choose_encoder

from longtake.domain.events import EventKind

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Up to what the most patient vendor waits."""


class Outcome(StrEnum):
    """What became of a callback."""

    DELIVERED = "delivered"
    IGNORED = "ignored"
    """About no recording."""
    UNCLAIMED = "unclaimed"
    """No session of its room is live."""
    REFUSED = "refused"
    """Not signed as it should be."""
    MALFORMED = "malformed"
    POSTPONED = "postponed"
    """The vendor must send it again."""


class Metrics:
    """One receiver's own, in a registry of its own: a process may hold several receivers."""

    def __init__(self, accounts: Iterable[tuple[str, str]]) -> None:
        """`accounts`: vendor and account. Others are never counted: a label must have an end."""
        self._registry = CollectorRegistry()
        self._received = Counter(
            "longtake_callbacks_received",
            "Callbacks by what became of them.",
            ["vendor", "account", "outcome"],
            registry=self._registry,
        )
        self._events = Counter(
            "longtake_callbacks_events",
            "Events that were delivered or unclaimed, by kind.",
            ["vendor", "account", "kind"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "longtake_callbacks_answer_seconds",
            "Seconds from a callback's head to its answer.",
            ["vendor", "account"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        # A series that begins with its first refusal shows no increase: all are there from zero.
        for vendor, account in accounts:
            self._seconds.labels(vendor, account)
            for outcome in Outcome:
                self._received.labels(vendor, account, outcome)

    @contextmanager
    def answering(self, vendor: str, account: str) -> Generator[None]:
        """Measures the time to the answer, a refusal included."""
        with self._seconds.labels(vendor, account).time():
            yield

    def received(self, vendor: str, account: str, outcome: Outcome) -> None:
        """Count one callback."""
        self._received.labels(vendor, account, outcome).inc()

    def event(self, vendor: str, account: str, kind: EventKind) -> None:
        """Count one event."""
        self._events.labels(vendor, account, kind).inc()

    def page(self, accept: str) -> tuple[bytes, str]:
        """What Prometheus reads, and its content type; `accept` is the header of its question."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

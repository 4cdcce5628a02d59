"""Keeps the events of an account that no session claimed, until a sweep has placed them."""

from __future__ import annotations

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from longtake.contracts import names
    from longtake.contracts.sweeping import Claimed, KeptEvent, KeptEvents

KEPT = 500
"""Events kept at most; when there is no room the oldest goes, which is counted."""


@workflow.defn(name=names.UNCLAIMED)
class UnclaimedWorkflow:
    """One for each account that has such events; it ends when the last one is placed."""

    @workflow.init
    def __init__(self, kept: KeptEvents) -> None:
        self._events = {each.event.id: each for each in kept.events}
        self._dropped = kept.dropped

    @workflow.run
    async def run(self, kept: KeptEvents) -> KeptEvents:  # noqa: ARG002 - `__init__` read it
        """Keep what comes; gives what was left, which is nothing, and how many were dropped."""
        await workflow.wait_condition(
            lambda: not self._events or workflow.info().is_continue_as_new_suggested()
        )
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._events:
            workflow.continue_as_new(self.events())
        return self.events()

    @workflow.signal(name=names.VENDOR_EVENT, description="A callback that no session claimed")
    def keep(self, event: Any) -> None:
        try:
            kept = KeptEvent.model_validate(event)
        except ValidationError:
            workflow.logger.warning("an event that breaks the contract was not kept")
            return
        self._events.setdefault(kept.event.id, kept)
        if len(self._events) > KEPT:
            del self._events[next(iter(self._events))]
            self._dropped += 1
        self._show()

    @workflow.signal(name=names.CLAIMED, description="These are placed, by id")
    def claimed(self, claimed: Claimed) -> None:
        for event_id in claimed.ids:
            self._events.pop(event_id, None)
        self._show()

    @workflow.query(name=names.EVENTS, description="What no session claimed")
    def events(self) -> KeptEvents:
        return KeptEvents(events=tuple(self._events.values()), dropped=self._dropped)

    def _show(self) -> None:
        lines = [
            f"| {each.since:%Y-%m-%d %H:%M:%S} | {each.event.room} | `{each.event.task_id}`"
            f" | {each.event.kind} | {each.event.recorder} |"
            for each in list(self._events.values())[-20:]
        ]
        head = ["| since (UTC) | room | task | event | recorder |", "|---|---|---|---|---|"]
        told = f"## Events that no session claimed: {len(self._events)}"
        if self._dropped:
            told += f", dropped for want of room: {self._dropped}"
        workflow.set_current_details("\n".join([told, "", *head, *lines]))

"""One occurrence of a schedule: it starts the room's session, or records why it did not.

The session is a child that is left alone afterwards: the server starts it once, however often this
workflow's task is repeated, under the id that is the room's lock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import (
    Priority,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    WorkflowAlreadyStartedError,
)

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from longtake.contracts import names
    from longtake.contracts.payloads import StopOrder
    from longtake.contracts.scheduling import (
        Occupant,
        Occurrence,
        Outcome,
        RoomQuestion,
        ScheduledOrder,
    )
    from longtake.domain.errors import invalid_request
    from longtake.domain.recording import RecordingRequest
    from workflows import policies
    from workflows.calls import failure_of

_DUE = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
_STATE = SearchAttributeKey.for_keyword("RecordingState")
_NAMES = {
    "vendor": SearchAttributeKey.for_keyword("RecordingVendor"),
    "account": SearchAttributeKey.for_keyword("RecordingAccount"),
    "room": SearchAttributeKey.for_keyword("RecordingRoom"),
}
SUMMARY_BYTES = 200
"""Temporal takes 400 bytes of JSON, where a quote needs two."""


@workflow.defn(name=names.SCHEDULED)
class ScheduledRecordingWorkflow:
    """Decides once, and is over: the session lives by itself."""

    _order: ScheduledOrder

    @workflow.run
    async def run(self, order: Any) -> Occurrence:
        """`order`: a ScheduledOrder, taken as it came, so that a broken one fails in our words."""
        try:
            self._order = ScheduledOrder.model_validate(order)
        except ValidationError as err:
            raise ApplicationError(
                str(invalid_request(err)), type="InvalidRequest", non_retryable=True
            ) from None
        _upsert([pair.key.value_set(pair.value) for pair in _pairs(self._order.request)])
        self._due = _due()
        self._ends = self._due + self._order.duration
        outcome, reason = self._ruled_out() or await self._start()
        return self._recorded(outcome, reason)

    def _ruled_out(self) -> tuple[Outcome, str] | None:
        """Why nothing is to be started, whatever the room is like."""
        order, late = self._order, self._lateness
        if order.paused is not None:
            return Outcome.SKIPPED, f"the schedule was paused: {order.paused or 'no reason given'}"
        if workflow.now() >= self._ends:
            return Outcome.MISSED, f"its time was over when it could begin, {late} after it was due"
        if late > order.catch_up + order.jitter and not order.is_forgiven(self._due):
            return Outcome.MISSED, (
                f"{late} late, and catch-up ends {order.catch_up} after an occurrence was due"
            )
        return None

    async def _start(self) -> tuple[Outcome, str]:
        """Start the session as soon as the overlap policy lets it."""
        policy, before = self._order.overlap, Occupant()
        while not await self._started():
            live = await self._ask(names.OCCUPANT, "who records the room")
            if live.run_id and policy == "skip":
                return Outcome.OVERLAPPED, self._taken(live)
            if live.run_id and live.run_id != before.run_id:
                before = live
                self._show(f"the room is taken: {policy}", self._taken(live))
                if policy == "replace":
                    await self._stop()
            await self._ask(names.VACATED, "until nobody records the room")
            if workflow.now() >= self._ends:
                return Outcome.OVERLAPPED, f"{self._taken(before)}, until the end of its time"
        reason = f"recording until {_clock(self._ends)} at the latest"
        if before.run_id:
            reason += f"; {'replaced' if policy == 'replace' else 'waited for'} run {before.run_id}"
        return Outcome.STARTED, reason

    async def _started(self) -> bool:
        """Start the session; False if the room has a live one."""
        order = self._order
        times: dict[str, Any] = {
            "start_at": self._due,
            "stop_at": self._ends,
            "max_duration": order.duration,
        }
        request = RecordingRequest.model_validate(order.request.model_dump() | times)
        summary = f"{request.vendor} · room {request.room} · {request.mode}, scheduled"
        try:
            await workflow.start_child_workflow(
                names.WORKFLOW,
                request,
                id=order.session_id,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
                search_attributes=TypedSearchAttributes(_pairs(request)),
                static_summary=summary.encode()[:SUMMARY_BYTES].decode(errors="ignore"),
                priority=Priority(fairness_key=request.account),
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _stop(self) -> None:
        """Tell the live session to end; one that is over meanwhile needs no telling."""
        live: workflow.ExternalWorkflowHandle[Any] = workflow.get_external_workflow_handle(
            self._order.session_id
        )
        told = StopOrder(reason=f"replaced by {workflow.info().workflow_id}"[:200])
        try:
            await live.signal(names.STOP, told)
        except FailureError as err:
            workflow.logger.info("the session was over", extra={"why": str(err)})

    async def _ask(self, name: str, summary: str) -> Occupant:
        """What the activity tells; nobody, if the occurrence's time ends before it does."""
        left = max(self._ends - workflow.now(), timedelta(seconds=1))
        try:
            return await workflow.execute_activity(
                name,
                RoomQuestion(workflow_id=self._order.session_id),
                result_type=Occupant,
                start_to_close_timeout=policies.ROOM.one_try,
                schedule_to_close_timeout=left,
                retry_policy=policies.ROOM.retry,
                priority=Priority(priority_key=policies.ROOM.priority),
                summary=summary,
            )
        except ActivityError as err:
            self._show(f"no answer: {summary}", failure_of(err).message)
            return Occupant()

    @property
    def _lateness(self) -> timedelta:
        """To the second: more says nothing to a person."""
        late = workflow.now() - self._due
        return max(timedelta(seconds=round(late.total_seconds())), timedelta(0))

    def _taken(self, live: Occupant) -> str:
        """Who records the room, in words."""
        since = f", run {live.run_id}, since {_clock(live.since)}" if live.since else ""
        return f"the room was being recorded by {self._order.session_id}{since}"

    def _recorded(self, outcome: Outcome, reason: str) -> Occurrence:
        """The result, also where it is seen without opening it."""
        session = self._order.session_id
        result = Occurrence(
            outcome=outcome,
            reason=reason,
            due=self._due,
            lateness=self._lateness,
            session=session if outcome in {Outcome.STARTED, Outcome.OVERLAPPED} else "",
        )
        _upsert([_STATE.value_set(str(outcome))])
        workflow.upsert_memo(result.model_dump(mode="json"))
        self._show(str(outcome), reason)
        return result

    def _show(self, title: str, text: str) -> None:
        order = self._order
        facts = {
            "due": _clock(self._due),
            "until": _clock(self._ends),
            "late": str(self._lateness),
            "schedule": order.schedule,
            "room": f"{order.request.vendor} · {order.request.account} · {order.request.room}",
            "session": f"`{order.session_id}`",
            "overlap": order.overlap,
            "catch-up": str(order.catch_up),
        }
        rows = [f"| {name} | {_cell(told)} |" for name, told in facts.items()]
        page = [f"## {title}", "", text, "", "| | |", "|---|---|", *rows]
        workflow.set_current_details("\n".join(page))


def _due() -> datetime:
    """When the schedule meant it; started by hand it is due at once."""
    info = workflow.info()
    return info.typed_search_attributes.get(_DUE) or info.start_time


def _pairs(request: RecordingRequest) -> list[SearchAttributePair[Any]]:
    return [SearchAttributePair(key, getattr(request, field)) for field, key in _NAMES.items()]


def _upsert(changes: list[Any]) -> None:
    workflow.upsert_search_attributes(changes)  # pyright: ignore[reportUnknownMemberType]


def _cell(text: str) -> str:
    """A room's name may hold what ends a table's cell."""
    return text.replace("|", "\\|")


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"

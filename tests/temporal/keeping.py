"""A stand-in for the recording workflow: it keeps what it is told and ends when told to stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from longtake.contracts import names
from longtake.contracts.payloads import Applied, LayoutChange, RecordingResult, Timeline
from longtake.domain.files import Manifest, Outcome
from longtake.domain.recording import RecordingRequest
from longtake.domain.session import EndReason

HEARD = "heard"


@workflow.defn(name=names.WORKFLOW)
class KeepingSession:
    def __init__(self) -> None:
        self._heard: list[tuple[str, Any]] = []

    @workflow.run
    async def run(self, request: RecordingRequest) -> RecordingResult:
        await workflow.wait_condition(lambda: any(name == names.STOP for name, _ in self._heard))
        return RecordingResult(
            end_reason=EndReason.STOPPED,
            end_detail=request.room,
            manifest=Manifest(outcome=Outcome.EMPTY, storage=request.output.storage),
            segments=[],
            strays=[],
            revisions=1,
            lateness=timedelta(0),
        )

    @workflow.signal(dynamic=True)
    def keep(self, name: str, args: Sequence[RawValue]) -> None:
        converter = workflow.payload_converter()
        self._heard.append((name, [converter.from_payload(arg.payload) for arg in args]))

    @workflow.update(name=names.SET_LAYOUT)
    async def set_layout(self, change: LayoutChange) -> Applied:
        return Applied(revision=2)

    @set_layout.validator
    def _check_layout(self, change: LayoutChange) -> None:
        if change.layout.kind == "speaker":
            raise ApplicationError("layout.kind: acme offers grid", type="InvalidRequest")

    @workflow.query(name=names.FILES)
    def files(self) -> Manifest | None:
        return None

    @workflow.query(name=names.TIMELINE)
    def timeline(self) -> Timeline:
        return Timeline(notes=[], dropped=3)

    @workflow.query(name=HEARD)
    def heard(self) -> list[tuple[str, Any]]:
        return self._heard

"""How a command ends: the exit codes, and the one translation from errors to them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from pydantic import ValidationError
from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from longtake.client import AlreadyLive, RecordingFailed, RecordingNotFound, Rejected
from longtake.domain.errors import RecordingError, invalid_request
from longtake.settings import SettingsError
from longtake.temporal.codec import CodecError
from longtake.temporal.devserver import DevServerError
from longtake.temporal.schedules import ScheduleExists, ScheduleNotFound, SchedulePaused


class Code(IntEnum):
    """Public: scripts branch on these."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    ALREADY_LIVE = 4
    NO_TEMPORAL = 5
    INTERRUPTED = 130


class Exit(Exception):
    """The command ends here, with this code and these words on standard error."""

    def __init__(self, code: Code, message: str = "") -> None:
        """`message` is for a person; without one nothing is printed."""
        super().__init__(message)
        self.code = code
        self.message = message


_NO_WORKER = {RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.DEADLINE_EXCEEDED}
"""How the server says that nobody took the question."""


_PLAIN: Sequence[tuple[type[Exception], Code]] = (
    (SettingsError, Code.USAGE),
    (RecordingError, Code.USAGE),
    (RecordingNotFound, Code.NOT_FOUND),
    (AlreadyLive, Code.ALREADY_LIVE),
    (DevServerError, Code.FAILED),
    (ScheduleExists, Code.FAILED),
    (ScheduleNotFound, Code.NOT_FOUND),
    (SchedulePaused, Code.FAILED),
    (CodecError, Code.FAILED),
)
"""Errors whose own text says all."""


def exit_for(error: Exception) -> Exit | None:
    """How an expected error ends the command; None for a bug."""
    for kind, code in _PLAIN:
        if isinstance(error, kind):
            return Exit(code, str(error))
    match error:
        case Exit():
            found = error
        case ValidationError():
            found = Exit(Code.USAGE, str(invalid_request(error)))
        case Rejected():
            code = Code.USAGE if error.code == "InvalidRequest" else Code.FAILED
            found = Exit(code, str(error))
        case RecordingFailed():
            found = Exit(Code.FAILED, f"the session failed: {error}")
        case WorkflowQueryFailedError():
            found = Exit(Code.FAILED, f"the session does not answer: {error}")
        case RPCError():
            found = _of_rpc(error)
        case ModuleNotFoundError():
            remedy = "pip install 'longtake[all]' brings every part"
            found = Exit(Code.FAILED, f"{error.name} is not installed; {remedy}")
        case _:
            found = None
    return found


def _of_rpc(error: RPCError) -> Exit:
    if error.status == RPCStatusCode.UNAVAILABLE:
        return Exit(Code.NO_TEMPORAL, f"Temporal does not answer: {error.message}")
    if error.status in _NO_WORKER:
        return Exit(
            Code.FAILED,
            f"no worker answers for the session; `longtake doctor` looks for one: {error.message}",
        )
    if error.status == RPCStatusCode.INVALID_ARGUMENT:
        return Exit(Code.USAGE, f"Temporal refuses the request: {error.message}")
    return Exit(Code.FAILED, f"Temporal: {error.message}")

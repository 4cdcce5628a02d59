"""What can go wrong, sorted by what must happen next.

    RecordingError
    |-- InvalidRequest     the caller's fault: fail at once, name the field
    |-- Unauthorized       credentials refused: fail, never retry in a loop
    |-- NotConfigured      an account, a storage profile or a vendor service is missing
    |-- QuotaExceeded      the vendor is full: wait, then retry
    |-- RateLimited        too many calls: wait `retry_after`, then retry
    |-- VendorUnavailable  the vendor failed or answered nonsense: back off, retry
    |-- NotSent            the request never left (name lookup, connect, TLS): retry
    |-- StartUnknown       a start was sent and no answer tells its outcome: recover first
    |-- ResourceExpired    the acquired resource is spent or too old: acquire again
    |-- AlreadyRunning     the very resource has started, its task id was not told
    |-- RecorderBusy       the attempt's recorder runs already, under an earlier resource
    |-- TaskNotFound       the vendor does not know the task (now): ended, or migrating
    |-- AlreadyStopped     the task is over or exiting: for a stop that is success
    `-- NoRecordedData     stopped, and nobody had published anything

`StartUnknown`, `AlreadyRunning` and `RecorderBusy` leave a recording in doubt; every other error
of a start is the vendor's definite no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import ValidationError

from longtake.domain.layout import KINDS

MESSAGE_LIMIT = 500
"""Characters of an error text that may enter a workflow's history."""


NO_TURN = "NoTurn"
"""What a worker says of a call that it did not begin: it is to go through its account's queue."""

ASK_AGAIN = "AskAgain"
"""The type of a failure that is none: the retry of such an activity is a poll."""


class RecordingError(Exception):
    """A failure of a recording call, as data.

    `code` is the class's own name and public: workflows and operators match on it.
    The text never holds a body, a query string or a credential.
    """

    retryable: ClassVar[bool] = False
    in_doubt: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        vendor: str = "",
        call: str = "",
        vendor_code: str = "",
        request_id: str = "",
        retry_after: timedelta | None = None,
    ) -> None:
        """`vendor_code` is the vendor's own code or HTTP status, as text."""
        super().__init__(message[:MESSAGE_LIMIT])
        self.vendor = vendor
        self.call = call
        self.vendor_code = vendor_code
        self.request_id = request_id
        self.retry_after = retry_after

    @property
    def code(self) -> str:
        """The class name, by which retry policies and workflows know the error."""
        return type(self).__name__

    def evidence(self) -> dict[str, str]:
        """What an operator needs to find the call at the vendor."""
        facts = {
            "vendor": self.vendor,
            "call": self.call,
            "vendor_code": self.vendor_code,
            "request_id": self.request_id,
            "in_doubt": "yes" if self.in_doubt else "",
        }
        return {name: value for name, value in facts.items() if value}


class InvalidRequest(RecordingError):
    """A rule is broken by what the caller asked for."""


class Unauthorized(RecordingError):
    """The vendor refused the account's credentials."""


class NotConfigured(RecordingError):
    """An account, a profile or the vendor's service is missing or switched off."""


class QuotaExceeded(RecordingError):
    """The vendor has no room for one more recording now."""

    retryable = True


class RateLimited(RecordingError):
    """Too many calls in a short time."""

    retryable = True


class VendorUnavailable(RecordingError):
    """The vendor failed, or answered what cannot be understood."""

    retryable = True


class NotSent(RecordingError):
    """The request never reached the vendor."""

    retryable = True


class StartUnknown(RecordingError):
    """A start was sent; whether a recording runs is not known."""

    retryable = True
    in_doubt = True


class ResourceExpired(RecordingError):
    """The acquired resource cannot start a recording any more."""


class AlreadyRunning(RecordingError):
    """A recording of this attempt runs, but its task id is not known."""

    in_doubt = True


class RecorderBusy(RecordingError):
    """The attempt's recorder is recording, but not with this resource."""

    in_doubt = True


class TaskNotFound(RecordingError):
    """The vendor does not know this task now."""


class AlreadyStopped(RecordingError):
    """The task is over or on its way out."""


class NoRecordedData(RecordingError):
    """The recording ended and nothing had been published to it."""


ERRORS: Mapping[str, type[RecordingError]] = {
    cls.__name__: cls for cls in RecordingError.__subclasses__()
}
"""Every class by its code."""


def invalid_request(error: ValidationError, *, root: str = "") -> InvalidRequest:
    """Name each broken rule with its field's path: `layout.panes.0.x: ...`."""
    entries = error.errors()
    broken = [entry for entry in entries if not _follows(entry, entries)]
    return InvalidRequest("; ".join(_problem(entry, root) for entry in broken))


def _follows(entry: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a list is too short only because what stands in it breaks rules of its own."""
    path = entry["loc"]
    return entry["type"] == "too_short" and any(
        other["loc"][: len(path)] == path and len(other["loc"]) > len(path) for other in entries
    )


def _problem(entry: Mapping[str, Any], root: str) -> str:
    path = ".".join(_readable(entry["loc"], root))
    text = str(entry["msg"]).removeprefix("Value error, ").strip()
    if entry["type"] == "extra_forbidden":
        text = "unknown field"
    if entry["type"] in {"too_long", "too_short"}:
        bounds = entry["ctx"]
        least = f"at least {bounds.get('min_length')}"
        text = f"at most {bounds['max_length']}" if "max_length" in bounds else least
        text += f" entries, {bounds.get('actual_length', 'more')} were given"
    given: object = entry.get("input")
    shown = f" (got {given!r})" if isinstance(given, (str, int, float, bool)) else ""
    # A value may be a credential typed into the wrong field: only short ones are repeated.
    return f"{path or 'request'}: {text}{shown if len(shown) <= 60 else ''}"


def _readable(loc: Iterable[str | int], root: str) -> Iterable[str]:
    """Drop the layout's kind, which pydantic adds to a path and the caller did not write."""
    before = root
    if root:
        yield root
    for part in map(str, loc):
        if not (before == "layout" and part in KINDS):
            yield part
        before = part

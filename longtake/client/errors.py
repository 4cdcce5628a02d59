"""What a caller may want to tell apart; anything else is temporalio's own.

InvalidRequest, from `longtake.domain.errors`, says that a request breaks a rule.
"""

from __future__ import annotations

from longtake.contracts.payloads import RecordingResult


class RecordingNotFound(Exception):
    """No recording session has this workflow id, or it is over and takes no more orders."""

    def __init__(self, workflow_id: str) -> None:
        """The id that was looked for."""
        super().__init__(f"no recording session {workflow_id!r} is there to ask")
        self.workflow_id = workflow_id


class AlreadyLive(Exception):
    """The room is being recorded, by a start with another request key or with none."""

    def __init__(self, workflow_id: str) -> None:
        """The id of the live session: `RecordingClient.handle_of` gives the session itself."""
        super().__init__(f"the room is being recorded already, by the session {workflow_id!r}")
        self.workflow_id = workflow_id


class Rejected(Exception):
    """The session refused a change, or could not carry it out; the text is the session's own.

    `code` is the class of the error taxonomy, such as InvalidRequest.
    """

    def __init__(self, message: str, code: str) -> None:
        """`message` names the field and the rule."""
        super().__init__(message)
        self.code = code


class RecordingFailed(Exception):
    """The session ended without a result of its own: failed, cancelled or ended from outside.

    `code` is the class of the error taxonomy, or Cancelled, Terminated or TimedOut.
    """

    def __init__(
        self, workflow_id: str, code: str, message: str, result: RecordingResult | None = None
    ) -> None:
        """`result`: a session may fail with files; None when it had no chance to say."""
        super().__init__(f"{code}: {message}" if message else code)
        self.workflow_id = workflow_id
        self.code = code
        self.message = message
        self.result = result

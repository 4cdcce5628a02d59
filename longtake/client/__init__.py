"""Recordings from a Python program: started, directed, asked and followed.

It needs pydantic and temporalio alone, no worker code; any other Temporal client can do the same.
"""

from __future__ import annotations

from longtake.client.errors import AlreadyLive, RecordingFailed, RecordingNotFound, Rejected
from longtake.client.recordings import ListedRecording, RecordingClient, connect
from longtake.client.session import RecordingSession

__all__ = [
    "AlreadyLive",
    "ListedRecording",
    "RecordingClient",
    "RecordingFailed",
    "RecordingNotFound",
    "RecordingSession",
    "Rejected",
    "connect",
]

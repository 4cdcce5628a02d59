"""What query and stop say of a recording, in the shapes of each mode."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from longtake.vendors.agora.emulator import standing
from longtake.vendors.agora.emulator.recording import Recording


def queried(recording: Recording, now: datetime) -> dict[str, Any]:
    """``serverResponse`` of query."""
    status = {"status": standing.status(recording, now)}
    if recording.facts.web:
        return {**status, "extensionServiceState": _extension_states(recording)}
    if recording.facts.request.snapshots_only:
        return {**status, "sliceStartTime": recording.slice_start()}
    return {**status, **_files(recording), "sliceStartTime": recording.slice_start()}


def stopped(recording: Recording) -> dict[str, Any]:
    """``serverResponse`` of a synchronous stop, once the uploads are through."""
    uploading = {"uploadingStatus": recording.uploads.status}
    if recording.facts.web:
        upload = {"serviceName": "upload_service", "payload": uploading}
        return {"extensionServiceState": [upload, *_extension_states(recording)]}
    if recording.facts.request.snapshots_only:
        return uploading
    return {**_files(recording), **uploading}


def as_text(answer: dict[str, Any]) -> dict[str, Any]:
    """The shape of the older Chinese reference: all is text, and ``fileName`` is ``filename``."""
    return {
        {"fileName": "filename"}.get(name, name): _text(value) for name, value in answer.items()
    }


def _text(value: Any) -> Any:
    if isinstance(value, dict):
        return as_text(cast("dict[str, Any]", value))
    if isinstance(value, list):
        return [_text(item) for item in cast("list[Any]", value)]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _files(recording: Recording) -> dict[str, Any]:
    request = recording.facts.request
    if recording.facts.mode == "mix" and not request.mp4:
        return {"fileListMode": "string", "fileList": recording.playlist}
    entries = [entry.as_json() for entry in recording.uploads.entries]
    return {"fileListMode": "json", "fileList": entries}


def _extension_states(recording: Recording) -> list[dict[str, Any]]:
    if recording.left_at is not None:
        state = "exit"
    else:
        state = "init" if recording.up_at is None else "inProgress"
    files = [entry.as_web_json() for entry in recording.uploads.entries]
    page = {"state": state, "onhold": recording.onhold, "fileList": files}
    states: list[dict[str, Any]] = [{"serviceName": "web_recorder_service", "payload": page}]
    if recording.push:
        status = {"init": "connecting", "exit": "disconnected"}.get(state, "publishing")
        outputs = [
            {"rtmpUrl": url, "status": "onhold" if recording.onhold else status}
            for url in recording.push
        ]
        payload = {"state": state, "outputs": outputs}
        states.append({"serviceName": "rtmp_publish_service", "payload": payload})
    return states

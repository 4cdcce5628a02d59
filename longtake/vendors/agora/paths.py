"""Where the caller wrote what the wire calls by another name."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from longtake.domain.errors import InvalidRequest

_ASKED_AS: Mapping[str, str] = {
    "cname": "room",
    "clientRequest.storageConfig.fileNamePrefix": "output.path_prefix",
    "clientRequest.storageConfig": "output.storage",
    "clientRequest.recordingFileConfig": "output.formats",
    "clientRequest.recordingConfig.maxIdleTime": "max_idle",
    "clientRequest.recordingConfig.subscribeAudioUids": "subscriptions.audio",
    "clientRequest.recordingConfig.unSubscribeAudioUids": "subscriptions.audio",
    "clientRequest.recordingConfig.subscribeVideoUids": "subscriptions.video",
    "clientRequest.recordingConfig.unSubscribeVideoUids": "subscriptions.video",
    "clientRequest.recordingConfig.transcodingConfig": "canvas",
    "clientRequest.recordingConfig.transcodingConfig.bitrate": "canvas.video_kbps",
    "clientRequest.recordingConfig.transcodingConfig.fps": "canvas.fps",
    "clientRequest.recordingConfig.transcodingConfig.height": "canvas.height",
    "clientRequest.recordingConfig.transcodingConfig.width": "canvas.width",
    "clientRequest.recordingConfig.transcodingConfig.layoutConfig": "layout.panes",
    "clientRequest.recordingConfig.transcodingConfig.maxResolutionUid": "layout.main",
    "clientRequest.recordingConfig.transcodingConfig.backgroundConfig": "layout.user_images",
    "clientRequest.layoutConfig": "layout.panes",
    "clientRequest.maxResolutionUid": "layout.main",
    "clientRequest.backgroundConfig": "layout.user_images",
    "clientRequest.streamSubscribe": "subscriptions",
    "clientRequest.extensionServiceConfig.serviceParam": "canvas",
    "clientRequest.extensionServiceConfig.serviceParam.maxVideoDuration": "output.max_file_length",
    "clientRequest.extensionServiceConfig.serviceParam.outputs": "vendor_options.web.rtmp_url",
    "clientRequest.extensionServiceConfig.serviceParam.url": "vendor_options.web.url",
    "clientRequest.extensionServiceConfig.serviceParam.videoBitrate": "canvas.video_kbps",
    "clientRequest.extensionServiceConfig.serviceParam.videoFps": "canvas.fps",
    "clientRequest.extensionServiceConfig.serviceParam.videoHeight": "canvas.height",
    "clientRequest.extensionServiceConfig.serviceParam.videoWidth": "canvas.width",
    "clientRequest": "vendor_options",
}
"""From the wire's path to the request's; the longest match counts."""


@contextmanager
def asked_paths(*root: str) -> Generator[None]:
    """A rule that the wire model finds broken is named by the path that the caller wrote."""
    try:
        yield
    except ValidationError as error:
        raise InvalidRequest("; ".join(_problem(root, entry) for entry in error.errors())) from None


def _problem(root: tuple[str, ...], entry: Mapping[str, Any]) -> str:
    loc = (*root, *entry["loc"])
    parts = [part for part in loc if isinstance(part, str) and "_service" not in part]
    parts = [part for part in parts if part != "extensionServices"]
    text = str(entry["msg"]).removeprefix("Value error, ")
    for length in range(len(parts), 0, -1):
        if asked := _ASKED_AS.get(".".join(parts[:length])):
            return f"{asked}: {text}"
    return f"request: {text}"

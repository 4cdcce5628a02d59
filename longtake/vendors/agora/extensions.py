"""What runs beside a recording or after it, in Agora's words: a web page's recorder and its
push to a CDN, ApsaraVideo for VoD, and work on the finished files.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from longtake.domain.recording import Canvas, RecordingRequest, Scene
from longtake.vendors.agora.options import AgoraOptions, Postponed, Vod, WebPage
from longtake.vendors.agora.settings import AgoraAccount


def page_hours(request: RecordingRequest, options: AgoraOptions) -> int:
    """When the service ends a page's recording, which no empty room would end."""
    asked = options.web.max_recording_hours if options.web else None
    enough = math.ceil(request.max_duration / timedelta(hours=1)) + 1
    return asked or max(1, min(enough, options.resource_expired_hour - 1))


def page_service(
    page: WebPage, request: RecordingRequest, scene: Scene, *, hours: int, audio_profile: int
) -> dict[str, Any]:
    """`web_recorder_service`; a scene on hold starts paused."""
    canvas = request.canvas or Canvas()
    length = request.output.max_file_length
    param: dict[str, Any] = {
        "url": page.url,
        "audioProfile": audio_profile,
        "videoWidth": canvas.width,
        "videoHeight": canvas.height,
        "maxRecordingHour": hours,
        "videoBitrate": canvas.video_kbps,
        "videoFps": canvas.fps,
        "mobile": page.mobile,
        "maxVideoDuration": None if length is None else round(length / timedelta(minutes=1)),
        "onhold": scene.on_hold,
        "readyTimeout": page.ready_timeout,
    }
    return _service("web_recorder_service", param)


def push_service(address: object) -> dict[str, Any]:
    """`rtmp_publish_service`, to one address."""
    return _service("rtmp_publish_service", {"outputs": [{"rtmpUrl": address}]})


def vod_service(vod: Vod, account: AgoraAccount) -> dict[str, Any]:
    """`aliyun_vod_service`."""
    video = {
        "title": vod.title,
        "description": vod.description,
        "coverUrl": vod.cover_url,
        "cateId": vod.category_id,
        "tags": vod.tags,
        "templateGroupId": vod.template_group_id,
        "userData": vod.user_data,
        "storageLocation": vod.storage_location,
        "workflowId": vod.workflow_id,
    }
    param = {
        "accessKey": account.secret(vod.access_key, "vod.access_key"),
        "secretKey": account.secret(vod.secret_key, "vod.secret_key"),
        "regionId": vod.region_id,
        "apiData": {"videoData": video},
    }
    return _service("aliyun_vod_service", param)


def postponed_work(chosen: Postponed) -> dict[str, Any]:
    """`appsCollection` and `transcodeOptions`."""
    if chosen.mode == "transcode":
        options: dict[str, Any] = {
            "container": {"format": "mp4"},
            "transConfig": {"transMode": "postponeTranscoding"},
        }
    else:
        options = {
            "container": {"format": chosen.format or "mp3"},
            "transConfig": {"transMode": "audioMix"},
            "audio": {
                "sampleRate": str(chosen.sample_rate or 48000),
                "channels": str(chosen.channels or 2),
            },
        }
    return {
        "appsCollection": {"combinationPolicy": "postpone_transcoding"},
        "transcodeOptions": options,
    }


def _service(name: str, param: dict[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in param.items() if value is not None}
    return {"serviceName": name, "serviceParam": given}

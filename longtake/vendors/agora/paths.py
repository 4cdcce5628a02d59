"""Where the caller wrote what the wire calls by another name."""

from __future__ import annotations

from longtake.vendorkit.paths import AskedPaths

_PICTURE = "clientRequest.recordingConfig.transcodingConfig"
_SERVICE = "clientRequest.extensionServiceConfig.serviceParam"

asked_paths = AskedPaths(
    {
        "cname": "room",
        "clientRequest.storageConfig.fileNamePrefix": "output.path_prefix",
        "clientRequest.storageConfig": "output.storage",
        "clientRequest.recordingFileConfig": "output.formats",
        "clientRequest.recordingConfig.maxIdleTime": "max_idle",
        "clientRequest.recordingConfig.subscribeAudioUids": "subscriptions.audio",
        "clientRequest.recordingConfig.unSubscribeAudioUids": "subscriptions.audio",
        "clientRequest.recordingConfig.subscribeVideoUids": "subscriptions.video",
        "clientRequest.recordingConfig.unSubscribeVideoUids": "subscriptions.video",
        _PICTURE: "canvas",
        f"{_PICTURE}.bitrate": "canvas.video_kbps",
        f"{_PICTURE}.fps": "canvas.fps",
        f"{_PICTURE}.height": "canvas.height",
        f"{_PICTURE}.width": "canvas.width",
        f"{_PICTURE}.layoutConfig": "layout.panes",
        f"{_PICTURE}.maxResolutionUid": "layout.main",
        f"{_PICTURE}.backgroundConfig": "layout.user_images",
        "clientRequest.layoutConfig": "layout.panes",
        "clientRequest.maxResolutionUid": "layout.main",
        "clientRequest.backgroundConfig": "layout.user_images",
        "clientRequest.streamSubscribe": "subscriptions",
        _SERVICE: "canvas",
        f"{_SERVICE}.maxVideoDuration": "output.max_file_length",
        f"{_SERVICE}.outputs": "vendor_options.web.rtmp_url",
        f"{_SERVICE}.url": "vendor_options.web.url",
        f"{_SERVICE}.videoBitrate": "canvas.video_kbps",
        f"{_SERVICE}.videoFps": "canvas.fps",
        f"{_SERVICE}.videoHeight": "canvas.height",
        f"{_SERVICE}.videoWidth": "canvas.width",
        "clientRequest": "vendor_options",
    },
    unnamed=frozenset(
        {
            "extensionServices",
            "aliyun_vod_service",
            "rtmp_publish_service",
            "web_recorder_service",
        }
    ),
)

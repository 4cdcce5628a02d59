"""Where the caller wrote what the wire calls by another name."""

from __future__ import annotations

from longtake.vendorkit.paths import AskedPaths

_LAYOUT = {
    "MixLayoutParams": "layout",
    "MixLayoutParams.MixBackground": "layout.background_image",
    "MixLayoutParams.UserPanes": "layout.panes",
    "MixLayoutParams.UserPanes.SubBackground": "layout.user_images",
}
_TRANSCODING = {
    "AudioBitrate": "canvas.audio_kbps",
    "VideoBitrate": "canvas.video_kbps",
    "VideoFramerate": "canvas.fps",
    "VideoWidth": "canvas.width",
    "VideoHeight": "canvas.height",
}
asked_paths = AskedPaths(
    {
        "ChannelId": "room",
        "MaxIdleTime": "max_idle",
        "RecordParams.MaxFileDuration": "output.max_file_length",
        "SubscribeParams": "subscriptions",
        **{f"MixTranscodeParams.{name}": asked for name, asked in _TRANSCODING.items()},
        **_LAYOUT,
    }
)

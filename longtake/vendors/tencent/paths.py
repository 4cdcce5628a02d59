"""Where the caller wrote what the wire calls by another name."""

from __future__ import annotations

from longtake.vendorkit.paths import AskedPaths

_LAYOUT = {
    "MixLayoutList": "layout.panes",
    "MixLayoutList.SubBackgroundImage": "layout.user_images",
    "BackgroundImageUrl": "layout.background_image",
    "DefaultSubBackgroundImage": "layout.user_image",
}
_LISTS = {
    "SubscribeAudioUserIds": "subscriptions.audio",
    "UnSubscribeAudioUserIds": "subscriptions.audio",
    "SubscribeVideoUserIds": "subscriptions.video",
    "UnSubscribeVideoUserIds": "subscriptions.video",
}
asked_paths = AskedPaths(
    {
        "RoomIdType": "vendor_options.room_id_type",
        "RecordParams.MaxIdleTime": "max_idle",
        "MixTranscodeParams.VideoParams": "canvas",
        "MixTranscodeParams.VideoParams.Width": "canvas.width",
        "MixTranscodeParams.VideoParams.Height": "canvas.height",
        "MixTranscodeParams.VideoParams.Fps": "canvas.fps",
        "StorageParams.CloudStorage.FileNamePrefix": "output.path_prefix",
        **{f"MixLayoutParams.{name}": asked for name, asked in _LAYOUT.items()},
        **{f"RecordParams.SubscribeStreamUserIds.{name}": asked for name, asked in _LISTS.items()},
        **{f"SubscribeStreamUserIds.{name}": asked for name, asked in _LISTS.items()},
    }
)

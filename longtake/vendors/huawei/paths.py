"""Where the caller wrote what the wire calls by another name."""

from __future__ import annotations

from longtake.vendorkit.paths import AskedPaths

asked_paths = AskedPaths(
    {
        "room_id": "room",
        "user_id": "subscriptions",
        "max_idle_time": "max_idle",
        "is_record_audio": "media",
        "video_type": "media",
        "publish_param": "vendor_options.rtmp_urls",
        "record_param": "output.storage",
        "mix_param": "layout",
        "mix_param.room_id": "room",
        "mix_param.encode_template": "canvas",
        "mix_param.max_idle_time": "max_idle",
        "mix_param.layout_template": "layout.kind",
        "mix_param.layout_panes": "layout.panes",
        "mix_param.user_background_images": "vendor_options.user_images",
    }
)

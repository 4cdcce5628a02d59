"""What TRTC's folder offers to the rest."""

from __future__ import annotations

from longtake.vendorkit.spec import VendorSpec
from longtake.vendors.tencent.adapter import TencentRecorder
from longtake.vendors.tencent.callbacks import TencentCallbacks
from longtake.vendors.tencent.files import describe
from longtake.vendors.tencent.playlist import playlist_tags
from longtake.vendors.tencent.settings import TencentAccount, TencentStorage

SPEC = VendorSpec(
    slug="tencent",
    title="Tencent TRTC on-cloud recording",
    account=TencentAccount,
    storage=TencentStorage,
    recorder=TencentRecorder,
    callbacks=TencentCallbacks,
    describe=describe,
    playlist_began=lambda text: playlist_tags(text).began,
)

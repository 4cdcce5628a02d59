"""What SparkRTC's folder offers to the rest."""

from __future__ import annotations

from longtake.vendorkit.spec import VendorSpec
from longtake.vendors.huawei.adapter import HuaweiRecorder
from longtake.vendors.huawei.callbacks import HuaweiCallbacks
from longtake.vendors.huawei.files import describe, playlist_began
from longtake.vendors.huawei.settings import HuaweiAccount, HuaweiStorage

SPEC = VendorSpec(
    slug="huawei",
    title="Huawei Cloud RTC recording",
    account=HuaweiAccount,
    storage=HuaweiStorage,
    recorder=HuaweiRecorder,
    callbacks=HuaweiCallbacks,
    describe=describe,
    playlist_began=playlist_began,
)

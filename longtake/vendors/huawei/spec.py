"""What SparkRTC's folder offers to the rest."""

from __future__ import annotations

from longtake.vendorkit.spec import VendorSpec
from longtake.vendors.huawei.adapter import HuaweiRecorder
from longtake.vendors.huawei.callbacks import HuaweiCallbacks
from longtake.vendors.huawei.settings import HuaweiAccount, HuaweiStorage

SPEC = VendorSpec(
    slug="huawei",
    title="Huawei Cloud RTC recording",
    account=HuaweiAccount,
    storage=HuaweiStorage,
    recorder=HuaweiRecorder,
    callbacks=HuaweiCallbacks,
)

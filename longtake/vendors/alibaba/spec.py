"""What Alibaba's folder offers to the rest."""

from __future__ import annotations

from longtake.vendorkit.spec import VendorSpec
from longtake.vendors.alibaba.adapter import AlibabaRecorder
from longtake.vendors.alibaba.callbacks import AlibabaCallbacks
from longtake.vendors.alibaba.files import describe
from longtake.vendors.alibaba.settings import AlibabaAccount, AlibabaStorage

SPEC = VendorSpec(
    slug="alibaba",
    title="Alibaba Cloud RTC cloud recording",
    account=AlibabaAccount,
    storage=AlibabaStorage,
    recorder=AlibabaRecorder,
    callbacks=AlibabaCallbacks,
    describe=describe,
    playlist_began=lambda _: None,
)

"""The storage vendors of ``storageConfig`` and the region numbers that each knows.

From the Agora Cloud Recording RESTful API references (English and Chinese) together: the English
one adds regions, the Chinese one S3's 17; S3's 26 is an enum terminator, listed all the same.
"""

from __future__ import annotations

QINIU, S3, ALIBABA, TENCENT, KINGSOFT, AZURE, GOOGLE, HUAWEI, BAIDU, S3_COMPATIBLE = (
    *range(9),
    11,
)

REGIONS: dict[int, range] = {
    QINIU: range(5),
    S3: range(27),
    ALIBABA: range(28),
    TENCENT: range(20),
    KINGSOFT: range(10),
    HUAWEI: range(16),
    BAIDU: range(8),
    S3_COMPATIBLE: range(1),
}
"""Region numbers by vendor; a vendor missing here has regions that are ignored."""

VENDORS = frozenset({*REGIONS, AZURE, GOOGLE})
TEMPORARY_CREDENTIALS = frozenset({S3, ALIBABA, TENCENT})
"""The vendors for which ``stsToken`` may be given."""

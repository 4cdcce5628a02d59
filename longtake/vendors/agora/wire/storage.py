"""The buckets that Agora can upload to: vendors, regions, and `storageConfig`.

Source: RESTful API reference, `storageConfig`, and the release notes for newer regions. The
English table ends for S3 with 26, an enumeration's end marker and no region.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator

from longtake.vendorkit.wire import Secret, Sent
from longtake.vendors.agora.wire.fields import PREFIX_LIMIT, PrefixPart

_QINIU = ("EAST_CHINA", "NORTH_CHINA", "SOUTH_CHINA", "NORTH_AMERICA", "SOUTHEAST_ASIA")
_S3 = (
    *("US_EAST_1", "US_EAST_2", "US_WEST_1", "US_WEST_2", "EU_WEST_1", "EU_WEST_2", "EU_WEST_3"),
    *("EU_CENTRAL_1", "AP_SOUTHEAST_1", "AP_SOUTHEAST_2", "AP_NORTHEAST_1", "AP_NORTHEAST_2"),
    *("SA_EAST_1", "CA_CENTRAL_1", "AP_SOUTH_1", "CN_NORTH_1", "CN_NORTHWEST_1", "US_GOV_WEST_1"),
    *("AF_SOUTH_1", "AP_EAST_1", "AP_NORTHEAST_3", "EU_NORTH_1", "ME_SOUTH_1", "US_GOV_EAST_1"),
    *("AP_SOUTHEAST_3", "EU_SOUTH_1"),
)
_ALIYUN = (
    *("CN_HANGZHOU", "CN_SHANGHAI", "CN_QINGDAO", "CN_BEIJING", "CN_ZHANGJIAKOU", "CN_HUHEHAOTE"),
    *("CN_SHENZHEN", "CN_HONGKONG", "US_WEST_1", "US_EAST_1", "AP_SOUTHEAST_1", "AP_SOUTHEAST_2"),
    *("AP_SOUTHEAST_3", "AP_SOUTHEAST_5", "AP_NORTHEAST_1", "AP_SOUTH_1", "EU_CENTRAL_1"),
    *("EU_WEST_1", "EU_EAST_1", "AP_SOUTHEAST_6", "CN_HEYUAN", "CN_GUANGZHOU", "CN_CHENGDU"),
    *("CN_NANJING", "CN_FUZHOU", "CN_WULANCHABU", "CN_NORTHEAST_2", "CN_SOUTHEAST_7"),
)
_TENCENT = (
    *("AP_BEIJING_1", "AP_BEIJING", "AP_SHANGHAI", "AP_GUANGZHOU", "AP_CHENGDU", "AP_CHONGQING"),
    *("AP_SHENZHEN_FSI", "AP_SHANGHAI_FSI", "AP_BEIJING_FSI", "AP_HONGKONG", "AP_SINGAPORE"),
    *("AP_MUMBAI", "AP_SEOUL", "AP_BANGKOK", "AP_TOKYO", "NA_SILICONVALLEY", "NA_ASHBURN"),
    *("NA_TORONTO", "EU_FRANKFURT", "EU_MOSCOW"),
)
_KINGSOFT = (
    *("CN_HANGZHOU", "CN_SHANGHAI", "CN_QINGDAO", "CN_BEIJING", "CN_GUANGZHOU", "CN_HONGKONG"),
    *("JR_BEIJING", "JR_SHANGHAI", "NA_RUSSIA_1", "NA_SINGAPORE_1"),
)
_HUAWEI = (
    *("CN_NORTH_1", "CN_NORTH_4", "CN_EAST_2", "CN_EAST_3", "CN_SOUTH_1", "CN_SOUTHWEST_2"),
    *("AP_SOUTHEAST_1", "AP_SOUTHEAST_2", "AP_SOUTHEAST_3", "AF_SOUTH_1", "SA_ARGENTINA_1"),
    *("SA_PERU_1", "NA_MEXICO_1", "SA_BRAZIL_1", "LA_SOUTH_2", "SA_CHILE_1"),
)
_BAIDU = ("BEIJING", "BAODING", "SUZHOU", "GUANGZHOU", "HONGKONG", "SINGAPORE", "WUHAN", "SHANGHAI")


@dataclass(frozen=True)
class StorageVendor:
    """One storage vendor: its number, and its regions in the order of their numbers."""

    number: int
    regions: tuple[str, ...] = ()
    """Empty where the region has no effect; 0 is sent then."""


VENDORS: Mapping[str, StorageVendor] = {
    "qiniu": StorageVendor(0, _QINIU),
    "s3": StorageVendor(1, _S3),
    "aliyun": StorageVendor(2, _ALIYUN),
    "tencent": StorageVendor(3, _TENCENT),
    "kingsoft": StorageVendor(4, _KINGSOFT),
    "azure": StorageVendor(5),
    "google": StorageVendor(6),
    "huawei": StorageVendor(7, _HUAWEI),
    "baidu": StorageVendor(8, _BAIDU),
    "s3_compatible": StorageVendor(11),
}

S3, ALIYUN, S3_COMPATIBLE = 1, 2, 11
_WITH_STS = frozenset({1, 2, 3})


def vendor_named(given: str | int) -> str:
    """The name of a storage vendor given by name or number."""
    for name, vendor in VENDORS.items():
        if given in {name, vendor.number, str(vendor.number)}:
            return name
    known = ", ".join(f"{name} ({vendor.number})" for name, vendor in VENDORS.items())
    raise ValueError(f"must be one of {known}")


def region_number(vendor: str, given: str | int | None) -> int:
    """The number of a region given by name, in any case and with - or _, or by number."""
    regions = VENDORS[vendor].regions
    if not regions:
        if given in {None, "", 0, "0"}:
            return 0
        raise ValueError(f"has no effect for {vendor}: leave it out")
    text = str(given).upper().replace("-", "_")
    if text in regions:
        return regions.index(text)
    if text.isascii() and text.isdigit() and int(text) < len(regions):
        return int(text)
    known = ", ".join(f"{name} ({number})" for number, name in enumerate(regions))
    raise ValueError(f"must be one of {vendor}'s {known}")


class ExtensionParams(Sent):
    """Encryption, tag and address of the stored objects."""

    sse: Literal["kms", "aes256"] | None = None
    tag: str | None = None
    endpoint: str | None = None


class StorageConfig(Sent):
    """`storageConfig`: where the files go, and the keys to write there."""

    vendor: int
    region: int
    bucket: Annotated[str, Field(min_length=1)]
    access_key: Secret = Field(alias="accessKey")
    secret_key: Secret = Field(alias="secretKey")
    file_name_prefix: tuple[PrefixPart, ...] | None = Field(default=None, alias="fileNamePrefix")
    extension_params: ExtensionParams | None = Field(default=None, alias="extensionParams")
    sts_token: Secret | None = Field(default=None, alias="stsToken")
    sts_expiration: int | None = Field(default=None, alias="stsExpiration")
    """Unix seconds."""

    @model_validator(mode="after")
    def _documented(self) -> StorageConfig:
        region_number(vendor_named(self.vendor), self.region)
        prefix = "".join(f"{part}/" for part in self.file_name_prefix or ())
        if len(prefix) > PREFIX_LIMIT:
            raise ValueError(f"fileNamePrefix must be at most {PREFIX_LIMIT} long with its slashes")
        if (self.sts_token is None) != (self.sts_expiration is None):
            raise ValueError("stsToken and stsExpiration belong together")
        if self.sts_token is not None and self.vendor not in _WITH_STS:
            raise ValueError("stsToken belongs to the vendors 1, 2 and 3")
        self._check_extension(self.extension_params or ExtensionParams())
        return self

    def _check_extension(self, params: ExtensionParams) -> None:
        if params.sse is not None and self.vendor != S3:
            raise ValueError("extensionParams.sse belongs to Amazon S3")
        if params.tag is not None and self.vendor not in {S3, ALIYUN}:
            raise ValueError("extensionParams.tag belongs to Amazon S3 and Alibaba Cloud")
        if (params.endpoint is not None) != (self.vendor == S3_COMPATIBLE):
            raise ValueError("extensionParams.endpoint is for vendor 11, which needs it")

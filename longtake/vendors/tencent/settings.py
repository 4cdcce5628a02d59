"""What a worker is told of a TRTC application and of where its recordings go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from longtake.vendorkit.spec import AccountSettings
from longtake.vendors.tencent.wire.fields import SdkAppId, Text
from longtake.vendors.tencent.wire.storage import COS, S3, CloudStorage, Url

Site = Literal["international", "mainland"]
SITES: Mapping[Site, str] = {
    "international": "trtc.intl.tencentcloudapi.com",
    "mainland": "trtc.tencentcloudapi.com",
}
REGIONS: Mapping[str, tuple[str, ...]] = {
    "international": ("ap-beijing", "ap-guangzhou", "ap-shanghai", "ap-singapore"),
    "mainland": ("ap-beijing", "ap-guangzhou", "ap-shanghai"),
}
"""Where a recording can be started. Calls about a task take more regions, but a task stays in
the region that it was started in."""

BUCKET_VENDORS: Mapping[str, int] = {"cos": COS, "s3": S3}
_NEEDED = ("vendor", "region", "bucket", "access_key", "secret_key")

ROBOT_ID_LIMIT = 32
"""Bytes of a robot's id: the prefix and 20 hexadecimal digits of the attempt."""

RobotPrefix = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{0,12}$")]
_CALLBACK_KEY = re.compile(r"[A-Za-z0-9]{1,32}")


class TencentAccount(AccountSettings):
    """One TRTC application, and the API key that may record its rooms."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    sdk_app_id: SdkAppId
    secret_id: str = Field(min_length=1)
    secret_key: SecretStr = Field(min_length=1)
    token: SecretStr | None = Field(default=None, min_length=1)
    """Of temporary credentials; they are not renewed here."""
    user_sig_key: SecretStr = Field(min_length=1)
    """The application's own key, with which a UserSig is minted for each robot."""
    user_sig_hours: int | None = Field(default=None, ge=2, le=87_600)
    """The longest validity that the application's owner allows; None: as long as needed."""
    private_map_key: bool = False
    """Whether the application controls permissions, so that a robot needs a PrivateMapKey."""
    site: Site = "international"
    region: str = Field(default="ap-singapore", validate_default=True)
    """Of a task's whole life: `X-TC-Region`. The mainland site has others."""
    region_host: bool = False
    """Call the region's own host instead of the site's."""
    base_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#@/]+/?$")
    """Another address instead, without a path: an emulator or a gateway."""
    language: Literal["en-US", "zh-CN"] = "en-US"
    """Of the service's error texts."""
    callback_secret: SecretStr | None = None
    robot_prefix: RobotPrefix = "longtake_"
    """No participant's id may begin so: a robot and a user of one id evict each other."""
    calls_per_second: float = Field(default=20.0, gt=0, le=10_000)
    timeout: float = Field(default=9.0, gt=0, le=300)
    """Seconds for one call: the service itself gives up after 6."""

    @field_validator("callback_secret")
    @classmethod
    def _callback_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not _CALLBACK_KEY.fullmatch(key.get_secret_value()):
            raise ValueError("must be 1 to 32 letters and digits")
        return key

    @field_validator("region")
    @classmethod
    def _of_site(cls, region: str, info: ValidationInfo) -> str:
        offered = REGIONS.get(info.data.get("site", ""), ())
        if offered and region not in offered:
            raise ValueError(f"must be one of the {info.data['site']} site's {', '.join(offered)}")
        return region

    @property
    def url(self) -> str:
        """Where every call goes."""
        if self.base_url is not None:
            return f"{self.base_url.rstrip('/')}/"
        host = f"trtc.{self.region}.tencentcloudapi.com" if self.region_host else SITES[self.site]
        return f"https://{host}/"


class TencentStorage(BaseModel):
    """A bucket as TRTC is told of it, or VOD. MP4 is made from HLS: its keys must also read."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    vod: bool = False
    """Files become media of the account's VOD; there is no bucket then."""
    vendor: str | None = None
    """`cos` or `s3`, or its number; kept as the name."""
    region: Text | None = None
    bucket: Text | None = None
    access_key: SecretStr | None = Field(default=None, min_length=1)
    secret_key: SecretStr | None = Field(default=None, min_length=1)
    endpoint: Url | None = None
    """Of an S3-compatible service; the international site alone knows it."""

    @field_validator("vendor", mode="before")
    @classmethod
    def _named(cls, given: object) -> object:
        for name, number in BUCKET_VENDORS.items():
            if str(given) in {name, str(number)}:
                return name
        raise ValueError("must be one of cos (0), s3 (1)")

    @model_validator(mode="after")
    def _bucket_or_vod(self) -> TencentStorage:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if self.vod:
            if extra := sorted(given - {"vod"}):
                raise ValueError(f"vod takes no bucket, so no {', '.join(extra)}")
        elif missing := [name for name in _NEEDED if name not in given]:
            raise ValueError(f"a bucket needs {', '.join(missing)}")
        elif self.endpoint is not None and self.vendor != "s3":
            raise ValueError("endpoint is for vendor s3")
        return self

    def bucket_params(self, prefix: tuple[str, ...]) -> CloudStorage:
        """`CloudStorage` for files below `prefix`."""
        return CloudStorage.model_validate(
            {
                "Vendor": BUCKET_VENDORS[self.vendor or ""],
                "Region": self.region,
                "Bucket": self.bucket,
                "AccessKey": self.access_key,
                "SecretKey": self.secret_key,
                "FileNamePrefix": prefix,
                "EndpointUrl": self.endpoint,
            }
        )

"""What a worker is told of an Alibaba Cloud account and of where its recordings go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from longtake.vendorkit.spec import AccountSettings
from longtake.vendors.alibaba.wire.fields import Text
from longtake.vendors.alibaba.wire.requests import is_auth_key
from longtake.vendors.alibaba.wire.storage import OSSParams, VodParams

Region = Literal["cn-shanghai", "ap-southeast-1", "us-east-1"]
HOSTS: Mapping[Region, str] = {
    "cn-shanghai": "live.aliyuncs.com",
    "ap-southeast-1": "live.ap-southeast-1.aliyuncs.com",
    "us-east-1": "live.us-east-1.aliyuncs.com",
}

HostName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")]
CallbackUrl = Annotated[
    str, StringConstraints(pattern=r"^https?://[^\s?#@/]+(/[^\s?#]*)?$", max_length=2000)
]
"""Leaves room for an attempt's token within the 2048 characters of a NotifyUrl."""


class AlibabaAccount(AccountSettings):
    """One ARTC application, and the AccessKey that may record its channels."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    app_id: Text
    access_key_id: Text
    access_key_secret: SecretStr = Field(min_length=1)
    security_token: SecretStr | None = Field(default=None, min_length=1)
    """Of temporary credentials; they are not renewed here."""
    region: Region = "cn-shanghai"
    """Of the host; the bucket must lie there too."""
    base_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#@/]+/?$")
    """Another address instead, without a path: an emulator or a gateway."""
    callback_url: CallbackUrl | None = None
    """The receiver's public address; None: no events are asked for."""
    callback_secret: SecretStr | None = None
    callback_max_age: float = Field(default=300.0, gt=0, le=86_400)
    """Seconds by which an event's time may differ from ours: its signature is of the time alone."""
    names_utc_offset: int = Field(default=0, ge=-12, le=14)
    """Hours by which the times in file names are ahead of UTC: their zone is not documented."""
    calls_per_second: float = Field(default=50.0, gt=0, le=10_000)
    timeout: float = Field(default=10.0, gt=0, le=300)
    """Seconds for one call."""

    @field_validator("callback_secret")
    @classmethod
    def _callback_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not is_auth_key(key.get_secret_value()):
            raise ValueError("must be 16 to 64 letters and digits")
        return key

    @model_validator(mode="after")
    def _signed_events(self) -> AlibabaAccount:
        if self.callback_url is not None and self.callback_secret is None:
            raise ValueError("callback_url needs callback_secret: unsigned events are refused")
        return self

    @property
    def url(self) -> str:
        """Where every call goes."""
        if self.base_url is not None:
            return f"{self.base_url.rstrip('/')}/"
        return f"https://{HOSTS[self.region]}/"

    def notify_url(self, token: str) -> str | None:
        """Where the events of an attempt go: its token comes back as the address's last part."""
        return self.callback_url and f"{self.callback_url.rstrip('/')}/{token}"


class VodTarget(BaseModel):
    """`vod`: files become media of the account's VOD."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    storage_location: HostName | None = None
    """A storage address of VOD, where the files lie first."""
    transcode_group: Text | None = None
    auto_compose: bool | None = None
    """Whether the parts of a stream are merged in the end."""
    compose_transcode_group: Text | None = None

    def params(self) -> VodParams:
        """`VodParams`."""
        return VodParams.model_validate(
            {
                "StorageLocation": self.storage_location,
                "VodTranscodeGroupId": self.transcode_group,
                "AutoCompose": None if self.auto_compose is None else int(self.auto_compose),
                "ComposeVodTranscodeGroupId": self.compose_transcode_group,
            }
        )


class AlibabaStorage(BaseModel):
    """A bucket of OSS, or VOD. Neither has keys: a role lets the service write."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: HostName | None = None
    bucket: Text | None = None
    vod: VodTarget | None = None

    @model_validator(mode="after")
    def _bucket_or_vod(self) -> AlibabaStorage:
        given = [name for name in ("endpoint", "bucket") if getattr(self, name) is not None]
        if self.vod is not None and given:
            raise ValueError(f"vod takes no bucket, so no {', '.join(given)}")
        if self.vod is None and len(given) < 2:
            raise ValueError("give endpoint and bucket, or vod")
        return self

    def bucket_params(self) -> OSSParams:
        """`OSSParams`."""
        return OSSParams.model_validate({"OSSEndpoint": self.endpoint, "OSSBucket": self.bucket})

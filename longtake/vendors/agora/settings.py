"""What a worker is told of an Agora account and of a bucket that Agora writes to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from longtake.domain.errors import NotConfigured
from longtake.vendorkit.spec import AccountSettings
from longtake.vendors.agora.wire.storage import (
    VENDORS,
    ExtensionParams,
    StorageConfig,
    region_number,
    vendor_named,
)

AppId = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{32}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
RecorderUid = Annotated[int, Field(ge=1, le=4_294_967_295)]

HOSTS = {
    "global": (
        "https://api.agora.io",
        "https://api.sd-rtn.com",
        "https://api-us-west-1.agora.io",
        "https://api-eu-central-1.agora.io",
        "https://api-ap-southeast-1.agora.io",
    ),
    "china": (
        "https://api.sd-rtn.com",
        "https://api.agora.io",
        "https://api-cn-east-1.sd-rtn.com",
        "https://api-cn-north-1.sd-rtn.com",
    ),
}
"""The service's addresses in the order in which they stand in for each other."""


class AgoraAccount(AccountSettings):
    """One Agora project with its RESTful credentials."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    app_id: AppId
    customer_id: str = Field(min_length=1)
    customer_secret: SecretStr = Field(min_length=1)
    app_certificate: SecretStr | None = None
    """Only where the project's certificate is on: a token is minted for each recorder."""
    area: Literal["global", "china"] = "global"
    base_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#@]+$")
    """One address instead of the area's: an emulator or a gateway; there is no failover then."""
    callback_secret: SecretStr | None = None
    recorder_uid_low: RecorderUid = 4_000_000_000
    recorder_uid_high: RecorderUid = 4_294_967_295
    """No participant may have a recorder's uid: one would evict the other. Applications number
    their users from 1, and signed 32-bit numbers end at 2,147,483,647: the top is free."""
    calls_per_second: float = Field(default=10.0, gt=0, le=10_000)
    timeout: float = Field(default=10.0, gt=0, le=300)
    """Seconds for one call; a stop waits for uploads and gets at least 30."""
    secrets: dict[Name, SecretStr] = Field(default_factory=dict)
    """Secrets to which `vendor_options` refer by name."""

    @field_validator("app_certificate")
    @classmethod
    def _certificate(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else "0" * 32
        if len(text) != 32 or any(char not in "0123456789abcdefABCDEF" for char in text):
            raise ValueError("must be 32 hexadecimal digits")
        return value

    @model_validator(mode="after")
    def _uids(self) -> AgoraAccount:
        if self.recorder_uid_low >= self.recorder_uid_high:
            raise ValueError("recorder_uid_low must be less than recorder_uid_high")
        return self

    def secret(self, name: str, option: str) -> SecretStr:
        """The secret to which `vendor_options.OPTION` refers; NotConfigured if there is none."""
        if name not in self.secrets:
            known = ", ".join(sorted(self.secrets)) or "none"
            raise NotConfigured(
                f"vendor_options.{option}: the account's secrets have no {name!r};"
                f" there are {known}"
            )
        return self.secrets[name]

    @property
    def hosts(self) -> tuple[str, ...]:
        """Base URLs in order of preference."""
        return (self.base_url.rstrip("/"),) if self.base_url else HOSTS[self.area]


class AgoraStorage(BaseModel):
    """A bucket as Agora is told of it. The keys need only write, save for postponed mixing."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    vendor: str
    """By name (`s3`, `aliyun`, `tencent`, ...) or number; kept as the name."""
    region: int = Field(default=None, validate_default=True)
    """By name (`eu-west-1`) or number; kept as the number. Not for `azure` and `google`."""
    bucket: str = Field(min_length=1)
    access_key: SecretStr
    secret_key: SecretStr
    sse: Literal["kms", "aes256"] | None = None
    tag: str | None = None
    endpoint: str | None = None
    sts_token: SecretStr | None = None
    sts_expiration: int | None = None
    """Unix seconds."""

    @field_validator("vendor", mode="before")
    @classmethod
    def _vendor(cls, given: object) -> str:
        return vendor_named(str(given))

    @field_validator("region", mode="before")
    @classmethod
    def _region(cls, given: object, info: ValidationInfo) -> object:
        vendor = info.data.get("vendor")
        if vendor is None:  # its own error says enough
            return 0
        return region_number(vendor, None if given is None else str(given))

    @model_validator(mode="after")
    def _sendable(self) -> AgoraStorage:
        try:
            self.config(())
        except ValidationError as error:
            rules = (str(entry["msg"]) for entry in error.errors(include_input=False))
            raise ValueError(
                "; ".join(rule.removeprefix("Value error, ") for rule in rules)
            ) from None
        return self

    def config(self, prefix: tuple[str, ...]) -> StorageConfig:
        """`storageConfig` for files below `prefix`."""
        extension = ExtensionParams(sse=self.sse, tag=self.tag, endpoint=self.endpoint)
        return StorageConfig(
            vendor=VENDORS[self.vendor].number,
            region=self.region,
            bucket=self.bucket,
            accessKey=self.access_key,
            secretKey=self.secret_key,
            fileNamePrefix=prefix or None,
            extensionParams=extension if extension != ExtensionParams() else None,
            stsToken=self.sts_token,
            stsExpiration=self.sts_expiration,
        )

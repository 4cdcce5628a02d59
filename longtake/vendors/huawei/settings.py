"""What a worker is told of a SparkRTC application and of where its recordings go."""

from __future__ import annotations

from typing import Annotated

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

API_URL = "https://rtc-api.myhuaweicloud.com"
IAM_URL = "https://iam.myhuaweicloud.com"
"""Both serve every region; IAM has hosts of its own for each region besides."""

DOMAIN_SCOPE = "domain"

Text = Annotated[str, StringConstraints(min_length=1)]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#@/]+/?$")]
"""A host without a path."""
FORMATS = frozenset({"hls", "mp4"})


class IamUser(BaseModel):
    """Whoever logs in for a token, instead of an access key."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    domain: Text
    """The account that the user belongs to."""
    user: Text
    password: SecretStr = Field(min_length=1)
    scope: Text = DOMAIN_SCOPE
    """`domain`, as for a global service, or the name of a project."""


class HuaweiAccount(AccountSettings):
    """One SparkRTC application, and the key or the user that may record its rooms."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    app_id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    project_id: Text | None = None
    access_key: Text | None = None
    secret_key: SecretStr | None = Field(default=None, min_length=1)
    security_token: SecretStr | None = Field(default=None, min_length=1)
    """Of temporary credentials; they are not renewed here."""
    iam: IamUser | None = None
    """Instead of the key: log in, and call with a token."""
    iam_url: Address = IAM_URL
    base_url: Address = API_URL
    """Another address than the service's own: an emulator or a gateway."""
    callback_secret: SecretStr | None = None
    """The `auth_key` of the application's recording callback."""
    calls_per_second: float = Field(default=10.0, gt=0, le=10_000)
    timeout: float = Field(default=10.0, gt=0, le=300)
    """Seconds for one call."""
    uploads_within: float = Field(default=120.0, ge=0, le=86_400)
    """Seconds after a job's end in which files may still come: nothing tells when the last has."""

    @field_validator("callback_secret")
    @classmethod
    def _auth_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not 32 <= len(key.get_secret_value()) <= 64:
            raise ValueError("must be 32 to 64 characters")
        return key

    @model_validator(mode="after")
    def _key_or_user(self) -> HuaweiAccount:
        key = ("project_id", "access_key", "secret_key")
        if self.iam is not None:
            told = ("access_key", "secret_key", "security_token")
            if given := [name for name in told if getattr(self, name) is not None]:
                raise ValueError(f"iam stands instead of {', '.join(given)}")
        elif missing := [name for name in key if getattr(self, name) is None]:
            raise ValueError(f"without iam there must be {', '.join(missing)}")
        return self

    @property
    def url(self) -> str:
        """Below it lie all calls about the application."""
        return f"{self.base_url.rstrip('/')}/v2/apps/{self.app_id}"

    @property
    def tokens_url(self) -> str:
        """Where a token is got."""
        return f"{self.iam_url.rstrip('/')}/v3/auth/tokens"


class HuaweiStorage(BaseModel):
    """A bucket of OBS, as a recording rule tells SparkRTC of it. Longtake makes no rules."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    record_rule_id: Text
    prefix: str = Field(default="", pattern=r"^([^/].*)?$")
    """How the keys of all files begin: the rule's `obs_addr.object`, and what stands before the
    first variable in its `record_prefix`. It may go on with variables up to `{stream}`."""
    formats: frozenset[str] | None = Field(default=None, min_length=1)
    """`hls`, `mp4`: what the rule makes, so that other wishes are refused. None: not checked."""

    @field_validator("formats")
    @classmethod
    def _known(cls, formats: frozenset[str] | None) -> frozenset[str] | None:
        if formats is not None and not formats <= FORMATS:
            raise ValueError("must be of hls and mp4")
        return formats

"""`[temporal]` and `[codec_server]` of the settings, and the connection that they describe."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from temporalio.envconfig import ClientConnectConfig
from temporalio.service import TLSConfig

from longtake.domain.recording import Name
from longtake.temporal.codec import KEY_BYTES, Keyring
from longtake.temporal.connection import Connection

Address = Annotated[str, Field(pattern=r"^\S+:\d{1,5}$")]
"""`host:port`."""


class SettingsTable(BaseModel):
    """A table of the settings file: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _sealing_key(given: SecretStr) -> SecretStr:
    try:
        length = len(base64.b64decode(given.get_secret_value(), validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("is not base64") from None
    if length != KEY_BYTES:
        raise ValueError(f"has {length} bytes: {KEY_BYTES} are needed")
    return given


class CodecSettings(SettingsTable):
    """`[temporal.codec]`: payloads are sealed on their way to Temporal."""

    keys: dict[Name, Annotated[SecretStr, AfterValidator(_sealing_key)]] = Field(min_length=1)
    """By id; base64 of 32 bytes. All of them open."""
    current: str | None = None
    """The id of the key that seals; None: payloads are opened, and none is sealed."""

    @model_validator(mode="after")
    def _has_current(self) -> CodecSettings:
        if self.current is not None and self.current not in self.keys:
            raise ValueError(f"current names none of the keys; there are {', '.join(self.keys)}")
        return self

    @property
    def keyring(self) -> Keyring:
        """The keys as bytes."""
        keys = {name: base64.b64decode(key.get_secret_value()) for name, key in self.keys.items()}
        return Keyring(keys, self.current)


class TemporalSettings(SettingsTable):
    """`[temporal]`: the server; the task queues are part of the contract."""

    address: Address = "127.0.0.1:7233"
    namespace: str = Field(default="default", min_length=1)
    profile: str | None = Field(default=None, min_length=1)
    """Of Temporal's own configuration file: what is not said here is taken from there."""
    config_file: Path | None = None
    """That file, if it is not where the `temporal` command keeps it."""
    api_key: SecretStr | None = Field(default=None, min_length=1)
    tls: bool | None = None
    """None: on where a key, a certificate or the profile asks for it."""
    tls_server_name: str | None = Field(default=None, min_length=1)
    """The name in the server's certificate, if it is not the address's."""
    tls_ca: str | None = Field(default=None, min_length=1)
    """PEM; without it the machine's own authorities count."""
    tls_cert: str | None = Field(default=None, min_length=1)
    """PEM: the client's certificate, for mutual TLS."""
    tls_key: SecretStr | None = Field(default=None, min_length=1)
    """PEM."""
    compression: bool = False
    """Whether messages are compressed: it saves traffic, and costs a worker and its server CPU."""
    codec: CodecSettings | None = None

    @model_validator(mode="after")
    def _fits(self) -> TemporalSettings:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key need each other")
        asks = (self.api_key, self.tls_server_name, self.tls_ca, self.tls_cert)
        if self.tls is False and any(asks):
            raise ValueError("tls = false, but api_key or another tls_ key needs TLS")
        return self


class CodecServerSettings(SettingsTable):
    """`[codec_server]`: opens sealed payloads for Temporal's UI and command."""

    host: str = "127.0.0.1"
    port: int = Field(default=8390, ge=0, le=65535)
    token: Annotated[SecretStr, Field(min_length=16)]
    """Whoever asks must have it; letters, digits, `-` and `_`, because it may stand in an url."""
    origins: tuple[Annotated[str, Field(pattern=r"^https?://[^/\s*]+$")], ...] = ()
    """Where the UI is served: `https://temporal.example.com`, as a browser spells it."""
    max_body_bytes: int = Field(default=8_388_608, ge=1)

    @model_validator(mode="after")
    def _in_an_url(self) -> CodecServerSettings:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.token.get_secret_value()):
            raise ValueError("token may have letters, digits, '-' and '_' only")
        return self


def connection_of(given: TemporalSettings, elsewhere: ClientConnectConfig) -> Connection:
    """`[temporal]` over Temporal's own configuration: what is said in `given` wins."""
    said = given.model_fields_set
    address, namespace = given.address, given.namespace
    if "address" not in said:
        address = elsewhere.get("target_host", address)
    if "namespace" not in said:
        namespace = elsewhere.get("namespace", namespace)
    api_key = given.api_key.get_secret_value() if given.api_key else elsewhere.get("api_key")
    return Connection(
        address=address,
        namespace=namespace,
        # A key that the environment holds for another server is not sent in the clear.
        api_key=None if given.tls is False else api_key,
        tls=_tls(given, elsewhere),
        compression=given.compression,
        metadata=elsewhere.get("rpc_metadata", {}),
        keyring=given.codec.keyring if given.codec else Keyring(),
    )


def _tls(given: TemporalSettings, elsewhere: ClientConnectConfig) -> TLSConfig | bool | None:
    if given.tls is False:
        return False
    profile = elsewhere.get("tls")
    own = {
        "domain": given.tls_server_name,
        "server_root_ca_cert": given.tls_ca and given.tls_ca.encode(),
        "client_cert": given.tls_cert and given.tls_cert.encode(),
        "client_private_key": given.tls_key and given.tls_key.get_secret_value().encode(),
    }
    said: dict[str, Any] = {key: value for key, value in own.items() if value is not None}
    if said:
        return replace(profile if isinstance(profile, TLSConfig) else TLSConfig(), **said)
    if given.tls or given.api_key:
        return profile or True
    return profile

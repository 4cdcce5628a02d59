"""Where Temporal is and how one is let in: addresses, TLS, API keys, and keys of payloads."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
)
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression, TLSConfig

from longtake.temporal.codec import AesGcmCodec, Keyring

_NAMES_A_FILE = ("TEMPORAL_CONFIG_FILE", "TEMPORAL_PROFILE")


_CONVERTERS = tuple(PydanticPayloadConverter().converters.values())


class Payloads(CompositePayloadConverter):
    """As Temporal's for pydantic, but all sessions of a worker share what it remembers of types."""

    def __init__(self) -> None:
        super().__init__(*_CONVERTERS)


@dataclass(frozen=True)
class Connection:
    """All that `connect_by` needs; secrets are not printed."""

    address: str
    """`host:port`."""
    namespace: str
    api_key: str | None = field(default=None, repr=False)
    tls: TLSConfig | bool | None = field(default=None, repr=False)
    compression: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Headers of every call."""
    keyring: Keyring = field(default_factory=Keyring)
    """Without a current key payloads are in the clear."""

    @property
    def data_converter(self) -> DataConverter:
        """Our payloads as JSON, sealed by the current key. CodecError: see `AesGcmCodec`."""
        converter = DataConverter(
            payload_converter_class=Payloads, payload_codec=AesGcmCodec(self.keyring)
        )
        if self.keyring.current is None:
            return converter
        # Else a failure's message and stack would stay readable.
        failures = DefaultFailureConverterWithEncodedAttributes
        return dataclasses.replace(converter, failure_converter_class=failures)


async def connect_by(
    connection: Connection, *, runtime: Runtime | None = None, lazy: bool = False
) -> Client:
    """A client that speaks our payloads.

    `runtime` carries metrics. `lazy` connects at the first call, so that a program may start
    before the server does; a worker cannot use such a client.
    """
    return await Client.connect(
        connection.address,
        namespace=connection.namespace,
        api_key=connection.api_key,
        tls=connection.tls,
        rpc_metadata=connection.metadata,
        grpc_compression=GrpcCompression.GZIP if connection.compression else GrpcCompression.NONE,
        data_converter=connection.data_converter,
        runtime=runtime,
        lazy=lazy,
    )


def profile_of(
    profile: str | None, config_file: Path | None, environ: Mapping[str, str]
) -> ClientConnectConfig:
    """What Temporal's own configuration says: its variables, and its file if one is named.

    RuntimeError or OSError: it cannot be read. The file of the `temporal` command's usual place
    counts only where a profile is asked for: a developer's cloud must not be hit by accident.
    """
    named = profile or config_file or any(environ.get(name) for name in _NAMES_A_FILE)
    return ClientConfig.load_client_connect_config(
        profile=profile,
        config_file=None if config_file is None else str(config_file),
        disable_file=not named,
        override_env_vars=dict(environ),  # the loader takes no other mapping
    )

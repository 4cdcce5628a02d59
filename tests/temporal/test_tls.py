"""A server behind TLS that asks its clients for certificates, reached by the settings."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from temporalio.client import Client

from longtake.settings import load
from longtake.temporal.connection import connect_by
from tests.cli.commands import Longtake

INSIDE = "temporal.internal"
"""The server's name in its certificate, which is not its address."""


class Authority:
    """Signs certificates; writes each as NAME.pem with NAME.key beside it."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._write(name, self._signed(self._name, self._key, authority=True), self._key)

    def issue(self, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._write(name, self._signed(subject, key, authority=False), key)

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        usual = x509.SubjectAlternativeName([x509.DNSName(INSIDE)])
        return (
            x509.CertificateBuilder(self._name, subject, key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(usual, critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _write(
        self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
    ) -> None:
        pem = serialization.Encoding.PEM
        private = key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self._folder / f"{name}.pem").write_bytes(certificate.public_bytes(pem))
        (self._folder / f"{name}.key").write_bytes(private)


@pytest_asyncio.fixture
async def behind_tls(client: Client, tmp_path: Path) -> AsyncGenerator[str]:
    """The address of a proxy that ends TLS before the run's Temporal server."""
    ours = Authority(tmp_path, "ours")
    ours.issue(INSIDE)
    ours.issue("worker")
    Authority(tmp_path, "foreign")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / f"{INSIDE}.pem", tmp_path / f"{INSIDE}.key")
    context.load_verify_locations(tmp_path / "ours.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])
    host, _, port = client.service_client.config.target_host.rpartition(":")
    open_ones = set[asyncio.StreamWriter]()

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        open_ones.update({writer, far_writer})
        await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))

    server = await asyncio.start_server(lead, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in open_ones:
            writer.transport.abort()


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.transport.abort()


def settings_text(address: str, authority: str = "ours", *, certified: bool = True) -> str:
    text = f'[temporal]\naddress = "{address}"\ntls_server_name = "{INSIDE}"\n'
    text += f'tls_ca = "file:{authority}.pem"\n'
    if certified:
        text += 'tls_cert = "file:worker.pem"\ntls_key = "file:worker.key"\n'
    return text


async def test_settings_lead_through_mutual_tls(behind_tls: str, tmp_path: Path) -> None:
    path = tmp_path / "longtake.toml"
    path.write_text(settings_text(behind_tls))
    client = await connect_by(load(path, {}).connection)
    assert await client.service_client.check_health()


async def test_temporals_own_variables_lead_through_mutual_tls(
    behind_tls: str, tmp_path: Path
) -> None:
    environ = {
        "TEMPORAL_ADDRESS": behind_tls,
        "TEMPORAL_TLS_SERVER_NAME": INSIDE,
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(tmp_path / "ours.pem"),
        "TEMPORAL_TLS_CLIENT_CERT_PATH": str(tmp_path / "worker.pem"),
        "TEMPORAL_TLS_CLIENT_KEY_PATH": str(tmp_path / "worker.key"),
    }
    path = tmp_path / "longtake.toml"
    path.write_text("")
    client = await connect_by(load(path, environ).connection)
    assert await client.service_client.check_health()


@pytest.mark.parametrize("given", [("foreign", {}), ("ours", {"certified": False})])
async def test_neither_side_goes_without_its_certificate(
    behind_tls: str, tmp_path: Path, given: tuple[str, dict[str, bool]]
) -> None:
    path = tmp_path / "longtake.toml"
    path.write_text(settings_text(behind_tls, given[0], **given[1]))
    with pytest.raises(RuntimeError):
        await connect_by(load(path, {}).connection)


async def test_doctor_tells_a_certificate_of_somebody_else(behind_tls: str, tmp_path: Path) -> None:
    (tmp_path / "longtake.toml").write_text(settings_text(behind_tls, "foreign"))
    told = await Longtake(tmp_path, {"COLUMNS": "300"})("doctor")
    assert told.code == 1
    assert "over TLS (InvalidCertificate(UnknownIssuer))" in told.out

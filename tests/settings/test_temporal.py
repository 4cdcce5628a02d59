"""`[temporal]`, `[temporal.codec]` and `[codec_server]`, and Temporal's own configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.service import TLSConfig

from longtake.settings import SettingsError
from tests.codec.keys import NEW, OLD, TOKEN, in_text
from tests.docs.pages import blocks, page

from .conftest import Loads

CODEC = """
[temporal.codec]
current = "new"
[temporal.codec.keys]
old = "env:OLD"
new = "env:NEW"
"""
KEYS = {"OLD": in_text(OLD), "NEW": in_text(NEW)}
CLOUD = {
    "TEMPORAL_ADDRESS": "cloud.example.com:7233",
    "TEMPORAL_NAMESPACE": "meetings",
    "TEMPORAL_API_KEY": "an api key",
}


def problems(loads: Loads, text: str, **environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        loads(text, **environ)
    return [line.partition("longtake.toml: ")[2] for line in caught.value.problems]


def test_keys_are_base64_by_reference(loads: Loads, tmp_path: Path) -> None:
    (tmp_path / "new.key").write_text(KEYS["NEW"] + "\n")
    ring = loads(CODEC.replace("env:NEW", "file:new.key"), **KEYS).connection.keyring
    assert ring.keys == {"old": OLD, "new": NEW}
    assert ring.current == "new"


def test_without_a_current_key_nothing_is_sealed(loads: Loads) -> None:
    ring = loads(CODEC.replace('current = "new"', ""), **KEYS).connection.keyring
    assert ring.current is None
    assert loads("").connection.keyring.keys == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (CODEC.replace("env:NEW", in_text(NEW)), "temporal.codec.keys.new: must be a reference"),
        (CODEC.replace("env:NEW", "env:SHORT"), "temporal.codec.keys.new: has 5 bytes: 32 are"),
        (CODEC.replace("env:NEW", "env:WORDS"), "temporal.codec.keys.new: is not base64"),
        (CODEC.replace("env:NEW", "env:NONE"), "temporal.codec.keys.new: the environment"),
        (CODEC.replace('"new"', '"newest"'), "temporal.codec: current names none of the keys"),
        (CODEC.replace("new =", "'a b' ="), "temporal.codec.keys.a b"),
        ("[temporal.codec]\ncurrent = 'new'", "temporal.codec.keys: Field required"),
        ('[temporal]\napi_key = "plain text"', "temporal.api_key: must be a reference"),
        ("[temporal]\ntls_cert = 'x'", "temporal: tls_cert and tls_key need each other"),
        ("[temporal]\ntls = false\ntls_ca = 'x'", "temporal: tls = false, but"),
        ("[temporal]\nconfig_file = 'absent'", "temporal.profile: the file "),
        ("[codec_server]\nport = 1", "codec_server.token: Field required"),
        ('[codec_server]\ntoken = "plain-text-token-x"', "codec_server.token: must be a reference"),
        ('[codec_server]\ntoken = "env:SHORT"', "codec_server.token: Value should have at least"),
        ('[codec_server]\ntoken = "env:WORDS"', "codec_server: token may have letters"),
        ("[codec_server]\norigins = ['*']", "codec_server.origins.0: String should match"),
    ],
)
def test_what_is_wrong_is_told_by_its_key(loads: Loads, text: str, problem: str) -> None:
    environ = {**KEYS, "SHORT": "c2hvcnQ=", "WORDS": "some words, not base64"}
    found = problems(loads, text, **environ)
    assert any(line.startswith(problem) for line in found), found
    told = "".join(found)
    assert not [value for value in (*environ.values(), "plain") if value in told]


def test_no_key_is_printed_with_the_settings(loads: Loads) -> None:
    server = '[codec_server]\ntoken = "env:TOKEN"\n'
    text = CODEC + server + '[temporal]\napi_key = "env:API"\ntls_cert = "x"\ntls_key = "env:PEM"\n'
    settings = loads(text, **KEYS, TOKEN=TOKEN, API="an api key", PEM="a private key")
    printed = repr(settings) + str(settings)
    for secret in (*KEYS.values(), TOKEN, "an api key", "a private key", str(NEW), str(OLD)):
        assert secret not in printed


def test_temporals_own_variables_count_where_the_settings_say_nothing(loads: Loads) -> None:
    found = loads("", **CLOUD)
    assert found.temporal.address == found.connection.address == "cloud.example.com:7233"
    assert found.temporal.namespace == found.connection.namespace == "meetings"
    assert found.connection.api_key == "an api key"
    assert found.connection.tls


def test_settings_win_over_temporals_own_variables(loads: Loads) -> None:
    text = '[temporal]\naddress = "here:7233"\nnamespace = "ours"\napi_key = "env:OURS"'
    found = loads(text, **CLOUD, OURS="our key").connection
    assert (found.address, found.namespace, found.api_key) == ("here:7233", "ours", "our key")


def test_without_tls_no_api_key_is_sent(loads: Loads) -> None:
    found = loads('[temporal]\naddress = "here:7233"\ntls = false', **CLOUD).connection
    assert found.api_key is None
    assert found.tls is False


def test_a_profile_of_temporals_own_file_counts_when_it_is_named(
    loads: Loads, tmp_path: Path
) -> None:
    (tmp_path / "temporal.toml").write_text(
        '[profile.default]\naddress = "default:1"\n'
        '[profile.cloud]\naddress = "cloud:1"\nnamespace = "meetings"\n'
        '[profile.cloud.tls]\nserver_name = "cloud.internal"\n'
    )
    named = '[temporal]\nconfig_file = "temporal.toml"\n'
    assert loads(named).connection.address == "default:1"
    found = loads(named + 'profile = "cloud"\nnamespace = "ours"\ntls_ca = "a ca"').connection
    assert (found.address, found.namespace) == ("cloud:1", "ours")
    assert found.tls == TLSConfig(domain="cloud.internal", server_root_ca_cert=b"a ca")
    by_variable = {"TEMPORAL_CONFIG_FILE": str(tmp_path / "temporal.toml")}
    assert loads("", **by_variable).connection.address == "default:1"
    assert problems(loads, named + 'profile = "absent"') == [
        "temporal.profile: Profile 'absent' not found"
    ]


def test_a_broken_file_of_temporals_is_not_quoted(loads: Loads, tmp_path: Path) -> None:
    (tmp_path / "temporal.toml").write_text("[profile.default]\napi_key = hunter2\n")
    [told] = problems(loads, '[temporal]\nconfig_file = "temporal.toml"')
    assert told.startswith("temporal.profile: Configuration loading error: TOML parse error at")
    assert "hunter2" not in told


def test_certificates_are_the_content_of_files(loads: Loads, tmp_path: Path) -> None:
    for name in ("ca", "cert", "key"):
        (tmp_path / f"{name}.pem").write_text(f"the {name}")
    text = (
        '[temporal]\ntls_server_name = "inside"\ntls_ca = "file:ca.pem"\n'
        'tls_cert = "file:cert.pem"\ntls_key = "file:key.pem"\n'
    )
    settings = loads(text)
    assert settings.connection.tls == TLSConfig(
        domain="inside",
        server_root_ca_cert=b"the ca",
        client_cert=b"the cert",
        client_private_key=b"the key",
    )
    assert tmp_path / "key.pem" in settings.sources


def test_the_page_on_security_has_settings_that_load(loads: Loads, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    for name, content in (
        ("2026-11", in_text(NEW)),
        ("2026-05", in_text(OLD)),
        ("codec-token", TOKEN),
    ):
        (tmp_path / "keys" / name).write_text(content)
    given = [block.text for block in blocks(page("docs/security.md")) if block.language == "toml"]
    settings = loads("\n".join(given), TEMPORAL_KEY="an api key")
    assert settings.connection.keyring.current == "2026-11"
    assert settings.codec_server is not None
    assert settings.connection.tls is True

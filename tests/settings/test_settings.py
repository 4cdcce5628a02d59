from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from longtake.domain.errors import NotConfigured
from longtake.settings import SettingsError, load
from longtake.vendorkit.spec import VendorSpec

from .conftest import Loads

ACCOUNT = """
[accounts.demo]
vendor = "acme"
app = "env:APP"
secret = "env:SECRET"
"""

STORAGE = """
[storage.meetings]
url = "s3://meetings/archive"

[storage.meetings.options]
region = "eu-west-1"
secret_access_key = "env:READ_SECRET"
virtual_hosted_style_request = true

[storage.meetings.acme]
bucket = "meetings"
key = "env:WRITE_SECRET"
"""

ENVIRON = {
    "APP": "an-app",
    "SECRET": "correct horse",
    "READ_SECRET": "battery staple",
    "WRITE_SECRET": "tr0ub4dor",
}


def problems(loads: Loads, text: str, **environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        loads(text, **environ)
    return [line.partition("longtake.toml: ")[2] for line in caught.value.problems]


def test_an_empty_file_gives_the_defaults(loads: Loads) -> None:
    settings = loads("")
    assert settings.temporal.address == "127.0.0.1:7233"
    assert settings.worker.max_cached_workflows == 5000
    assert settings.worker.metrics_address is None
    assert settings.callbacks.public_url is None


def test_an_account_is_its_vendor_and_the_vendors_own_model(
    loads: Loads, acme: VendorSpec[Any, Any]
) -> None:
    spec, account = loads(ACCOUNT, **ENVIRON).account("demo")
    assert spec is acme
    assert isinstance(account, acme.account)
    assert account.model_dump()["app"] == "an-app"


def test_a_storage_is_what_we_read_and_what_the_vendor_is_told(loads: Loads) -> None:
    settings = loads(STORAGE, **ENVIRON)
    profile = settings.storage("meetings")
    assert profile.readable
    assert profile.url == "s3://meetings/archive"
    assert profile.options == {
        "region": "eu-west-1",
        "secret_access_key": "battery staple",
        "virtual_hosted_style_request": "true",
    }
    told = settings.storage_at("acme")["meetings"].model_dump()
    assert told["key"].get_secret_value() == "tr0ub4dor"
    assert settings.storage_at("agora") == {}


def test_a_storage_without_url_cannot_be_read(loads: Loads) -> None:
    assert not loads('[storage.blind.acme]\nbucket = "b"\nkey = "k"').storage("blind").readable


@pytest.mark.parametrize("kind", ["account", "storage"])
def test_an_unknown_name_is_answered_with_the_names_there_are(loads: Loads, kind: str) -> None:
    settings = loads(ACCOUNT + STORAGE, **ENVIRON)
    with pytest.raises(NotConfigured, match=r"'nobody'; there are (demo|meetings)"):
        getattr(settings, kind)("nobody")


def test_no_secret_is_printed_with_the_settings(loads: Loads) -> None:
    printed = repr(loads(ACCOUNT + STORAGE, **ENVIRON))
    assert "an-app" in printed
    assert not [secret for secret in ENVIRON.values() if secret in printed.replace("an-app", "")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[temporl]\naddress = "a:1"', "temporl: unknown key"),
        ('[temporal]\nadress = "a:1"', "temporal.adress: unknown key"),
        ('[temporal]\naddress = "no port"', "temporal.address: String should match"),
        ("[worker]\nmax_cached_workflows = 0", "worker.max_cached_workflows: Input should be"),
        ('[callbacks]\npublic_url = "recordings"', "callbacks.public_url: String should match"),
        ("[accounts.demo]\napp = 'x'", "accounts.demo.vendor: Field required"),
        ("[accounts.demo]\nvendor = 'nobody'", "accounts.demo.vendor: unknown; there are agora"),
        ("[accounts.media]\nvendor = 'acme'", "accounts.media: 'media' is the name of"),
        ("[accounts.'a b']\nvendor = 'acme'", "accounts.a b: a name is letters"),
        ("[storage.s]\nurll = 'x'", "storage.s.urll: unknown key"),
        ("[storage.s.nobody]\nbucket = 'x'", "storage.s.nobody: unknown key"),
        ("[storage.s.acme]\nbuckett = 'x'", "storage.s.acme.buckett: unknown key"),
        ("[storage.s.options]\nregion = ['x']", "storage.s.options.region: Input should be"),
        ("x = ", "Invalid value (at end of document)"),
    ],
)
def test_a_problem_names_the_file_and_the_key(loads: Loads, text: str, problem: str) -> None:
    assert any(line.startswith(problem) for line in problems(loads, text))


def test_every_problem_is_told_at_once(loads: Loads) -> None:
    unset = {
        "accounts.demo.app": "APP",
        "accounts.demo.secret": "SECRET",
        "storage.meetings.options.secret_access_key": "READ_SECRET",
        "storage.meetings.acme.key": "WRITE_SECRET",
    }
    assert problems(loads, ACCOUNT + STORAGE) == [
        f"{key}: the environment variable {name} is not set or empty" for key, name in unset.items()
    ]


def test_a_bad_secret_is_not_repeated(loads: Loads) -> None:
    text = ACCOUNT + '[accounts.other]\nvendor = "acme"\napp = ["hunter2"]\nsecret = "hunter2"\n'
    with pytest.raises(SettingsError) as caught:
        loads(text, **{**ENVIRON, "SECRET": "2short"})
    told = "".join(problem for problem in caught.value.problems)
    assert "accounts.demo.secret: Value should have at least 8" in told
    assert "accounts.other.app" in told
    assert "2short" not in told
    assert "hunter2" not in told


def test_references_are_found_at_every_depth(loads: Loads) -> None:
    text = ACCOUNT + '[accounts.demo.limits]\nrooms = ["plain", "env:ROOM"]'
    _, account = loads(text, **ENVIRON, ROOM="lobby").account("demo")
    assert account.model_dump()["limits"] == {"rooms": ["plain", "lobby"]}
    assert problems(loads, text, **ENVIRON) == [
        "accounts.demo.limits.rooms.1: the environment variable ROOM is not set or empty"
    ]


def test_a_file_reference_is_below_the_settings_folder(loads: Loads, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "acme").write_text("from a file\n")
    text = ACCOUNT.replace("env:SECRET", "file:secrets/acme")
    _, account = loads(text, **ENVIRON).account("demo")
    assert account.model_dump()["secret"].get_secret_value() == "from a file"


def test_an_absolute_file_reference_stays_where_it_is(loads: Loads, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("from another file")
    _, account = loads(ACCOUNT.replace("env:SECRET", f"file:{elsewhere}"), APP="a").account("demo")
    assert account.model_dump()["secret"].get_secret_value() == "from another file"


def test_a_missing_file_is_named_with_its_key(loads: Loads, tmp_path: Path) -> None:
    text = ACCOUNT.replace("env:SECRET", "file:nowhere")
    assert problems(loads, text, APP="a") == [
        f"accounts.demo.secret: the file {tmp_path / 'nowhere'}: No such file or directory"
    ]


@pytest.mark.parametrize("url", ["file://my%20files", "file://./my%20files"])
def test_a_relative_file_url_is_below_the_settings_folder(
    loads: Loads, tmp_path: Path, url: str
) -> None:
    profile = loads(f'[storage.s]\nurl = "{url}"').storage("s")
    assert profile.url == (tmp_path / "my files").as_uri()


def test_an_absolute_file_url_is_no_reference(loads: Loads) -> None:
    assert loads('[storage.s]\nurl = "file:///srv/files"').storage("s").url == "file:///srv/files"


def test_a_file_that_is_not_there_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.toml: No such file or directory"):
        load(tmp_path / "absent.toml", {})


def test_the_example_loads() -> None:
    environ = {
        "AGORA_APP_ID": "0123456789abcdef0123456789abcdef",
        "AGORA_CUSTOMER_ID": "customer",
        "AGORA_CUSTOMER_SECRET": "customer secret",
        "AGORA_APP_CERTIFICATE": "fedcba9876543210fedcba9876543210",
        "AGORA_CALLBACK_SECRET": "callback secret",
        "MEETINGS_READ_KEY_ID": "reader",
        "MEETINGS_READ_SECRET": "reader secret",
        "MEETINGS_WRITE_KEY_ID": "writer",
        "MEETINGS_WRITE_SECRET": "writer secret",
    }
    example = Path(__file__).parents[2] / "longtake.example.toml"
    settings = load(example, environ)
    spec, _ = settings.account("demo")
    assert spec.slug == "agora"
    assert settings.storage("meetings").url == "s3://example-meetings"
    assert list(settings.storage_at("agora")) == ["meetings"]

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from longtake.settings import Settings, load
from longtake.vendorkit.spec import AccountSettings, VendorSpec
from longtake.vendors import REGISTRY


class AcmeAccount(AccountSettings):
    calls_per_second: float = 10
    app: str
    secret: SecretStr = Field(min_length=8)
    limits: dict[str, list[str]] = {}


class AcmeStorage(BaseModel):
    model_config = ConfigDict(extra="forbid")

    bucket: str
    key: SecretStr


def _unused(*_: Any, **__: Any) -> Any:
    raise AssertionError("settings build nothing")


ACME = VendorSpec(
    slug="acme",
    title="Acme",
    account=AcmeAccount,
    storage=AcmeStorage,
    recorder=_unused,
    callbacks=_unused,
    describe=_unused,
    playlist_began=_unused,
)


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> VendorSpec[Any, Any]:
    """A vendor added the way every vendor is: a folder with a SPEC and one registry line."""
    module = ModuleType("acme_vendor.spec")
    module.SPEC = ACME  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(cast("dict[str, str]", REGISTRY), "acme", "acme_vendor")
    return ACME


Loads = Callable[..., Settings]


@pytest.fixture
def loads(tmp_path: Path, acme: VendorSpec[Any, Any]) -> Loads:
    """Load the text of a settings file, with these environment variables."""

    def read(text: str, **environ: str) -> Settings:
        path = tmp_path / "longtake.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, environ)

    return read

"""What the documentation shows works, and what can be set is documented."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from longtake.domain.recording import RecordingRequest
from longtake.vendors.agora.adapter import AgoraRecorder
from longtake.vendors.agora.options import AgoraOptions
from longtake.vendors.agora.settings import AgoraAccount, AgoraStorage
from longtake.vendors.agora.wire.storage import VENDORS

PAGE = (Path(__file__).parents[3] / "docs" / "vendors" / "agora.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_settings_example_loads() -> None:
    (text,) = blocks("toml")
    example = tomllib.loads(text)
    account = {name: key for name, key in example["accounts"]["demo"].items() if name != "vendor"}
    AgoraAccount.model_validate(account)
    AgoraStorage.model_validate(example["storage"]["archive"]["agora"])


def test_options_example_passes(
    make_recorder: Callable[..., AgoraRecorder], make_request: Callable[..., RecordingRequest]
) -> None:
    (text,) = blocks("json")
    make_recorder().traits(make_request(vendor_options=json.loads(text)))


def fields(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield name
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from fields(inner)


@pytest.mark.parametrize("model", [AgoraOptions, AgoraAccount, AgoraStorage])
def test_every_setting_is_documented(model: type[BaseModel]) -> None:
    assert [name for name in fields(model) if f"`{name}`" not in PAGE] == []


def test_every_storage_vendor_is_documented() -> None:
    missing: list[Any] = [
        name for name, vendor in VENDORS.items() if f"`{name}` ({vendor.number})" not in PAGE
    ]
    assert missing == []

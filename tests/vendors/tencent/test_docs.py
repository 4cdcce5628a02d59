"""What the documentation shows works, and what can be set or go wrong is documented."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from longtake.domain.errors import VendorUnavailable
from longtake.domain.recording import RecordingRequest
from longtake.vendors.tencent.adapter import TencentRecorder
from longtake.vendors.tencent.callbacks import STARTED, VOD_DONE
from longtake.vendors.tencent.errors import CREATE, TABLE, Row
from longtake.vendors.tencent.options import TencentOptions
from longtake.vendors.tencent.settings import BUCKET_VENDORS, TencentAccount, TencentStorage

PAGE = (Path(__file__).parents[3] / "docs" / "vendors" / "tencent.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_settings_example_loads() -> None:
    (text,) = blocks("toml")
    example = tomllib.loads(text)
    account = {name: key for name, key in example["accounts"]["demo"].items() if name != "vendor"}
    # A reference is looked up before the key's own rule is checked.
    TencentAccount.model_validate({**account, "callback_secret": "cbKey0123456789"})
    profiles = [TencentStorage.model_validate(s["tencent"]) for s in example["storage"].values()]
    assert [profile.vod for profile in profiles] == [False, True]


def test_options_example_passes(
    make_recorder: Callable[..., TencentRecorder], make_request: Callable[..., RecordingRequest]
) -> None:
    (text,) = blocks("json")
    make_recorder().traits(make_request(vendor_options=json.loads(text)))


def models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models(inner)


def fields(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield name
        for inner in models(field.annotation):
            yield from fields(inner)


@pytest.mark.parametrize("model", [TencentOptions, TencentAccount, TencentStorage])
def test_every_setting_is_documented(model: type[BaseModel]) -> None:
    assert [name for name in fields(model) if f"`{name}`" not in PAGE] == []


def test_every_storage_vendor_is_documented() -> None:
    assert [n for n, number in BUCKET_VENDORS.items() if f"`{n}` ({number})" not in PAGE] == []


def told(kind: str) -> str:
    """The lines of the table of errors that are about a class."""
    lines = PAGE.partition("\n## Errors")[2].partition("\n## ")[0].splitlines()
    return "\n".join(line.lower() for line in lines if f"`{kind}`" in line.partition(" | ")[0])


ROWS = [row for row in TABLE if (row.means, row.action) != (VendorUnavailable, CREATE)]


@pytest.mark.parametrize("row", ROWS, ids=[f"{r.means.__name__}: {r.meaning}" for r in ROWS])
def test_every_code_is_documented_with_its_class(row: Row) -> None:
    line = told(row.means.__name__)
    assert [code for code in row.codes if f"`{code}`" not in line] == []


def test_every_event_is_documented() -> None:
    assert [n for n in range(STARTED, VOD_DONE + 1) if f"\n| {n} | " not in PAGE] == []

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

from longtake.domain.recording import RecordingRequest
from longtake.vendors.huawei.adapter import HuaweiRecorder
from longtake.vendors.huawei.callbacks import KINDS
from longtake.vendors.huawei.errors import TABLE, Row
from longtake.vendors.huawei.options import HuaweiOptions
from longtake.vendors.huawei.settings import HuaweiAccount, HuaweiStorage
from longtake.vendors.huawei.templates import TEMPLATES

PAGE = (Path(__file__).parents[3] / "docs" / "vendors" / "huawei.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_settings_example_loads() -> None:
    (text,) = blocks("toml")
    example = tomllib.loads(text)
    for given in example["accounts"].values():
        account = {name: key for name, key in given.items() if name != "vendor"}
        if "callback_secret" in account:  # a reference is looked up before the key is checked
            account["callback_secret"] = "x" * 32
        HuaweiAccount.model_validate(account)
    HuaweiStorage.model_validate(example["storage"]["archive"]["huawei"])


def test_options_example_passes(
    make_recorder: Callable[..., HuaweiRecorder], make_request: Callable[..., RecordingRequest]
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


@pytest.mark.parametrize("model", [HuaweiOptions, HuaweiAccount, HuaweiStorage])
def test_every_setting_is_documented(model: type[BaseModel]) -> None:
    assert [name for name in fields(model) if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize(("width", "height", "fps", "kbps"), TEMPLATES)
def test_every_encoding_is_documented(width: int, height: int, fps: int, kbps: int) -> None:
    assert f"`{width}x{height}_{fps}_{kbps}`" in PAGE


def told(kind: str) -> str:
    """The lines of the table of errors that are about a class."""
    lines = PAGE.partition("\n## Errors")[2].partition("\n## ")[0].splitlines()
    return "\n".join(line for line in lines if f"`{kind}`" in line.partition(" | ")[0])


ROWS = [row for row in TABLE if row.codes and row.codes != ("RTC.",)]


@pytest.mark.parametrize("row", ROWS, ids=[f"{r.means.__name__}: {r.meaning}" for r in ROWS])
def test_every_code_is_documented_with_its_class(row: Row) -> None:
    line = told(row.means.__name__)
    assert [code for code in row.codes if f"`{code}`" not in line] == []


def test_every_event_is_documented() -> None:
    events = PAGE.partition("\n## Events")[2].partition("\n## ")[0]
    assert [event for event in KINDS if f"`{event}`" not in events] == []

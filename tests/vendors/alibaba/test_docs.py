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
from longtake.vendors.alibaba.adapter import AlibabaRecorder
from longtake.vendors.alibaba.callbacks import EVENTS
from longtake.vendors.alibaba.errors import TABLE, Row
from longtake.vendors.alibaba.files import INDIVIDUAL_NAME, MIXED_NAME, SLICE_SUFFIX
from longtake.vendors.alibaba.options import AlibabaOptions
from longtake.vendors.alibaba.settings import HOSTS, AlibabaAccount, AlibabaStorage

PAGE = (Path(__file__).parents[3] / "docs" / "vendors" / "alibaba.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_settings_example_loads() -> None:
    (text,) = blocks("toml")
    example = tomllib.loads(text)
    account = {name: key for name, key in example["accounts"]["demo"].items() if name != "vendor"}
    # A reference is looked up before the key's own rule is checked.
    AlibabaAccount.model_validate({**account, "callback_secret": "mytestkeymytestkey"})
    profiles = [AlibabaStorage.model_validate(s["alibaba"]) for s in example["storage"].values()]
    assert [profile.vod is None for profile in profiles] == [True, False]


def test_options_example_passes(
    make_recorder: Callable[..., AlibabaRecorder], make_request: Callable[..., RecordingRequest]
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


@pytest.mark.parametrize("model", [AlibabaOptions, AlibabaAccount, AlibabaStorage])
def test_every_setting_is_documented(model: type[BaseModel]) -> None:
    assert [name for name in fields(model) if f"`{name}`" not in PAGE] == []


def test_every_region_and_pattern_is_documented() -> None:
    shown = (*HOSTS, MIXED_NAME, INDIVIDUAL_NAME, SLICE_SUFFIX)
    assert [text for text in shown if f"`{text}`" not in PAGE] == []


def told(kind: str) -> str:
    """The lines of the table of errors that are about a class."""
    lines = PAGE.partition("\n## Errors")[2].partition("\n## ")[0].splitlines()
    return "\n".join(line.lower() for line in lines if f"`{kind}`" in line.partition(" | ")[0])


@pytest.mark.parametrize("row", TABLE, ids=[f"{r.means.__name__}: {r.meaning}" for r in TABLE])
def test_every_code_is_documented_with_its_class(row: Row) -> None:
    line = told(row.means.__name__)
    assert [code for code in row.codes if f"`{code}`" not in line] == []


def test_every_event_is_documented() -> None:
    lines = PAGE.partition("\n## Events")[2].partition("\n## ")[0]
    assert [event for event in EVENTS if f"`{event}`" not in lines] == []

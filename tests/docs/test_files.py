"""The pages on files and storage say what the code does."""

from __future__ import annotations

import json
import tomllib
from typing import get_args

import pytest
from jsonschema import Draft202012Validator

from longtake.domain.files import FileRef, GapCause, ManifestDocument, Outcome
from longtake.storage.bucket import Bucket, open_store
from longtake.storage.profile import StorageProfile
from tests.docs.pages import ROOT, blocks, page

PROFILES = [block.text for block in blocks(page("docs/storage.md")) if block.language == "toml"]
GOOGLE_KEY = json.dumps(
    {
        "type": "service_account",
        "client_email": "reader@example.com",
        "private_key_id": "1",
        "private_key": "",
        "disable_oauth": True,
    }
)


@pytest.mark.parametrize("text", PROFILES, ids=lambda text: text.split("]")[0].lstrip("["))
def test_every_profile_on_the_page_opens(text: str) -> None:
    [(name, table)] = tomllib.loads(text)["storage"].items()
    options = {
        key: GOOGLE_KEY if value.startswith("file:") else value.replace("env:", "")
        for key, value in table.get("options", {}).items()
    }
    if "account_key" in options:
        options["account_key"] = "a2V5"
    assert isinstance(open_store(StorageProfile(name, table["url"], options)), Bucket)


def test_the_example_of_a_manifest_is_one() -> None:
    [example] = [block.text for block in blocks(page("docs/files.md")) if block.language == "json"]
    document = ManifestDocument.model_validate_json(example)
    assert json.loads(document.model_dump_json()) == json.loads(example)
    schema = json.loads((ROOT / "docs/schemas/manifest_document.json").read_text())
    Draft202012Validator(schema).validate(json.loads(example))


def test_every_grade_and_cause_is_explained() -> None:
    text = page("docs/files.md")
    words = [*Outcome, *get_args(GapCause), *(ManifestDocument.model_fields.keys() - {"storage"})]
    assert [word for word in words if f"`{word}`" not in text and f'"{word}"' not in text] == []
    assert all(f'"{name}"' in text for name in FileRef.model_fields)

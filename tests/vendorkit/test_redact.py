from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from longtake.vendorkit.redact import TEXT_LIMIT, foreign_text, plain_address, secrets_in
from longtake.vendorkit.wire import Secret, Sent


class Inner(BaseModel):
    key: SecretStr
    note: str = "plain"


class Outer(BaseModel):
    inner: Inner
    several: list[SecretStr]
    named: dict[str, SecretStr]
    none: SecretStr | None = None


class Part(Sent):
    key: Secret
    number: int | None = None


def test_secrets_are_found_at_any_depth() -> None:
    model = Outer.model_validate(
        {"inner": {"key": "inner-key"}, "several": ["first-key"], "named": {"x": "named-key"}}
    )
    assert secrets_in(model) == {"inner-key", "first-key", "named-key"}


@pytest.mark.parametrize("value", [None, "text", 7, Inner(key=SecretStr("abc"))])
def test_what_holds_no_real_secret_gives_none(value: object) -> None:
    assert secrets_in(value) == frozenset()


def test_secret_inside_another_is_hidden_with_it() -> None:
    assert foreign_text("it is password-long", {"password", "password-long"}) == "it is **********"


@given(st.text(max_size=2000), st.text(min_size=4, max_size=20))
def test_text_is_one_short_printable_line_without_the_secret(text: str, secret: str) -> None:
    shown = foreign_text(f"{text}{secret}{text}", {secret})
    assert len(shown) <= TEXT_LIMIT
    assert shown.isprintable()
    if secret.isprintable() and " " not in secret and "*" not in secret:
        assert secret not in shown


def test_secret_leaves_in_the_body_alone() -> None:
    part = Part.model_validate({"key": "the-key"})
    assert part.body() == b'{"key":"the-key"}'
    assert "the-key" not in f"{part!r} {part.model_dump()} {part.model_dump_json()}"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("https://v.example/a/f0.mp4?sign=x&t=1", "https://v.example/a/f0.mp4"),
        ("http://user:word@v.example:8080/a.mp4#token", "http://v.example:8080/a.mp4"),
        (" https://v.example/a.mp4 ", "https://v.example/a.mp4"),
        ("javascript:alert(1)", ""),
        ("f0.mp4?sign=x", ""),
        ("https://[v.example/a.mp4", ""),
        ("", ""),
    ],
)
def test_an_address_is_kept_without_what_lets_others_in(told: str, kept: str) -> None:
    assert plain_address(told) == kept

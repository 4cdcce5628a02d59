"""Layouts: what is accepted can be drawn, what cannot be drawn is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from longtake.domain.layout import ROUNDING, CustomLayout, Layout, Pane, users_in

LAYOUT: TypeAdapter[Layout] = TypeAdapter(Layout)
FRACTIONS = st.floats(-0.5, 1.5, allow_nan=False)
USERS = st.text("0123456789", min_size=1, max_size=4)


@st.composite
def panes(draw: st.DrawFn) -> Pane:
    x, y = draw(st.floats(0, 0.99)), draw(st.floats(0, 0.99))
    return Pane(
        x=x,
        y=y,
        width=draw(st.floats(1e-3, 1 - x)) if 1 - x > 1e-3 else 1 - x,
        height=draw(st.floats(1e-3, 1 - y)) if 1 - y > 1e-3 else 1 - y,
    )


@given(FRACTIONS, FRACTIONS, FRACTIONS, FRACTIONS)
def test_a_pane_is_accepted_exactly_when_it_lies_on_the_canvas(
    x: float, y: float, width: float, height: float
) -> None:
    inside = (
        0 <= x <= 1
        and 0 <= y <= 1
        and 0 < width <= 1
        and 0 < height <= 1
        and x + width <= 1 + ROUNDING
        and y + height <= 1 + ROUNDING
    )
    try:
        Pane(x=x, y=y, width=width, height=height)
    except ValidationError:
        assert not inside
    else:
        assert inside


@given(st.lists(panes(), min_size=1, max_size=20), st.lists(USERS, max_size=20, unique=True))
def test_a_layout_survives_the_wire_and_keeps_its_order(
    found: list[Pane], users: list[str]
) -> None:
    named = [
        pane.model_copy(update={"user": user})
        for pane, user in zip(found, [*users, *[None] * len(found)], strict=False)
    ]
    layout = CustomLayout(panes=tuple(named))
    again = LAYOUT.validate_json(LAYOUT.dump_json(layout))
    assert again == layout
    assert list(users_in(again)) == users[: len(named)]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "wide", None])
def test_a_pane_without_numbers_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        Pane.model_validate({"x": value, "y": 0, "width": 1, "height": 1})


def test_a_user_has_one_pane() -> None:
    pane = {"x": 0, "y": 0, "width": 1, "height": 1, "user": "7"}
    with pytest.raises(ValidationError, match="'7' has several"):
        LAYOUT.validate_python({"kind": "custom", "panes": [pane, pane]})

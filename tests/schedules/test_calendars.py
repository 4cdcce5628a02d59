"""A timetable gives exactly the times that RFC 5545 says, whatever form they are written in."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.calendars import CalendarError, Reading, Rules, read_calendar

NOW = datetime(2027, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
OWN_ZONE = """BEGIN:VTIMEZONE
TZID:Our Office
BEGIN:STANDARD
DTSTART:20001029T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20000326T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE"""


def event(*lines: str, uid: str = "standup", lasts: str = "DURATION:PT1H") -> str:
    return "\n".join(
        ["BEGIN:VEVENT", f"UID:{uid}", *lines, *([lasts] if lasts else []), "END:VEVENT"]
    )


def read(*parts: str, days: int = 400, head: Sequence[str] = (), **rules: object) -> Reading:
    text = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *head, *parts, "END:VCALENDAR"])
    data = text.replace("\n", "\r\n").encode() + b"\r\n"
    return read_calendar(data, NOW, NOW + timedelta(days=days), Rules(**rules))  # pyright: ignore[reportArgumentType]


def times(*parts: str, **rest: object) -> list[str]:
    found = read(*parts, **rest)  # pyright: ignore[reportArgumentType]
    starts = sorted(at for series in found.series for at in series.starts)
    return [f"{at:%m-%d %H:%M}" for at in starts]


def problems(*parts: str, **rest: object) -> list[str]:
    with pytest.raises(CalendarError) as caught:
        read(*parts, **rest)  # pyright: ignore[reportArgumentType]
    return list(caught.value.problems)


BERLIN_NINE = "DTSTART;TZID=Europe/Berlin:20270104T090000"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["DTSTART:20270104T090000Z"], ["01-04 09:00"]),
        ([BERLIN_NINE], ["01-04 08:00"]),
        (
            [
                "DTSTART:20270129T090000Z",
                "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3",
            ],
            ["01-29 09:00", "02-26 09:00", "03-31 09:00"],
        ),
        (
            ["DTSTART:20270131T090000Z", "RRULE:FREQ=MONTHLY;COUNT=3"],
            ["01-31 09:00", "03-31 09:00", "05-31 09:00"],
        ),
        (
            [BERLIN_NINE, "RRULE:FREQ=DAILY;UNTIL=20270106T080000Z"],
            ["01-04 08:00", "01-05 08:00", "01-06 08:00"],
        ),
        ([BERLIN_NINE, "RRULE:FREQ=DAILY;UNTIL=20270105"], ["01-04 08:00", "01-05 08:00"]),
        ([BERLIN_NINE, "RRULE:FREQ=DAILY;UNTIL=20270105T090000"], ["01-04 08:00", "01-05 08:00"]),
        (
            [BERLIN_NINE, "RDATE:20270201T100000Z", "RDATE;VALUE=DATE:20270301"],
            ["01-04 08:00", "02-01 10:00", "03-01 08:00"],
        ),
        (
            [BERLIN_NINE, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20270105T080000Z"],
            ["01-04 08:00", "01-06 08:00"],
        ),
        (
            [
                BERLIN_NINE,
                "RRULE:FREQ=DAILY;COUNT=3",
                "EXDATE;TZID=America/New_York:20270105T030000",
            ],
            ["01-04 08:00", "01-06 08:00"],
        ),
        (
            [BERLIN_NINE, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20270104,20270106"],
            ["01-05 08:00"],
        ),
        (
            [BERLIN_NINE, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20270106T090000"],
            ["01-04 08:00", "01-05 08:00"],
        ),
        # DTSTART counts as the first though the rule does not give it.
        (
            ["DTSTART:20270104T090000Z", "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=2"],
            ["01-04 09:00", "01-05 09:00"],
        ),
        (
            ["DTSTART;TZID=W. Europe Standard Time:20270104T090000"],
            ["01-04 08:00"],
        ),
        (["DTSTART;TZID=/example.org/2024/Europe/Berlin:20270104T090000"], ["01-04 08:00"]),
        (["DTSTART:20270104T090000Z", "STATUS:CANCELLED"], []),
    ],
)
def test_times_are_those_of_the_standard(lines: list[str], expected: list[str]) -> None:
    assert times(event(*lines)) == expected


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Our Office"])
def test_a_time_that_the_clocks_leave_out_is_told_by_the_offset_before(zone: str) -> None:
    rule = "RRULE:FREQ=DAILY;COUNT=3"
    found = times(event(f"DTSTART;TZID={zone}:20270327T023000", rule), OWN_ZONE)
    assert found == ["03-27 01:30", "03-28 01:30", "03-29 00:30"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Our Office"])
def test_of_a_time_that_comes_twice_the_first_is_meant(zone: str) -> None:
    rule = "RRULE:FREQ=DAILY;COUNT=3"
    found = times(event(f"DTSTART;TZID={zone}:20271030T023000", rule), OWN_ZONE)
    assert found == ["10-30 00:30", "10-31 00:30", "11-01 01:30"]


def test_an_end_in_another_zone_is_measured_on_a_stop_watch() -> None:
    [series] = read(event(BERLIN_NINE, lasts="DTEND;TZID=Europe/London:20270104T093000")).series
    assert series.lasts == timedelta(minutes=90)


def test_one_time_moved_and_one_cancelled_in_whatever_form_they_are_named() -> None:
    daily = event(BERLIN_NINE, "RRULE:FREQ=DAILY;COUNT=4")
    moved = event("RECURRENCE-ID;TZID=America/New_York:20270105T030000", "DTSTART:20270105T150000Z")
    gone = event("RECURRENCE-ID:20270106T080000Z", "DTSTART:20270106T080000Z", "STATUS:CANCELLED")
    by_day = event("RECURRENCE-ID;VALUE=DATE:20270107", "DTSTART:20270107T160000Z")
    expected = ["01-04 08:00", "01-05 15:00", "01-07 16:00"]
    for order in itertools.permutations([daily, moved, gone, by_day]):
        assert times(*order) == expected


def test_a_moved_time_that_lasts_longer_or_is_elsewhere_is_a_part_of_its_own() -> None:
    daily = event(BERLIN_NINE, "RRULE:FREQ=DAILY;COUNT=3", "LOCATION:one")
    longer = event(
        "RECURRENCE-ID:20270105T080000Z",
        "DTSTART:20270105T080000Z",
        "LOCATION:two",
        lasts="DURATION:PT3H",
    )
    parts = read(daily, longer).series
    assert [(s.part == "", s.title.location, s.lasts.seconds, len(s.starts)) for s in parts] == [
        (True, "one", 3600, 2),
        (False, "two", 10800, 1),
    ]


def test_from_one_time_onwards() -> None:
    daily = event(BERLIN_NINE, "RRULE:FREQ=DAILY;COUNT=4")
    later = event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20270106T080000Z",
        "DTSTART;TZID=Europe/Berlin:20270106T113000",
    )
    single = event("RECURRENCE-ID:20270107T080000Z", "DTSTART:20270107T200000Z")
    expected = ["01-04 08:00", "01-05 08:00", "01-06 10:30", "01-07 20:00"]
    assert times(later, single, daily) == expected


def test_of_two_versions_the_later_one_counts() -> None:
    old = event("DTSTART:20270104T090000Z", "SEQUENCE:1")
    new = event("DTSTART:20270104T100000Z", "SEQUENCE:2")
    assert times(new, old) == times(old, new) == ["01-04 10:00"]


def test_a_period_lasts_as_long_as_it_says() -> None:
    found = read(
        event("DTSTART:20270104T090000Z", "RDATE;VALUE=PERIOD:20270105T090000Z/PT3H")
    ).series
    assert [series.lasts for series in found] == [timedelta(hours=1), timedelta(hours=3)]


def test_a_cancelled_calendar_has_no_times() -> None:
    assert times(event("DTSTART:20270104T090000Z"), head=["METHOD:CANCEL"]) == []


def test_floating_times_are_told_where_the_file_or_the_caller_says() -> None:
    floating = event(
        "DTSTART:20270104T090000", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20270105T090000"
    )
    assert times(floating, zone="Europe/Berlin") == ["01-04 08:00"]
    assert times(floating, head=["X-WR-TIMEZONE:America/New_York"]) == ["01-04 14:00"]
    assert problems(floating) == [
        "event standup: DTSTART: is a floating time; --timezone says where it is told"
    ]


def test_all_day_events_are_left_out_unless_they_are_asked_for() -> None:
    holiday = event("DTSTART;VALUE=DATE:20270327", "RRULE:FREQ=DAILY;COUNT=2", lasts="")
    found = read(holiday, event("DTSTART:20270104T090000Z", uid="b"))
    assert [series.title.uid for series in found.series] == ["b"]
    assert found.notes == ("event standup: DTSTART: is all day; --all-day records such events",)
    days = read(holiday, all_day=True, zone="Europe/Berlin").series
    assert [series.lasts for series in days] == [timedelta(hours=24), timedelta(hours=23)]


def test_one_time_of_a_series_that_became_all_day_is_left_out() -> None:
    daily = event("DTSTART:20270104T090000Z", "RRULE:FREQ=DAILY;COUNT=2")
    day = event("RECURRENCE-ID:20270105T090000Z", "DTSTART;VALUE=DATE:20270105", lasts="")
    assert times(daily, day, zone="UTC") == ["01-04 09:00"]


@pytest.mark.parametrize(
    ("lines", "lasts", "told"),
    [
        (["DTSTART:20270104T090000Z"], "", "DTEND: neither it nor DURATION is given"),
        (["DTSTART:20270104T090000Z"], "DTEND:20270104T090000Z", "DTEND: the end must be after"),
        (
            ["DTSTART:20270104T090000Z", "DTEND:20270104T093000Z"],
            "DURATION:PT1H",
            "beside DURATION",
        ),
        (
            ["DTSTART:20270104T090000Z", "RRULE:FREQ=SECONDLY"],
            "DURATION:PT1H",
            "RRULE: FREQ must be",
        ),
        (["DTSTART:20270104T090000Z", "RRULE:FREQ=FOO"], "DURATION:PT1H", "RRULE: "),
        (["DTSTART:20270104T090000Z", "RRULE:BYDAY=MO"], "DURATION:PT1H", "RRULE: FREQ must be"),
        (["DTSTART:20270104T090000Z", "RRULE:FREQ=DAILY;BYDAY=XX"], "DURATION:PT1H", "RRULE: "),
        (
            ["DTSTART:20270104T090000Z", "RRULE:FREQ=DAILY;COUNT=2;UNTIL=20280101T000000Z"],
            "DURATION:PT1H",
            "RRULE: COUNT and UNTIL",
        ),
        (
            ["DTSTART:20270104T090000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"],
            "DURATION:PT1H",
            "RRULE: no such BYMONTHDAY",
        ),
        (
            ["DTSTART:20270104T090000Z", "RRULE:FREQ=MINUTELY"],
            "DURATION:PT1H",
            "times before the horizon",
        ),
        (["DTSTART:20270104T090000Z", "RRULE:FREQ=DAILY;INTERVAL=-1"], "DURATION:PT1H", "INTERVAL"),
        (["DTSTART:20270104T090000Z", "RRULE:FREQ=DAILY;COUNT=0"], "DURATION:PT1H", "COUNT must"),
        (["DTSTART:20270104T090000Z", "RRULE:FREQ=DAILY;BYSETPOS=2"], "DURATION:PT1H", "BYSETPOS"),
        (["DTSTART:20270104T090000Z", "RRULE:FREQ=DAILY;BYHOUR=25"], "DURATION:PT1H", "hour must"),
        (["DTSTART;VALUE=PERIOD:20270104T000000Z/PT1H"], "DURATION:PT1H", "DTSTART: must be"),
        (["DTSTART;TZID=Europe/Berlin:00010101T000000"], "DURATION:PT1H", "DTSTART: the year"),
        (
            ["DTSTART;TZID=Nowhere:20270104T090000"],
            "DURATION:PT1H",
            "DTSTART: neither the time zone",
        ),
        (["DTSTART:20270104T250000Z"], "DURATION:PT1H", "DTSTART: "),
        (["DTSTART:20270104T090000Z", "EXDATE:20270132T090000Z"], "DURATION:PT1H", "EXDATE: "),
        ([], "DURATION:PT1H", "DTSTART: is missing"),
        (
            ["DTSTART:20270104T090000Z", "DTSTART:20270105T090000Z"],
            "DURATION:PT1H",
            "DTSTART: is given more",
        ),
    ],
)
def test_a_broken_event_is_told_by_uid_property_and_rule(
    lines: list[str], lasts: str, told: str
) -> None:
    good = event("DTSTART:20270104T090000Z", uid="good")
    [problem] = problems(good, event(*lines, lasts=lasts, uid="bad@x"))
    assert problem.startswith("event bad@x: ")
    assert told in problem


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\xff\xfe", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\n"]
)
def test_what_is_no_calendar_is_refused(data: bytes) -> None:
    with pytest.raises(CalendarError, match="no iCalendar file"):
        read_calendar(data, NOW, NOW + timedelta(days=1), Rules())


def test_an_event_without_uid_is_told_by_its_number() -> None:
    text = "BEGIN:VEVENT\nDTSTART:20270104T090000Z\nDURATION:PT1H\nEND:VEVENT"
    assert problems(text) == ["event number 1: UID: is missing"]


@given(
    st.datetimes(datetime(2026, 11, 1), datetime(2027, 6, 1)).map(  # noqa: DTZ001 - clocks of any zone
        lambda at: at.replace(second=0, microsecond=0)
    ),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.sampled_from([("DAILY", 1), ("WEEKLY", 7)]),
    st.integers(1, 5),
    st.integers(1, 60),
)
def test_plain_rules_agree_with_counting_days(
    first: datetime, name: str, frequency: tuple[str, int], interval: int, count: int
) -> None:
    word, step = frequency
    zone = ZoneInfo(name)
    wanted: set[datetime] = set()
    for number in range(count):
        wall = first + timedelta(days=number * step * interval)
        wanted.add(wall.replace(tzinfo=zone).astimezone(UTC))
    rule = f"RRULE:FREQ={word};INTERVAL={interval};COUNT={count}"
    found = read(event(f"DTSTART;TZID={name}:{first:%Y%m%dT%H%M%S}", rule))
    starts = {at for series in found.series for at in series.starts}
    assert starts == {at for at in wanted if NOW < at <= NOW + timedelta(days=400)}

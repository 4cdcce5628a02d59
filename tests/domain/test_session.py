"""The session's own rules, under every order of news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from longtake.domain.events import EventKind, Observation, TaskPhase, VendorEvent
from longtake.domain.ports import Stopped, Task
from longtake.domain.recording import Scene
from longtake.domain.segment import Segment, Verdict
from longtake.domain.session import HEARD_KEPT, TIMELINE_KEPT, TRANSITIONS, Session, State
from longtake.domain.traits import RecorderIds, Traits

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TRAITS = Traits(
    vendor="testvendor",
    recorder_ids=RecorderIds(style="number", low=1000, high=1999),
    confirm_first=5 * SECOND,
    confirm_every=5 * SECOND,
    confirm_within=90 * SECOND,
    missing_grace=60 * SECOND,
    poll_every=120 * SECOND,
    files_within=600 * SECOND,
)


def new_session() -> Session:
    return Session(
        key="abc",
        submitted_at=NOON,
        due_at=NOON,
        deadline=NOON + timedelta(hours=1),
        since=NOON,
        evidence_at=NOON,
        scene=Scene(),
        traits=TRAITS,
    )


def opened(session: Session, task_id: str = "t1") -> Segment:
    attempt = session.open_attempt("", NOON)
    return session.open_segment(Task(attempt=attempt, id=task_id), session.scene, NOON)


def seen(phase: TaskPhase) -> Observation:
    return Observation(phase=phase, at=NOON)


def event(kind: EventKind, **given: str) -> VendorEvent:
    plain = {"id": "e1", "at": NOON, "account": "a", "room": "r", "task_id": "t1"}
    return VendorEvent.model_validate({**plain, "kind": kind, **given})


class SessionMachine(RuleBasedStateMachine):
    """Any order of moves, events, observations and wishes."""

    def __init__(self) -> None:
        super().__init__()
        self.session = new_session()
        self.now = NOON
        self.before = self.session.state
        self.revision = 1

    @rule(state=st.sampled_from(list(State)))
    def move(self, state: State) -> None:
        before = self.session.state
        moved = self.session.move(state, "because", self.now)
        assert moved == (state == before or state in TRANSITIONS[before])
        assert self.session.state == (state if moved else before)

    @rule(seconds=st.integers(0, 1000))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule()
    def open(self) -> None:
        opened(self.session, f"t{len(self.session.segments) + 1}")

    @precondition(lambda self: self.session.segments)
    @rule(phase=st.sampled_from(list(TaskPhase)))
    def observe(self, phase: TaskPhase) -> None:
        self.session.segments[-1].observe(seen(phase), self.now)

    @rule(
        kind=st.sampled_from(list(EventKind)),
        name=st.integers(0, 9),
        task=st.integers(0, 4),
        recorder=st.integers(1000, 1999),
    )
    def hear(self, kind: EventKind, name: int, task: int, recorder: int) -> None:
        state = self.session.state
        self.session.hear(
            event(kind, id=f"e{name}", task_id=f"t{task}", recorder=str(recorder)), self.now
        )
        assert self.session.state == state, "an event alone moves nothing"

    @rule()
    def wish(self) -> None:
        revision = self.session.wish(self.now, "a wish", on_hold=False)
        assert revision > self.revision
        self.revision = revision

    @invariant()
    def finished_is_for_good(self) -> None:
        if self.before is State.FINISHED:
            assert self.session.state is State.FINISHED
        self.before = self.session.state

    @invariant()
    def the_record_survives_a_payload(self) -> None:
        assert Session.model_validate_json(self.session.model_dump_json()) == self.session

    @invariant()
    def attempts_are_numbered_and_write_to_paths_of_their_own(self) -> None:
        attempts = self.session.attempts
        assert [attempt.number for attempt in attempts] == list(range(1, len(attempts) + 1))
        assert len({attempt.path for attempt in attempts}) == len(attempts)


TestSession = SessionMachine.TestCase


@given(st.permutations(list(State)))
def test_every_state_leads_to_the_end(order: list[State]) -> None:
    session = new_session()
    for state in order:
        session.move(state, "", NOON)
    for state in (State.STOPPING, State.COLLECTING, State.FINISHED):
        session.move(state, "", NOON)
    assert session.state is State.FINISHED


def test_a_doubled_event_is_heard_once() -> None:
    session = new_session()
    opened(session)
    assert session.hear(event(EventKind.ERROR, detail="x"), NOON) is not None
    notes = len(session.timeline)
    assert session.hear(event(EventKind.ERROR, detail="x"), NOON) is None
    assert len(session.timeline) == notes


def test_an_event_of_another_recording_is_not_ours() -> None:
    session = new_session()
    opened(session)
    assert session.hear(event(EventKind.ENDED, task_id="other", recorder="5"), NOON) is None
    assert not session.segments[0].end_heard


def test_an_event_names_the_task_of_a_lost_start() -> None:
    session = new_session()
    attempt = session.open_attempt("", NOON)
    session.lose(attempt, NOON)
    session.hear(event(EventKind.STARTED, recorder=attempt.recorder, task_id="t9"), NOON)
    assert session.strays[0].task_id == "t9"


def test_after_a_failover_events_are_known_by_their_task() -> None:
    session = new_session()
    segment = opened(session)
    heard = session.hear(event(EventKind.ENDED, task_id="t1", recorder="4242"), NOON)
    assert heard is segment
    assert segment.end_heard


def test_what_a_session_remembers_is_bounded() -> None:
    session = new_session()
    opened(session)
    for number in range(2 * HEARD_KEPT):
        session.hear(event(EventKind.WARNING, id=f"e{number}", detail="again"), NOON)
    assert len(session.heard) == HEARD_KEPT
    assert len(session.timeline) == TIMELINE_KEPT
    assert session.dropped_notes > 0


@pytest.mark.parametrize(
    ("phases", "after", "verdict"),
    [
        ([], 89, Verdict.GO_ON),
        ([], 90, Verdict.NOT_UP),
        ([TaskPhase.MISSING], 89, Verdict.GO_ON),
        ([TaskPhase.FAILED], 5, Verdict.NOT_UP),
        ([TaskPhase.RUNNING], 10_000, Verdict.GO_ON),
        ([TaskPhase.RUNNING, TaskPhase.ENDED], 0, Verdict.OVER),
        ([TaskPhase.FLOWING, TaskPhase.MISSING], 59, Verdict.GO_ON),
        ([TaskPhase.FLOWING, TaskPhase.MISSING], 60, Verdict.OVER),
        ([TaskPhase.FLOWING, TaskPhase.MISSING, TaskPhase.FLOWING], 60, Verdict.GO_ON),
        ([TaskPhase.FLOWING, TaskPhase.ENDING], 60, Verdict.OVER),
    ],
)
def test_a_segment_is_judged_by_its_evidence(
    phases: list[TaskPhase], after: int, verdict: Verdict
) -> None:
    segment = opened(new_session())
    for phase in phases:
        segment.observe(seen(phase), NOON)
    assert segment.judge(TRAITS, NOON + after * SECOND)[0] is verdict


def test_the_end_is_certain_when_two_facts_agree() -> None:
    session = new_session()
    segment = opened(session)
    segment.observe(seen(TaskPhase.FLOWING), NOON)
    session.hear(event(EventKind.ENDED), NOON)
    assert segment.judge(TRAITS, NOON)[0] is Verdict.GO_ON, "a callback alone ends nothing"
    segment.observe(seen(TaskPhase.MISSING), NOON)
    assert segment.judge(TRAITS, NOON)[0] is Verdict.OVER


@given(st.text(max_size=20), st.integers(1, 1000))
def test_an_attempts_identity_is_a_pure_function(key: str, number: int) -> None:
    ids = TRAITS.recorder_ids
    assert ids.identity(key, number) == ids.identity(key, number)
    assert 1000 <= int(ids.identity(key, number)) <= 1999
    named = RecorderIds(style="text", prefix="lt-")
    assert named.identity(key, number).startswith("lt-")
    assert named.identity(key, number) != named.identity(key, number + 1)


def test_late_files_are_added_to_a_segment_that_is_over() -> None:
    session = new_session()
    segment = opened(session)
    segment.ended_at = NOON
    assert session.hear(event(EventKind.UPLOADED), NOON) is None
    assert segment.uploading == "uploaded"


def test_a_second_task_under_one_identity_becomes_a_stray() -> None:
    session = new_session()
    attempt = session.open_attempt("", NOON)
    for number, task_id in enumerate(("dead", "alive")):
        session.hear(
            event(
                EventKind.ERROR, id=task_id, recorder=attempt.recorder, task_id=task_id
            ).model_copy(update={"at": NOON + number * SECOND}),
            NOON,
        )
    assert session.sighted(attempt.recorder) == "alive"
    session.open_segment(Task(attempt=attempt, id="alive"), session.scene, NOON)
    assert [stray.task_id for stray in session.strays] == ["dead"]
    session.hear(event(EventKind.STARTED, id="x", recorder=attempt.recorder, task_id="third"), NOON)
    assert [stray.task_id for stray in session.strays] == ["dead", "third"]


def test_a_task_that_is_over_is_not_taken_for_the_live_one() -> None:
    session = new_session()
    attempt = session.open_attempt("", NOON)
    seen = [
        ("dead", EventKind.STARTED, 0),
        ("alive", EventKind.STARTED, 5),
        ("dead", EventKind.UPLOADED, 9),
    ]
    for number, (task_id, kind, at) in enumerate(seen):
        told = event(kind, id=str(number), recorder=attempt.recorder, task_id=task_id)
        session.hear(told.model_copy(update={"at": NOON + at * SECOND}), NOON)
    assert session.sighted(attempt.recorder) == "alive"
    session.open_segment(Task(attempt=attempt, id="alive"), session.scene, NOON)
    [stray] = session.strays
    assert (stray.task_id, stray.stopped_at) == ("dead", NOON)


def replacing() -> Session:
    """Of a vendor where a second start of a recorder ends the first one's task."""
    session = new_session()
    session.traits = TRAITS.model_copy(update={"repeated_start": "replaces"})
    return session


def test_a_recorder_that_may_be_in_the_room_is_started_again_not_another() -> None:
    session = replacing()
    first = session.open_attempt("", NOON)
    session.doubt(first)
    second = session.open_attempt("", NOON)
    assert (second.number, second.recorder) == (2, first.recorder)
    assert second.path != first.path


def test_a_successor_beside_a_live_recorder_is_another() -> None:
    session = replacing()
    session.doubt(session.open_attempt("", NOON))
    live = opened(session)
    assert session.open_attempt("", NOON).recorder != live.task.attempt.recorder


def test_a_refused_second_start_gets_another_recorder() -> None:
    session = new_session()
    first = session.open_attempt("", NOON)
    session.doubt(first)
    assert session.open_attempt("", NOON).recorder != first.recorder


def ended(segment: Segment, *, confirmed: bool) -> None:
    segment.close(Stopped(), NOON, confirmed=confirmed)


def test_only_a_task_seen_up_ends_the_doubt_of_an_earlier_start() -> None:
    session = replacing()
    assert session.suspects == []
    first = session.open_attempt("", NOON)
    session.doubt(first)
    assert session.suspects == [first.recorder]
    ended(opened(session), confirmed=True)
    assert session.suspects == [first.recorder], "accepted and stopped, but it never came up"
    opened(session, "t2").observe(seen(TaskPhase.RUNNING), NOON)
    assert session.suspects == []


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_task_that_ended_without_the_vendors_word_leaves_a_suspect(*, confirmed: bool) -> None:
    session = replacing()
    segment = opened(session)
    segment.observe(seen(TaskPhase.RUNNING), NOON)
    ended(segment, confirmed=confirmed)
    recorder = segment.task.attempt.recorder
    assert session.suspects == ([] if confirmed else [recorder])
    assert (session.open_attempt("", NOON).recorder == recorder) is not confirmed


def test_the_vendors_own_event_is_its_word() -> None:
    session = replacing()
    segment = opened(session)
    session.hear(event(EventKind.ENDED), NOON)
    ended(segment, confirmed=False)
    assert session.suspects == []


def test_of_a_recorder_in_doubt_an_end_that_was_not_ours_proves_nothing() -> None:
    session = replacing()
    attempt = session.open_attempt("", NOON)
    session.doubt(attempt)
    segment = session.open_segment(Task(attempt=attempt, id="t1"), session.scene, NOON)
    segment.observe(seen(TaskPhase.RUNNING), NOON)
    assert session.suspects == []
    session.hear(event(EventKind.ENDED), NOON)
    ended(segment, confirmed=False)
    assert session.suspects == [attempt.recorder], "its double may have put it out"


def test_where_a_second_start_is_refused_nobody_is_suspect() -> None:
    session = new_session()
    session.doubt(session.open_attempt("", NOON))
    ended(opened(session), confirmed=False)
    assert session.suspects == []


def test_events_before_the_answer_to_a_start_are_not_lost() -> None:
    session = replacing()
    attempt = session.open_attempt("", NOON)
    session.hear(event(EventKind.STARTED, recorder=attempt.recorder), NOON)
    session.hear(event(EventKind.ENDED, id="e2", recorder=attempt.recorder), NOON)
    segment = session.open_segment(Task(attempt=attempt, id="t1"), session.scene, NOON)
    assert (segment.announced, segment.end_heard) == (True, True)
    assert session.strays == []


def test_a_superseded_tasks_end_is_not_the_live_ones() -> None:
    session = replacing()
    attempt = session.open_attempt("", NOON)
    session.doubt(attempt)
    live = session.open_segment(Task(attempt=attempt, id="t2"), session.scene, NOON)
    for number, kind in enumerate((EventKind.STARTED, EventKind.ENDED)):
        session.hear(event(kind, id=f"e{number}", recorder=attempt.recorder), NOON)
    assert not live.end_heard
    assert [(stray.task_id, stray.end_heard) for stray in session.strays] == [("t1", True)]


# --- a vendor that echoes no identity of ours --------------------------------------------------


def mixing() -> Session:
    """A session whose recorder goes by the same name as every other session's of the room."""
    session = new_session()
    session.traits = TRAITS.model_copy(
        update={
            "recorder_ids": RecorderIds(style="shared", prefix="mix"),
            "data_by_events": True,
        }
    )
    return session


def sight(session: Session, task_id: str, kind: EventKind = EventKind.MEDIA_FLOWING) -> None:
    session.hear(event(kind, id=f"{task_id}:{kind}", recorder="mix", task_id=task_id), NOON)


def test_attempts_of_a_shared_identity_have_no_path_of_their_own() -> None:
    session = mixing()
    attempts = [session.open_attempt("", NOON) for _ in range(2)]
    assert {(attempt.recorder, attempt.path) for attempt in attempts} == {("mix", "")}


def test_another_sessions_task_is_no_stray_of_ours() -> None:
    session = mixing()
    opened(session, "ours")
    sight(session, "theirs")
    assert (session.strays, session.sightings) == ([], [])


def test_another_sessions_task_seen_while_ours_starts_is_no_stray_of_ours() -> None:
    session = mixing()
    attempt = session.open_attempt("", NOON)
    sight(session, "theirs")
    sight(session, "ours")
    segment = session.open_segment(Task(attempt=attempt, id="ours"), session.scene, NOON)
    assert segment.announced
    assert session.strays == []


def test_a_stray_takes_the_next_name_when_the_first_was_another_sessions() -> None:
    session = mixing()
    session.lose(session.open_attempt("", NOON), NOON)
    sight(session, "theirs")
    sight(session, "ours")
    [stray] = session.strays
    assert stray.task_id == "theirs"
    session.disown("theirs", NOON)
    assert stray.task_id == "ours"
    sight(session, "theirs", EventKind.ENDED)
    assert (stray.task_id, stray.end_heard) == ("ours", False)


def test_an_end_under_a_shared_identity_settles_no_stray_unasked() -> None:
    session = mixing()
    session.lose(session.open_attempt("", NOON), NOON)
    sight(session, "t9", EventKind.ENDED)
    [stray] = session.strays
    assert (stray.task_id, stray.stopped_at) == ("t9", None)


def test_what_events_alone_tell_of_data_is_believed_of_such_a_vendor_only() -> None:
    for session, had_data in ((mixing(), True), (new_session(), False)):
        segment = opened(session)
        session.hear(event(EventKind.FILES), NOON)
        assert segment.had_data is had_data


def test_data_that_was_told_before_the_tasks_id_is_known_counts() -> None:
    session = mixing()
    attempt = session.open_attempt("", NOON)
    sight(session, "ours")
    assert session.open_segment(Task(attempt=attempt, id="ours"), session.scene, NOON).had_data


def test_done_is_the_end_and_all_is_uploaded() -> None:
    session = new_session()
    segment = opened(session)
    assert session.hear(event(EventKind.DONE), NOON) is segment
    assert (segment.end_heard, segment.uploading) == (True, "uploaded")
    assert EventKind.DONE.hastens(TaskPhase.RUNNING)


# --- tasks that are nobody's here --------------------------------------------------------------


def test_a_stranger_is_told_once_and_only_while_its_task_may_run() -> None:
    session = new_session()
    opened(session)
    assert not session.is_stranger(event(EventKind.ENDED, id="e0", task_id="t9", recorder="77"))
    assert session.is_stranger(event(EventKind.STARTED, task_id="t9", recorder="77"))
    assert not session.is_stranger(event(EventKind.FILES, id="e2", task_id="t9", recorder="77"))


def test_what_is_ours_or_may_be_is_no_stranger() -> None:
    session = new_session()
    segment = opened(session)
    recorder = segment.task.attempt.recorder
    assert not session.is_stranger(event(EventKind.STARTED, task_id="t1"))
    assert not session.is_stranger(event(EventKind.STARTED, task_id="t2", recorder=recorder))
    assert not session.is_stranger(event(EventKind.STARTED, task_id="", recorder="77"))


def test_of_a_shared_identity_strangers_are_what_is_not_missed() -> None:
    session = mixing()
    attempt = session.open_attempt("", NOON)
    theirs = event(EventKind.MEDIA_FLOWING, task_id="theirs", recorder="mix")
    assert not session.is_stranger(theirs), "it may be the one that is being started"
    session.open_segment(Task(attempt=attempt, id="ours"), session.scene, NOON)
    assert session.is_stranger(theirs)
    session.lose(session.open_attempt("", NOON), NOON)
    later = event(EventKind.MEDIA_FLOWING, task_id="later", recorder="mix")
    assert session.could_be_of(later)
    session.disown("later", NOON)
    assert not session.could_be_of(later)


# --- what wants a person's eye -----------------------------------------------------------------


@pytest.mark.parametrize("kind", [EventKind.ERROR, EventKind.FAILOVER])
def test_a_vendors_complaint_wants_attention_while_its_task_lives(kind: EventKind) -> None:
    session = new_session()
    segment = opened(session)
    session.hear(event(kind, detail="too hot"), NOON)
    assert session.attention == {"vendor": "vendor: too hot"}
    session.attention.clear()
    segment.ended_at = NOON
    session.hear(event(kind, id="e2", detail="too late"), NOON)
    assert session.attention == {}


@pytest.mark.parametrize("kind", [EventKind.UPLOADED, EventKind.DONE])
def test_uploads_in_the_vendors_backup_want_attention_until_they_have_come(
    kind: EventKind,
) -> None:
    session = new_session()
    opened(session)
    session.hear(event(EventKind.BACKED_UP), NOON)
    assert list(session.attention) == ["uploads"]
    session.hear(event(kind, id="e2"), NOON)
    assert session.attention == {}


@pytest.mark.parametrize(("lasted", "expected"), [(1, False), (2, True), (600, True)])
def test_files_are_missed_only_of_a_task_that_had_time_to_make_one(
    lasted: int, *, expected: bool
) -> None:
    segment = opened(new_session())
    segment.observe(seen(TaskPhase.FLOWING), NOON)
    segment.stopping_at = segment.accepted_at + timedelta(seconds=lasted)
    segment.close(Stopped(), segment.stopping_at + 30 * SECOND, confirmed=True)
    assert segment.leaves_files is expected


def test_a_start_under_way_when_its_session_was_ended_becomes_a_stray() -> None:
    session = new_session()
    attempt = session.open_attempt("", NOON).model_copy(update={"resource": "r1"})
    session.opening = attempt
    session.abandon(NOON)
    session.abandon(NOON)
    assert [(stray.attempt.number, stray.resources) for stray in session.strays] == [(1, ["r1"])]


def test_where_a_second_start_ends_the_first_it_becomes_a_suspect_instead() -> None:
    session = replacing()
    session.opening = session.open_attempt("", NOON)
    recorder = session.opening.recorder
    session.abandon(NOON)
    assert (session.strays, session.suspects) == ([], [recorder])

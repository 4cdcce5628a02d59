"""Huawei's error codes: which call may answer with which, their status, and the answer's form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from longtake.emulator.exchange import Reply

START_ONE, SHOW_ONE, UPDATE_ONE, STOP_ONE = (
    "CreateIndividualStreamJob",
    "ShowIndividualStreamJob",
    "UpdateIndividualStreamJob",
    "StopIndividualStreamJob",
)
START_MIX, SHOW_MIX, UPDATE_MIX, STOP_MIX = (
    "CreateMixJob",
    "ShowMixJob",
    "UpdateMixJob",
    "StopMixJob",
)
ADD_RULE, LIST_RULES, SHOW_RULE, UPDATE_RULE, DELETE_RULE = (
    "CreateRecordRule",
    "ListRecordRules",
    "ShowRecordRule",
    "UpdateRecordRule",
    "DeleteRecordRule",
)
SET_CALLBACK, SHOW_CALLBACK = "UpdateRecordCallback", "ShowRecordCallback"
SET_AUTO, SHOW_AUTO = "UpdateAutoRecord", "ShowAutoRecord"
DISMISS, REMOVE_USERS = "RemoveRoom", "RemoveUsers"
ENABLE, DISABLE = "StartApp", "StopApp"
LIST_BUCKETS, LIST_OBJECTS, AUTHORISE = (
    "ListObsBuckets",
    "ListObsBucketObjects",
    "UpdateObsBucketAuthority",
)
LOG_IN = "KeystoneCreateUserTokenByPassword"

STARTS = frozenset({START_ONE, START_MIX})
JOB_CALLS = frozenset(
    {START_ONE, SHOW_ONE, UPDATE_ONE, STOP_ONE, START_MIX, SHOW_MIX, UPDATE_MIX, STOP_MIX}
)
ROOM_CALLS = frozenset({DISMISS, REMOVE_USERS})
BUCKET_CALLS = frozenset({LIST_BUCKETS, LIST_OBJECTS, AUTHORISE})

CALLS: Mapping[str, tuple[str, ...]] = {
    START_ONE: ("start",),
    SHOW_ONE: ("query",),
    UPDATE_ONE: (),
    STOP_ONE: ("stop",),
    START_MIX: ("start",),
    SHOW_MIX: ("query",),
    UPDATE_MIX: ("layout",),
    STOP_MIX: ("stop",),
    **dict.fromkeys((ADD_RULE, LIST_RULES, SHOW_RULE, UPDATE_RULE, DELETE_RULE), ()),
    **dict.fromkeys((SET_CALLBACK, SHOW_CALLBACK, SET_AUTO, SHOW_AUTO), ()),
    **dict.fromkeys((DISMISS, REMOVE_USERS, ENABLE, DISABLE), ()),
    **dict.fromkeys((LIST_BUCKETS, LIST_OBJECTS, AUTHORISE, LOG_IN), ()),
}
"""By the names of the vendor's SDK, with those that faults of any vendor have for them."""

UNAUTHORIZED = "RTC.00001001"
MALFORMED = "RTC.00001002"
INVALID = "RTC.00001003"
COMBINATION = "RTC.00001004"
MISSING = "RTC.00001005"
JOB_RUNNING = "RTC.00001006"
JOB_EXCEED = "RTC.00001007"
JOB_DONE = "RTC.00001009"
NO_SUCH_LAYOUT = "RTC.00001010"
RULE_IN_USE = "RTC.00001013"
APP_STOPPED = "RTC.00001016"
UNREACHABLE = "RTC.00001018"

WRONG_CALLER = "APIGW.0301"
NOT_ALLOWED = "APIGW.0302"
RENEW_TOKEN = "APIGW.0307"  # noqa: S105 - a code
NO_SUCH_API = "APIGW.0101"
TOO_LARGE = "APIGW.0201"
THROTTLED = "APIGW.0308"


@dataclass(frozen=True)
class Meaning:
    status: int
    text: str


_NAMES = {
    UNAUTHORIZED: "OperationUnauthorized",
    MALFORMED: "MalformedRequestBody",
    INVALID: "InvalidParameterValue",
    COMBINATION: "InvalidParameterCombination",
    MISSING: "MissingParameter",
    JOB_RUNNING: "JobRunning",
    JOB_EXCEED: "JobExceed",
    JOB_DONE: "JobDone",
    NO_SUCH_LAYOUT: "LayoutTemplateNotExist",
    "RTC.00001012": "UnsupportRegion",
    RULE_IN_USE: "RuleForbidenDelete",
    APP_STOPPED: "AppDeactivation",
    "RTC.00001017": "AppsExceed",
    UNREACHABLE: "CallbackUrlUnavailable",
    "RTC.00001019": "RecordRuleExist",
}
_AT_THE_GATE = {
    WRONG_CALLER: Meaning(401, "Incorrect IAM authentication information"),
    NOT_ALLOWED: Meaning(403, "The caller is not allowed"),
    RENEW_TOKEN: Meaning(401, "The token must be renewed"),
    NO_SUCH_API: Meaning(404, "The API does not exist"),
    TOO_LARGE: Meaning(413, "The request entity is too large"),
    THROTTLED: Meaning(429, "The throttling threshold has been reached"),
}
MEANINGS = {code: Meaning(400, name) for code, name in _NAMES.items()} | _AT_THE_GATE
_INTERNAL = re.compile(r"RTC\.00002[0-9]{3}")

_ANYWHERE = frozenset({UNAUTHORIZED, MALFORMED, INVALID, MISSING, *_AT_THE_GATE})
_OF_JOBS = frozenset({COMBINATION, JOB_RUNNING, JOB_EXCEED, NO_SUCH_LAYOUT, APP_STOPPED})
_OF_RULES = frozenset({COMBINATION, "RTC.00001012", "RTC.00001019"})
CODES: dict[str, frozenset[str]] = {call: _ANYWHERE for call in CALLS if call != LOG_IN} | {
    START_ONE: _ANYWHERE | _OF_JOBS,
    START_MIX: _ANYWHERE | _OF_JOBS,
    UPDATE_ONE: _ANYWHERE | {COMBINATION, JOB_DONE},
    UPDATE_MIX: _ANYWHERE | {COMBINATION, JOB_DONE, NO_SUCH_LAYOUT},
    STOP_ONE: _ANYWHERE | {JOB_DONE},
    STOP_MIX: _ANYWHERE | {JOB_DONE},
    ADD_RULE: _ANYWHERE | _OF_RULES,
    UPDATE_RULE: _ANYWHERE | _OF_RULES,
    DELETE_RULE: _ANYWHERE | {RULE_IN_USE},
    SET_CALLBACK: _ANYWHERE | {UNREACHABLE},
    SET_AUTO: _ANYWHERE | {COMBINATION},
    ENABLE: _ANYWHERE | {APP_STOPPED, "RTC.00001017"},
}
"""Besides the internal errors, ``RTC.00002nnn``, of every call. IAM has codes of its own."""

_NAMING_A_JOB = frozenset({SHOW_ONE, STOP_ONE, SHOW_MIX, STOP_MIX})


class Refusal(Exception):
    """A call refused with a code; the message never repeats a value of the request.

    status: if not the usual one of the code.
    """

    def __init__(self, code: str, message: str = "", status: int | None = None) -> None:
        super().__init__(code, message)
        self.code, self.message, self.status = code, message, status


def unknown(what: str) -> Refusal:
    """What the path names does not exist."""
    return Refusal(INVALID, f"{_NAMES[INVALID]}: no such {what}", 404)


def knows(call: str, code: str) -> bool:
    """Whether ``call`` (``*``: any) may answer ``code``; the gateway's are spelled in two ways."""
    plain = code.replace("APIG.", "APIGW.")
    tables = CODES.values() if call == "*" else [CODES.get(call, frozenset[str]())]
    internal = _INTERNAL.fullmatch(code) is not None and call in {"*", *CODES}
    return internal or any(plain in table for table in tables)


def answer(rng: Random, status: int, body: Any = None) -> Reply:
    return Reply(status, body, headers=_request_id(rng))


def failure(rng: Random, refusal: Refusal, *, gateway: str = "APIGW") -> Reply:
    """``gateway``: how the gateway spells its own codes."""
    meaning = MEANINGS.get(refusal.code, Meaning(500, "InternalError"))
    code = refusal.code.replace("APIGW", gateway)
    body = {"error_code": code, "error_msg": refusal.message or meaning.text}
    return Reply(refusal.status or meaning.status, body, code, _request_id(rng))


def as_documented(call: str, code: str) -> Refusal:
    """How ``call`` answers ``code``: what only names a job has nothing invalid but that name."""
    plain = code.replace("APIG.", "APIGW.")
    return Refusal(plain, status=404 if plain == INVALID and call in _NAMING_A_JOB else None)


def _request_id(rng: Random) -> dict[str, str]:
    return {"X-request-Id": f"{rng.getrandbits(128):032x}"}

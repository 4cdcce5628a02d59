"""The calls on all but jobs: rules, callbacks, automatic recording, rooms, buckets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from longtake.emulator.exchange import Reply
from longtake.emulator.settings import CallbackTarget
from longtake.emulator.world import World
from longtake.vendors.huawei.emulator.account import Account, Application, Call
from longtake.vendors.huawei.emulator.codes import (
    ADD_RULE,
    AUTHORISE,
    DELETE_RULE,
    DISABLE,
    DISMISS,
    ENABLE,
    INVALID,
    LIST_BUCKETS,
    LIST_OBJECTS,
    LIST_RULES,
    MISSING,
    REMOVE_USERS,
    SET_AUTO,
    SET_CALLBACK,
    SHOW_AUTO,
    SHOW_CALLBACK,
    SHOW_RULE,
    UNREACHABLE,
    UPDATE_RULE,
    Refusal,
    answer,
)
from longtake.vendors.huawei.emulator.jobs import Jobs
from longtake.vendors.huawei.emulator.naming import millisecond_stamp
from longtake.vendors.huawei.emulator.notices import FILE_COMPLETE, NEW_FILE, OVER
from longtake.vendors.huawei.emulator.rules import RecordRule
from longtake.vendors.huawei.emulator.wire import Model, Text, Wire, parse

_LOCATION = "cn-north-4"
_MOST_RULES = 100  # of one page

Event = Literal["RECORD_NEW_FILE_START", "RECORD_FILE_COMPLETE", "CLOUD_RECORD_SERVER_OVER"]
_EVENTS = (NEW_FILE, FILE_COMPLETE, OVER)


class CallbackRequest(Wire):
    """``notify_event_subscription`` is documented in answers, and in one example of a request."""

    url: Annotated[str, Field(pattern=r"(?i)^https?://[^/].*")]
    auth_key: Annotated[str, Field(pattern=r"^(.{32,64})?$")] = ""
    notify_event_subscription: list[Event] | None = None


class AutoRecordRequest(Wire):
    mode: Literal["AUTO_RECORD_OFF", "AUTO_INDIVIDUAL_RECORD"]
    record_rule_id: Text | None = None


class RemoveUsersRequest(Wire):
    user_ids: Annotated[list[Text], Field(min_length=1)]


class AuthorityRequest(Wire):
    """``operation``: 1 grants, 0 revokes."""

    bucket: Text
    operation: Annotated[int, Field(ge=0, le=1)]
    location: Text
    project_id: Text | None = None


class Desk:
    def __init__(self, world: World, account: Account, jobs: Jobs, *, strict: bool) -> None:
        self._world, self._account, self._jobs = world, account, jobs
        self._strict = strict
        self._handlers: dict[str, Callable[[Call], Reply]] = {
            ADD_RULE: self._add_rule,
            LIST_RULES: self._list_rules,
            SHOW_RULE: self._show_rule,
            UPDATE_RULE: self._update_rule,
            DELETE_RULE: self._delete_rule,
            SET_CALLBACK: self._set_callback,
            SHOW_CALLBACK: self._show_callback,
            SET_AUTO: self._set_auto,
            SHOW_AUTO: self._show_auto,
            DISMISS: self._dismiss,
            REMOVE_USERS: self._remove_users,
            ENABLE: self._switch,
            DISABLE: self._switch,
            LIST_BUCKETS: self._list_buckets,
            LIST_OBJECTS: self._list_objects,
            AUTHORISE: self._authorise,
        }

    def run(self, call: Call) -> Reply:
        """Do what the call asks.

        Raises:
            Refusal: it cannot be done.
        """
        return self._handlers[call.name](call)

    # -- rules -----------------------------------------------------------------------------------

    def _add_rule(self, call: Call) -> Reply:
        app = self._account.application(call)
        rule = self._parsed(RecordRule, call)
        entry, new = self._account.rulebook.put(app.app_id, rule)
        return self._answer(entry.told(), 201 if new else 200)

    def _list_rules(self, call: Call) -> Reply:
        app = self._account.application(call)
        page, size = _number(call, "offset", 0), _number(call, "limit", 10)
        if not 1 <= size <= _MOST_RULES:
            raise Refusal(INVALID, f"limit: 1 to {_MOST_RULES}")
        rules = self._account.rulebook.of(app.app_id)[page * size : (page + 1) * size]
        return self._answer({"rules": [entry.told() for entry in rules]})

    def _show_rule(self, call: Call) -> Reply:
        app = self._account.application(call)
        entry = self._account.rulebook.known(app.app_id, call.parts["rule_id"])
        return self._answer(entry.told())

    def _update_rule(self, call: Call) -> Reply:
        app = self._account.application(call)
        entry = self._account.rulebook.known(app.app_id, call.parts["rule_id"])
        self._account.rulebook.change(entry, self._parsed(RecordRule, call))
        return self._answer(entry.told())

    def _delete_rule(self, call: Call) -> Reply:
        app = self._account.application(call)
        entry = self._account.rulebook.known(app.app_id, call.parts["rule_id"])
        users = {job.rule_id for job in self._jobs.running(None)}
        users.add(app.auto_record.get("record_rule_id", ""))
        self._account.rulebook.delete(entry, used=entry.rule_id in users)
        return self._answer(None, 204)

    # -- settings of an application --------------------------------------------------------------

    def _set_callback(self, call: Call) -> Reply:
        app = self._account.application(call)
        wish = self._parsed(CallbackRequest, call)
        host = _host(wish.url)
        if not host or host.endswith(".invalid"):  # exists nowhere (RFC 2606); others are trusted
            raise Refusal(UNREACHABLE)
        events = wish.notify_event_subscription
        app.subscription = None if events is None else frozenset(events)
        app.callback = {
            "url": wish.url,
            "auth_key": wish.auth_key,
            "notify_event_subscription": list(_EVENTS if events is None else events),
            "update_time": self._now(),
        }
        target = CallbackTarget(url=wish.url, secret=wish.auth_key)
        self._world.callbacks.direct("huawei", target)
        return self._callback_of(app)

    def _show_callback(self, call: Call) -> Reply:
        return self._callback_of(self._account.application(call))

    def _callback_of(self, app: Application) -> Reply:
        told = {} if app.callback is None else {"record_callback": app.callback}
        return self._answer({"app_id": app.app_id, **told})

    def _set_auto(self, call: Call) -> Reply:
        """Stored only: nothing records by itself."""
        app = self._account.application(call)
        wish = self._parsed(AutoRecordRequest, call)
        if wish.mode == "AUTO_INDIVIDUAL_RECORD":
            if wish.record_rule_id is None:
                raise Refusal(MISSING, "record_rule_id: Field required")
            if self._account.rulebook.find(app.app_id, wish.record_rule_id) is None:
                raise Refusal(INVALID, "record_rule_id: no such rule")
        app.auto_record = {**wish.model_dump(exclude_none=True), "update_time": self._now()}
        return self._auto_of(app)

    def _show_auto(self, call: Call) -> Reply:
        return self._auto_of(self._account.application(call))

    def _auto_of(self, app: Application) -> Reply:
        return self._answer({"app_id": app.app_id, "auto_record_mode": app.auto_record})

    def _switch(self, call: Call) -> Reply:
        app = self._account.application(call)
        app.enabled = call.name == ENABLE
        state = "ACTIVATION" if app.enabled else "DEACTIVATION"
        told = {"app_id": app.app_id, "state": {"state": state, "update_time": self._now()}}
        return self._answer(told)

    # -- rooms -----------------------------------------------------------------------------------

    def _dismiss(self, call: Call) -> Reply:
        self._account.application(call)
        self._world.rooms.put("huawei", call.parts["room_id"], [])
        return self._answer(None, 202)

    def _remove_users(self, call: Call) -> Reply:
        self._account.application(call)
        gone = self._parsed(RemoveUsersRequest, call).user_ids
        room = call.parts["room_id"]
        stay = [p for p in self._world.rooms.people("huawei", room) if p.user not in gone]
        self._world.rooms.put("huawei", room, stay)
        return self._answer(None, 202)

    # -- buckets ---------------------------------------------------------------------------------

    def _list_buckets(self, _call: Call) -> Reply:
        buckets = self._account.buckets
        found = [
            {"bucket": name, "location": _LOCATION, "is_authorized": buckets.authorised(name)}
            for name in buckets.names
        ]
        return self._answer({"count": len(found), "buckets": found})

    def _list_objects(self, call: Call) -> Reply:
        bucket, kind = call.query.get("bucket", ""), call.query.get("type", "objects")
        prefix = call.query.get("prefix", "")
        if not bucket:
            raise Refusal(MISSING, "bucket: Field required")
        if kind not in {"folders", "objects"}:
            raise Refusal(INVALID, "type: folders or objects")
        found: list[dict[str, Any]] = [
            {
                "file_name": stored.name,
                "size": stored.size,
                "last_modified": millisecond_stamp(stored.modified_at),
            }
            for stored in self._account.buckets.objects(bucket, prefix)
        ]
        if kind == "folders":
            folders = self._account.buckets.folders(bucket, prefix)
            found = [{"file_name": name, "size": 0} for name in folders]
        return self._answer({"count": len(found), "objects": found})

    def _authorise(self, call: Call) -> Reply:
        """Jobs that run see it at their next upload."""
        wish = self._parsed(AuthorityRequest, call)
        self._account.buckets.authorise(wish.bucket, granted=wish.operation == 1)
        for job in self._jobs.running(None):
            if job.rule.obs_addr.bucket == wish.bucket:
                job.uploads.refused = wish.operation == 0
        return self._answer(None, 200)

    # -- what they have in common ----------------------------------------------------------------

    def _parsed(self, model: type[Model], call: Call) -> Model:
        return parse(model, call.body, strict=self._strict)

    def _answer(self, body: Any, status: int = 200) -> Reply:
        return answer(self._world.rng, status, body)

    def _now(self) -> str:
        return millisecond_stamp(self._world.clock.now())


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _number(call: Call, name: str, usual: int) -> int:
    text = call.query.get(name, str(usual))
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Refusal(INVALID, f"{name}: a number from 0")
    return int(text)

"""The recording rules of an account, and when a change to one is in force."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from longtake.emulator.world import World
from longtake.vendors.huawei.emulator.codes import RULE_IN_USE, Refusal, unknown
from longtake.vendors.huawei.emulator.credentials import bucket_of
from longtake.vendors.huawei.emulator.naming import millisecond_stamp
from longtake.vendors.huawei.emulator.options import HuaweiOptions
from longtake.vendors.huawei.emulator.rules import RecordRule, standing
from longtake.vendors.huawei.emulator.wire import parse


@dataclass
class Entry:
    """A rule and what it was before, each with the instant from which it is in force."""

    rule_id: str
    app: str
    created_at: datetime
    updated_at: datetime
    versions: list[tuple[datetime, RecordRule]] = field(
        default_factory=list[tuple[datetime, RecordRule]]
    )

    @property
    def latest(self) -> RecordRule:
        return self.versions[-1][1]

    def in_force(self, now: datetime) -> RecordRule:
        """What a job that starts ``now`` goes by."""
        return [rule for since, rule in self.versions if since <= now][-1]

    def told(self) -> dict[str, Any]:
        rule = self.latest.model_dump(exclude_none=True)
        times = {
            "create_time": millisecond_stamp(self.created_at),
            "update_time": millisecond_stamp(self.updated_at),
        }
        return {"rule_id": self.rule_id, "app_id": self.app, **rule, **times}


class Rulebook:
    """Rules by application and id. Those of ``standing`` are made when first asked for."""

    def __init__(self, world: World, options: HuaweiOptions) -> None:
        self._world, self._options = world, options
        self._entries: dict[tuple[str, str], Entry] = {}
        self._deleted: set[tuple[str, str]] = set()

    def of(self, app: str) -> list[Entry]:
        return [entry for (owner, _), entry in self._entries.items() if owner == app]

    def find(self, app: str, rule_id: str) -> Entry | None:
        bucket = bucket_of(rule_id)
        if bucket and (app, rule_id) not in self._entries.keys() | self._deleted:
            try:
                rule = parse(RecordRule, standing(bucket, self._options.project_id), strict=True)
            except Refusal:
                return None  # no name of a bucket
            self._add(app, rule_id, rule)
        return self._entries.get((app, rule_id))

    def known(self, app: str, rule_id: str) -> Entry:
        """
        Raises:
            Refusal: there is no such rule.
        """
        entry = self.find(app, rule_id)
        if entry is None:
            raise unknown("rule")
        return entry

    def put(self, app: str, rule: RecordRule) -> tuple[Entry, bool]:
        """Create, or replace the rule of the same location; whether it is new."""
        for entry in self.of(app):
            same_place = entry.latest.obs_addr.location == rule.obs_addr.location
            if same_place and bucket_of(entry.rule_id) is None:
                self.change(entry, rule)
                return entry, False
        return self._add(app, self._world.hex_id(24), rule), True

    def change(self, entry: Entry, rule: RecordRule) -> None:
        now = self._world.clock.now()
        entry.updated_at = now
        in_force = now + timedelta(seconds=self._options.timings.rule_change)
        entry.versions.append((in_force, rule))

    def delete(self, entry: Entry, *, used: bool) -> None:
        """
        Raises:
            Refusal: it is in use.
        """
        if used:
            raise Refusal(RULE_IN_USE)
        place = (entry.app, entry.rule_id)
        del self._entries[place]
        self._deleted.add(place)

    def _add(self, app: str, rule_id: str, rule: RecordRule) -> Entry:
        now = self._world.clock.now()
        entry = Entry(rule_id, app, now, now, [(now, rule)])
        self._entries[app, rule_id] = entry
        return entry

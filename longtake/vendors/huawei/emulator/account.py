"""What the emulated account holds besides jobs: applications, rules and buckets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from longtake.emulator.ledger import CallRecord
from longtake.emulator.world import World
from longtake.vendors.huawei.emulator.buckets import Buckets
from longtake.vendors.huawei.emulator.codes import unknown
from longtake.vendors.huawei.emulator.options import HuaweiOptions
from longtake.vendors.huawei.emulator.rulebook import Rulebook


@dataclass(frozen=True)
class Call:
    """A call as the gateway hands it on: its path's parts, its query, and its body as it came."""

    record: CallRecord
    parts: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.record.call


@dataclass
class Application:
    """``subscription``: the events that are sent; None is all. The rest as answers show it."""

    app_id: str
    enabled: bool = True
    callback: dict[str, Any] | None = None
    subscription: frozenset[str] | None = None
    auto_record: dict[str, Any] = field(
        default_factory=lambda: dict[str, Any](mode="AUTO_RECORD_OFF")
    )

    def subscribed(self, event: str) -> bool:
        return self.subscription is None or event in self.subscription


class Account:
    def __init__(self, world: World, options: HuaweiOptions) -> None:
        self.rulebook = Rulebook(world, options)
        self.buckets = Buckets(options.unauthorised)
        self._applications = {app: Application(app) for app in options.apps}

    def application(self, call: Call) -> Application:
        """The one that the path names.

        Raises:
            Refusal: there is no such application.
        """
        app = self._applications.get(call.parts["app_id"])
        if app is None:
            raise unknown("application")
        return app

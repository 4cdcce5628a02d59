"""What a vendor can do and how it behaves, as data: the session branches on these, never on
a vendor's name.
"""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Literal

from longtake.domain.errors import InvalidRequest
from longtake.domain.layout import CustomLayout, Layout, users_in
from longtake.domain.model import Kept
from longtake.domain.recording import Scene, Subscriptions


class RecorderIds(Kept):
    """How the identity of an attempt is written: a number in a range, or a short text.

    Or it is none: where a vendor takes no identity, it echoes what is recorded, which is the same
    for every attempt and every session that records it: `shared`, with `prefix` alone.
    """

    style: Literal["number", "text", "shared"]
    low: int = 1
    high: int = 2**32 - 1
    prefix: str = ""

    @property
    def shared(self) -> bool:
        """Whether a task that goes by this identity may be another session's."""
        return self.style == "shared"

    def identity(self, session_key: str, attempt: int) -> str:
        """The recorder's id of attempt `attempt`: the same wherever and whenever computed."""
        if self.shared:
            return self.prefix
        digest = hashlib.sha256(f"{session_key}#{attempt}".encode()).digest()
        if self.style == "text":
            return f"{self.prefix}{digest.hex()[:20]}"
        return str(self.low + int.from_bytes(digest[:8]) % (self.high - self.low + 1))


class Traits(Kept):
    """One vendor's behaviour for one request, worked out by the worker before anything is sent."""

    vendor: str
    recorder_ids: RecorderIds
    resource_window: timedelta | None = None
    """How long an acquired resource may be started; None where there is no acquire."""
    repeated_start: Literal["refused", "replaces", "duplicates"] = "refused"
    """What a second start of a recorder does: it is refused, or ends the first one's task, or
    makes another task beside it."""
    confirm_first: timedelta
    """When to ask first whether an accepted start came up."""
    confirm_every: timedelta
    confirm_within: timedelta
    """When an accepted start that is not up counts as dead."""
    missing_grace: timedelta
    """How long "unknown task" may mean that the task is moving to another server."""
    poll_every: timedelta
    files_within: timedelta
    """How long after the end files may still be on their way to storage."""
    uploads_within: timedelta = timedelta(0)
    """How long after the end an absent file proves nothing, unless the vendor has said before
    that its uploads are done; zero where its answer to a stop says so."""
    to_bucket: bool = True
    """Whether files go to the storage profile's bucket, where they can be checked."""
    task_life: timedelta | None = None
    """After this the vendor ends a task or stops taking calls for it; None: no such limit."""
    data_by_events: bool = False
    """Whether events alone tell that data flows, because no answer to a question does."""
    native_hold: bool = False
    """Whether a running task can be paused; else a pause ends one segment and begins another."""
    layouts: frozenset[str] = frozenset()
    max_panes: int = 0
    max_listed_users: int = 0
    """Of one subscription filter; 0 where subscriptions cannot be chosen."""
    instead_of_a_choice: str = ""
    """What the vendor offers to whom cannot choose subscriptions."""
    must_list_users: bool = False
    """Whether only users are recorded whom the request allows by name."""
    user_pattern: str = r".+"
    user_rule: str = "any text"

    def check(self, scene: Scene) -> None:
        """Refuse a scene that the vendor cannot show: InvalidRequest with the field's path."""
        if scene.layout is not None:
            self._check_layout(scene.layout)
        self._check_subscriptions(scene.subscriptions)

    def _check_layout(self, layout: Layout) -> None:
        if layout.kind not in self.layouts:
            offered = ", ".join(sorted(self.layouts)) or "no layout in this mode"
            raise InvalidRequest(f"layout.kind: {self.vendor} offers {offered}")
        if isinstance(layout, CustomLayout) and len(layout.panes) > self.max_panes:
            raise InvalidRequest(
                f"layout.panes: {self.vendor} shows at most {self.max_panes},"
                f" {len(layout.panes)} were given"
            )
        self._check_users("layout", users_in(layout))

    def _check_subscriptions(self, subscriptions: Subscriptions) -> None:
        filters = (subscriptions.audio, subscriptions.video)
        if self.must_list_users and not any(chosen and chosen.allow for chosen in filters):
            raise InvalidRequest(
                f"subscriptions: {self.vendor} records only users who are named:"
                " give audio.allow or video.allow"
            )
        for medium in ("audio", "video"):
            chosen = getattr(subscriptions, medium)
            if chosen is None:
                continue
            listed = chosen.allow or chosen.deny or ()
            if not self.max_listed_users:
                raise InvalidRequest(f"subscriptions.{medium}: {self.instead_of_a_choice}")
            if len(listed) > self.max_listed_users:
                raise InvalidRequest(
                    f"subscriptions.{medium}: {self.vendor} takes at most"
                    f" {self.max_listed_users} users, {len(listed)} were given"
                )
            self._check_users(f"subscriptions.{medium}", listed)

    def _check_users(self, path: str, users: tuple[str, ...]) -> None:
        for user in users:
            if not re.fullmatch(self.user_pattern, user, re.DOTALL):
                raise InvalidRequest(
                    f"{path}: a user of {self.vendor} is {self.user_rule}, not {user!r}"
                )

"""Asking a vendor that is full: one call now and then, for all sessions that wait."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta

from temporalio import activity

from longtake.domain.errors import QuotaExceeded

ASK_EVERY = timedelta(seconds=5)
"""Between two calls that ask whether there is a place by now."""


class Places:
    """What a process knows of accounts that have no place for one more recording.

    Nobody is turned away on another's word: a session's own first call always goes to the vendor.
    Of the repeated ones only one goes every `ASK_EVERY`, until a place is won or set free.
    """

    def __init__(self) -> None:
        self._ask_again: dict[str, datetime] = {}
        """Of each account that is full."""

    @contextmanager
    def asked(self, account: str) -> Generator[None]:
        """Around a call that needs a place; raises QuotaExceeded instead of a needless one."""
        info = activity.info()
        now = info.current_attempt_scheduled_time  # by Temporal's clock, as the retries are
        if account in self._ask_again and info.attempt > 1:
            if now < self._ask_again[account]:
                at = f"{self._ask_again[account]:%H:%M:%S} UTC"
                raise QuotaExceeded(f"the account is full; the vendor is asked again at {at}")
            self._ask_again[account] = now + ASK_EVERY
        try:
            yield
        except QuotaExceeded:
            self._ask_again[account] = now + ASK_EVERY
            raise

    def free(self, account: str) -> None:
        """A recording was started or ended."""
        self._ask_again.pop(account, None)

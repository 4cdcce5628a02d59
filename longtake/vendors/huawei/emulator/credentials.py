"""The fixed credentials of an emulated Huawei Cloud account. They open nothing anywhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from longtake.emulator.account import EmulatedAccount

APP_ID = "5fcdf5650a1b2c3d6f835d0d"
PROJECT_ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
ACCESS_KEY = "LONGTAKEEMULATORAK01"
SECRET_KEY = "longtakeEmulatorSecretKey0123456789abcde"  # noqa: S105 - published on purpose
CALLBACK_SECRET = "longtakeEmulatorRtcCallbackKey0123"  # noqa: S105 - published on purpose

DOMAIN = "longtake-emulator"
USER = "recorder"
PASSWORD = "longtake-emulator-password"  # noqa: S105 - published on purpose

_RULE = "longtake-"


def rule_id(bucket: str) -> str:
    """The rule that exists from the start for a bucket."""
    return f"{_RULE}{bucket}"


def bucket_of(rule: str) -> str | None:
    """The bucket of such a rule; None if the id is another's."""
    return rule.removeprefix(_RULE) if rule.startswith(_RULE) else None


def _request(mode: str, users: Sequence[str]) -> Mapping[str, Any]:
    """A job of one user names it; a mix whose layout may change draws every pane."""
    if mode == "individual":
        return {"subscriptions": {"audio": {"allow": list(users[:1])}}}
    return {"vendor_options": {"changeable_layout": True, "users": list(users)}}


ACCOUNT = EmulatedAccount(
    account={
        "app_id": APP_ID,
        "project_id": PROJECT_ID,
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "callback_secret": CALLBACK_SECRET,
        "uploads_within": 3,
    },
    request=_request,
    storage=lambda bucket: {
        "record_rule_id": rule_id(bucket),
        "prefix": "{app_id}/{record_format}/{stream}",
    },
    beside={"IAM domain": DOMAIN, "IAM user": USER, "IAM password": PASSWORD},
)

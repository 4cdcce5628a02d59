"""The fixed credentials of an emulated Alibaba Cloud account. They open nothing anywhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from longtake.emulator.account import EmulatedAccount

APP_ID = "7d1f0c52-3b9e-4c6a-8f21-90ab4e5d6c73"
ACCESS_KEY_ID = "LTAIlongtakeEmulator"
ACCESS_KEY_SECRET = "longtakeEmulatorAccessKeySecret"  # noqa: S105 - published on purpose
CALLBACK_SECRET = "longtakeArtcNotifyAuthKey"  # noqa: S105 - published on purpose

REGION = "cn-shanghai"


def _storage(bucket: str) -> dict[str, str]:
    """The service writes with a role of the account, so a bucket has no keys."""
    return {"endpoint": f"oss-{REGION}.aliyuncs.com", "bucket": bucket}


def _request(_mode: str, users: Sequence[str]) -> Mapping[str, Any]:
    """Nobody is recorded who is not named."""
    return {"subscriptions": {"audio": {"allow": list(users)}}}


ACCOUNT = EmulatedAccount(
    account={
        "app_id": APP_ID,
        "access_key_id": ACCESS_KEY_ID,
        "access_key_secret": ACCESS_KEY_SECRET,
        "callback_secret": CALLBACK_SECRET,
    },
    storage=_storage,
    callbacks_key="callback_url",
    request=_request,
)

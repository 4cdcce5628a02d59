"""The fixed credentials of an emulated Tencent Cloud account. They open nothing anywhere else."""

from __future__ import annotations

from longtake.emulator.account import EmulatedAccount

SDK_APP_ID = 1400700001
"""An application without advanced permission control: a UserSig is enough to enter a room."""

USER_SIG_KEY = "6d1f0a4be2c94d7fa83b5c0e97d24186fb35a1c27e894d60b2f8ce4731a95d0c"

SECURED_SDK_APP_ID = 1400700002
"""An application with advanced permission control: robots need a PrivateMapKey too."""

SECURED_USER_SIG_KEY = "b7e3920c5fd84a1693cb0e7d26f1a85407c6d9e3b1284fa09d5e7c8326fa41b0"

SECRET_ID = "longtake-emulator-id"  # noqa: S105 - published on purpose
SECRET_KEY = "longtake-emulator-key"  # noqa: S105 - published on purpose
CALLBACK_SECRET = "longtakeTrtcCallbackKey"  # noqa: S105 - published on purpose


def _storage(bucket: str) -> dict[str, str]:
    """Keys of any value are taken, unless the emulator was told a bucket's own."""
    return {
        "vendor": "cos",
        "region": "ap-shanghai",
        "bucket": bucket,
        "access_key": "any",
        "secret_key": "any",
    }


ACCOUNT = EmulatedAccount(
    account={
        "sdk_app_id": str(SDK_APP_ID),
        "secret_id": SECRET_ID,
        "secret_key": SECRET_KEY,
        "user_sig_key": USER_SIG_KEY,
        "callback_secret": CALLBACK_SECRET,
    },
    storage=_storage,
    beside={
        "sdk_app_id with advanced permission control": str(SECURED_SDK_APP_ID),
        "its user_sig_key": SECURED_USER_SIG_KEY,
    },
)

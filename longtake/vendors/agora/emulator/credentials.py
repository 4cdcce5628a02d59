"""The fixed credentials of an emulated Agora account. They open nothing anywhere else."""

from __future__ import annotations

from longtake.emulator.account import EmulatedAccount

APP_ID = "970CA35de60c44645bbae8a215061b33"
"""A project whose App Certificate is off: recordings need no token."""

SECURED_APP_ID = "5cfd2fd1755d40ecb72977518be15d30"
"""A project whose App Certificate is on: without a valid token no recorder comes up."""

SECURED_APP_CERTIFICATE = "8a4f0c6b2e1d47f59b3c7d80e6a2914f"

CUSTOMER_ID = "longtake-emulator"
CUSTOMER_SECRET = "longtake-emulator-secret"  # noqa: S105 - published on purpose
CALLBACK_SECRET = "longtake-ncs-secret"  # noqa: S105 - published on purpose


def _storage(bucket: str) -> dict[str, str]:
    """Keys of any value are taken, unless the emulator was told a bucket's own."""
    return {
        "vendor": "s3",
        "region": "us-east-1",
        "bucket": bucket,
        "access_key": "any",
        "secret_key": "any",
    }


ACCOUNT = EmulatedAccount(
    account={
        "app_id": APP_ID,
        "customer_id": CUSTOMER_ID,
        "customer_secret": CUSTOMER_SECRET,
        "callback_secret": CALLBACK_SECRET,
    },
    storage=_storage,
    beside={
        "app_id with a certificate": SECURED_APP_ID,
        "app_certificate": SECURED_APP_CERTIFICATE,
    },
)

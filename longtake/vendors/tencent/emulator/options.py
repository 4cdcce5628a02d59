"""What can be set about the emulated Tencent service; the defaults are its documentation."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from longtake.vendors.tencent.emulator import credentials

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class App(_Options):
    """An application: the key of its UserSigs.

    permission_control: advanced permission control is on, so robots need a PrivateMapKey.
    """

    user_sig_key: str
    permission_control: bool = False


class Caller(_Options):
    """Who signs requests; ``token``: the key pair is temporary and needs this X-TC-Token."""

    secret_key: str
    token: str | None = None


class Timings(_Options):
    """How long things take, in seconds of the emulator's clock.

    join: from the accepted create to the robot's entry, or to the news that it cannot enter.
    slice: length of a TS file. upload: from its end to its presence in the bucket.
    upload_patience: after leaving, when an upload that cannot succeed is given up.
    exiting: how long Describe shows ``Exited`` before the task is unknown.
    convert: from the last upload to the MP4 or AAC files. vod: from leaving to the files in VOD.
    """

    join: Positive = 0.3
    slice: Positive = 10.0
    upload: Positive = 1.0
    upload_patience: Positive = 10.0
    exiting: Positive = 2.0
    convert: Positive = 2.0
    vod: Positive = 5.0


class Limits(_Options):
    """Quotas; 0 lifts one.

    calls_per_second: of each action, over any window of one second. tasks: running at once.
    """

    calls_per_second: Count = 20
    tasks: Count = 100


class Regions(_Options):
    """Values of X-TC-Region; the defaults unite the international and the mainland pages."""

    create: frozenset[str] = frozenset(
        {"ap-beijing", "ap-guangzhou", "ap-shanghai", "ap-singapore"}
    )
    others: frozenset[str] = create | {"ap-mumbai"}


class BucketKeys(_Options):
    """``readable``: the keys may also read, without which no MP4 can be made."""

    access_key: str
    secret_key: str
    readable: bool = True


class TencentOptions(_Options):
    """The emulated account.

    callers: secret id to key. buckets: keys that a bucket insists on; one not named takes any.
    numbers_as_text: callbacks carry EventTs and a numeric RoomId as text, as seen in production.
    extinf_comma: playlists end EXTINF in a comma, as in production; the documentation has none.
    null_file_list: Describe tells an empty StorageFileList as null.
    """

    apps: dict[int, App] = {
        credentials.SDK_APP_ID: App(user_sig_key=credentials.USER_SIG_KEY),
        credentials.SECURED_SDK_APP_ID: App(
            user_sig_key=credentials.SECURED_USER_SIG_KEY, permission_control=True
        ),
    }
    callers: dict[str, Caller] = {credentials.SECRET_ID: Caller(secret_key=credentials.SECRET_KEY)}
    callback_secret: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,32}$")] = (
        credentials.CALLBACK_SECRET
    )
    timings: Timings = Timings()
    limits: Limits = Limits()
    regions: Regions = Regions()
    buckets: dict[str, BucketKeys] = {}
    numbers_as_text: bool = False
    extinf_comma: bool = False
    null_file_list: bool = False

"""What can be set about the emulated Agora service; the defaults are its documentation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from longtake.vendors.agora.emulator import credentials

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class App(_Options):
    """A project of the account.

    certificate: when set, recorders need a token signed with it.
    state: ``not_enabled`` refuses acquire with code 400, ``inactive`` with code 405.
    """

    certificate: str | None = None
    state: Literal["active", "inactive", "not_enabled"] = "active"


class Timings(_Options):
    """How long things take, in seconds of the emulator's clock.

    initialised, components_starting, uploader_up, recorder_up: after the start was accepted, when
    the status becomes 1, 2, 3 and 4.
    failure: when a recorder that cannot come up is found dead (event 1, then 404).
    slice: length of a slice. upload: from the end of a slice to its presence in the bucket.
    progress: between two events 33.
    sync_stop: how long a synchronous stop waits for the uploads before code 50.
    stopped, exited, exiting: after the uploads, how long a query shows 7, then 8, then code 501,
    before the task is unknown (404).
    abnormal: how long status 20 shows after an abnormal exit, before the task is unknown.
    upload_patience: after leaving, when an upload that cannot succeed is given up.
    resource_window: from acquire, within which start must come.
    mp4_rollover: after which a mix recording begins a new MP4.
    """

    initialised: Positive = 0.2
    components_starting: Positive = 0.4
    uploader_up: Positive = 1.0
    recorder_up: Positive = 2.0
    failure: Positive = 3.0
    slice: Positive = 15.0
    upload: Positive = 1.0
    progress: Positive = 60.0
    sync_stop: Positive = 20.0
    stopped: Positive = 1.0
    exited: Positive = 1.0
    exiting: Positive = 1.0
    abnormal: Positive = 2.0
    upload_patience: Positive = 60.0
    resource_window: Positive = 300.0
    mp4_rollover: Positive = 7200.0


class Limits(_Options):
    """Quotas; 0 lifts one.

    calls_per_second: of the account, over any window of one second.
    channel_tasks, web_tasks: running at once, channel recordings and web page recordings.
    """

    calls_per_second: Count = 10
    channel_tasks: Count = 50
    web_tasks: Count = 200


class BucketKeys(_Options):
    access_key: str
    secret_key: str


class AgoraOptions(_Options):
    """The emulated account.

    customers: customer id to customer secret.
    buckets: keys that a bucket insists on; a bucket not named here takes any.
    running_reply_has_sid: whether the answer 201 / code 7 to a repeated start tells the sid, which
    the references leave open.
    answers_as_text: whether numbers and booleans in ``serverResponse`` are text, as in the older
    Chinese reference.
    """

    apps: dict[str, App] = {
        credentials.APP_ID: App(),
        credentials.SECURED_APP_ID: App(certificate=credentials.SECURED_APP_CERTIFICATE),
    }
    customers: dict[str, str] = {credentials.CUSTOMER_ID: credentials.CUSTOMER_SECRET}
    callback_secret: str = credentials.CALLBACK_SECRET
    timings: Timings = Timings()
    limits: Limits = Limits()
    buckets: dict[str, BucketKeys] = {}
    running_reply_has_sid: bool = False
    answers_as_text: bool = False

"""What can be set about the emulated Huawei service; the defaults are its documentation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from longtake.vendors.huawei.emulator import credentials

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Caller(_Options):
    """Who signs requests; ``token``: the pair is temporary, and needs this X-Security-Token."""

    secret_key: str
    token: str | None = None


class IamUser(_Options):
    """Who may ask IAM for a token."""

    domain: str = credentials.DOMAIN
    name: str = credentials.USER
    password: str = credentials.PASSWORD


class Timings(_Options):
    """How long things take, in seconds of the emulator's clock.

    slice: length of a slice; None: as the rule says.
    join: from an accepted start to RUNNING. upload: from a slice's end to its presence in the
    bucket. upload_patience: after the end, when an upload that cannot succeed is given up.
    retention: how long an ended job is known. rule_change: until a changed rule is in force.
    token: life of an IAM token. lock: how long failures lock an access key.
    """

    slice: Positive | None = None
    join: Positive = 0.5
    upload: Positive = 1.0
    upload_patience: Positive = 10.0
    retention: Positive = 86_400.0
    rule_change: Positive = 300.0
    token: Positive = 86_400.0
    lock: Positive = 300.0


class Limits(_Options):
    """Quotas; 0 lifts one.

    calls_per_second: all calls on jobs. settings_per_minute: rules, callback, automatic recording,
    applications. rooms_per_minute, buckets_per_second: calls on those. jobs: running at once; no
    number is documented. failures: consecutive ones that an access key survives.
    """

    calls_per_second: Count = 10
    settings_per_minute: Count = 60
    rooms_per_minute: Count = 60
    buckets_per_second: Count = 2
    jobs: Count = 0
    failures: Count = 5


class HuaweiOptions(_Options):
    """The emulated account, and the sides of what is documented in two ways or not at all.

    callers: access key to secret. unauthorised: buckets that the service may not write to until it
    is granted. repeated_start: of what is being recorded already, ``refuse`` or ``duplicate``.
    stop_of_ended: ``done`` (JobDone) or ``unknown`` (404). camera_by_default: no video_type means
    the camera, else no video. numeric_ids: ids may come as numbers. numeric_job_ids: those of jobs
    are told as numbers. sparse_start: the answer to a start lacks what the specification's example
    lacks. over_event: its spelling. obs_location_url: callbacks give a URL for the location.
    timestamp_milliseconds: of callbacks. gateway: how the gateway spells its codes.
    """

    apps: frozenset[str] = frozenset({credentials.APP_ID})
    project_id: str = credentials.PROJECT_ID
    callers: dict[str, Caller] = {credentials.ACCESS_KEY: Caller(secret_key=credentials.SECRET_KEY)}
    iam: IamUser = IamUser()
    callback_secret: Annotated[str, Field(min_length=32, max_length=64)] = (
        credentials.CALLBACK_SECRET
    )
    timings: Timings = Timings()
    limits: Limits = Limits()
    unauthorised: frozenset[str] = frozenset()
    repeated_start: Literal["refuse", "duplicate"] = "refuse"
    stop_of_ended: Literal["done", "unknown"] = "done"
    camera_by_default: bool = True
    numeric_ids: bool = True
    numeric_job_ids: bool = False
    sparse_start: bool = False
    over_event: Literal["CLOUD_RECORD_SERVER_OVER", "CLOUD_RECORD_OVER"] = (
        "CLOUD_RECORD_SERVER_OVER"
    )
    obs_location_url: bool = False
    timestamp_milliseconds: bool = False
    gateway: Literal["APIGW", "APIG"] = "APIGW"

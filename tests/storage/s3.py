"""A real S3 server on a socket: moto, which checks signatures once a user is made."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from longtake.processes import ChildProcess
from longtake.storage.bucket import Bucket, open_store
from longtake.storage.profile import StorageProfile
from tests.house import pauses

REGION = "us-east-1"
BEFORE_KEYS_COUNT = 3
"""Calls of IAM that make the user; from then on every call is checked."""
ALLOWED = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


@dataclass(frozen=True)
class S3:
    """Where it listens, and the keys that it takes."""

    endpoint: str
    key_id: str
    secret: str

    def profile(self, bucket: str, **options: str) -> StorageProfile:
        """A storage profile; `options` replaces some of its own."""
        own = {
            "endpoint": self.endpoint,
            "region": REGION,
            "access_key_id": self.key_id,
            "secret_access_key": self.secret,
        }
        return StorageProfile("meetings", f"s3://{bucket}", own | options)

    async def bucket(self, name: str) -> Bucket:
        """A new, empty bucket."""
        client = _client("s3", self.endpoint, self.key_id, self.secret)
        await asyncio.to_thread(client.create_bucket, Bucket=name)
        return open_store(self.profile(name))


@asynccontextmanager
async def serving(folder: Path) -> AsyncGenerator[S3]:
    """The server as a process of its own: its warnings are its own affair, too."""
    log = folder / "moto.log"
    server = await ChildProcess.start(
        *(sys.executable, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"),
        log=log,
        env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(BEFORE_KEYS_COUNT)},
        cwd=folder,
    )
    try:
        endpoint = await _endpoint(log)
        yield await asyncio.to_thread(_with_keys, endpoint)
    finally:
        await server.stop()


async def _endpoint(log: Path) -> str:
    async for _ in pauses():
        if found := re.search(r"Running on (\S+)", await asyncio.to_thread(log.read_text)):
            return found[1]
    raise AssertionError("the server does not say where it listens")


def _with_keys(endpoint: str) -> S3:
    iam = _client("iam", endpoint, "nobody", "yet")
    iam.create_user(UserName="longtake")
    keys = iam.create_access_key(UserName="longtake")["AccessKey"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [ALLOWED]})
    iam.put_user_policy(UserName="longtake", PolicyName="all", PolicyDocument=policy)
    return S3(endpoint, keys["AccessKeyId"], keys["SecretAccessKey"])


def _client(service: str, endpoint: str, key_id: str, secret: str) -> Any:
    return boto3.client(  # pyright: ignore[reportUnknownMemberType] - it has no types
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
    )

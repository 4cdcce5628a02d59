"""``POST /v3/auth/tokens``: IAM, which gives tokens for a password."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from longtake.emulator.exchange import Reply
from longtake.vendors.huawei.emulator.access import Doorkeeper
from longtake.vendors.huawei.emulator.options import IamUser


class _Model(BaseModel):
    model_config = ConfigDict(strict=True)


class _Named(_Model):
    name: str


class _User(_Model):
    name: str
    password: str
    domain: _Named


class _Password(_Model):
    user: _User


class _Identity(_Model):
    methods: Annotated[list[Literal["password"]], Field(min_length=1)]
    password: _Password


class _Scope(_Model):
    domain: _Named | None = None
    project: _Named | None = None


class _Auth(_Model):
    identity: _Identity
    scope: _Scope | None = None


class _LogIn(_Model):
    auth: _Auth


def log_in(doorkeeper: Doorkeeper, known: IamUser, document: Any) -> Reply:
    """201 with the token in a header; 400 for a wrong form, 401 for wrong credentials."""
    try:
        auth = _LogIn.model_validate(document).auth
    except ValidationError:
        return _failure(400, "Bad Request", "The request body is not a password login.")
    scope = auth.scope or _Scope()
    if not _is(known, auth.identity.password.user, scope):
        return _failure(401, "Unauthorized", "The username or password is wrong.")
    text, token = doorkeeper.issue(scoped=bool(scope.domain or scope.project))
    told: Mapping[str, Any] = {
        "methods": ["password"],
        "issued_at": f"{token.issued_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "expires_at": f"{token.expires_at:%Y-%m-%dT%H:%M:%S.%fZ}",
    }
    return Reply(201, {"token": told}, headers={"X-Subject-Token": text})


def _is(known: IamUser, user: _User, scope: _Scope) -> bool:
    pairs = [
        (user.name, known.name),
        (user.domain.name, known.domain),
        (user.password, known.password),
        ((scope.domain or user.domain).name, known.domain),
    ]
    fits = [
        hmac.compare_digest(given.encode(errors="replace"), own.encode()) for given, own in pairs
    ]
    return all(fits)


def _failure(status: int, title: str, message: str) -> Reply:
    return Reply(status, {"error": {"code": status, "message": message, "title": title}}, status)

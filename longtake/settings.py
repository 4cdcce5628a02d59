"""The settings: one TOML file, checked whole before anything runs.

Secrets are written by reference: `env:NAME` is a variable's value, `file:PATH` a file's content.
The environment is an argument; only composition roots read the process's own.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast
from urllib.parse import unquote

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)
from temporalio.envconfig import ClientConnectConfig

from longtake import __version__
from longtake.domain.errors import NotConfigured
from longtake.domain.recording import Name
from longtake.storage.profile import StorageProfile
from longtake.temporal.connection import Connection, profile_of
from longtake.temporal.settings import (
    Address,
    CodecServerSettings,
    TemporalSettings,
    connection_of,
)
from longtake.temporal.settings import SettingsTable as _Table
from longtake.vendorkit.spec import AccountSettings, VendorSpec
from longtake.vendors import REGISTRY, vendor

DEFAULT_PATH = Path("longtake.toml")

RESERVED_ACCOUNT = "media"
"""Task queues end in their account's name; the files' queue ends in this."""

_ENV = re.compile(r"env:(.+)")
_FILE = re.compile(r"file:(?!//)(.+)")  # file://... is a storage's url
_REFERRING = {"temporal", "codec_server", "worker"}
"""Tables in which references count, beside accounts and storages."""
_BY_REFERENCE = {("temporal", "api_key"), ("temporal", "tls_key"), ("codec_server", "token")}
_KEYS = ("temporal", "codec", "keys")
"""What opens everything must not stand in the file itself."""
_NAME = TypeAdapter[str](Name)
_ModelT = TypeVar("_ModelT", bound=BaseModel)
_FoundT = TypeVar("_FoundT")


def _as_text(value: object) -> object:
    """TOML's `true` and `5` as obstore reads them."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value


class SettingsError(Exception):
    """The settings cannot be used; `problems` are lines of `file: key: what is wrong`.

    No line holds a value of the file: any of them may be a secret.
    """

    def __init__(self, problems: list[str]) -> None:
        """At least one problem."""
        super().__init__("\n".join(problems))
        self.problems = problems


class WorkerSettings(_Table):
    """`[worker]`."""

    max_cached_workflows: int = Field(default=5000, ge=1)
    """At least the number of open sessions: one that is not cached is replayed at each event."""
    metrics_address: Address | None = None
    """Where Prometheus may read; None: nowhere."""
    graceful_shutdown_seconds: float = Field(default=10, ge=0)
    """How long a call to a vendor may still take once the worker is told to stop."""
    sweep_seconds: float = Field(default=300, ge=0)
    """Between two looks for recordings that no session looks after; 0: there are none."""
    deployment: Annotated[str, Field(pattern=r"^[^.:\s]+$")] | None = None
    """The worker deployment by which Temporal knows these workers' versions; None: it knows none.
    """
    build_id: Annotated[str, Field(pattern=r"^[^:\s]+$")] = __version__
    """The version of this worker within its deployment."""


class CallbackSettings(_Table):
    """`[callbacks]`: the receiver of the vendors' events."""

    host: str = "127.0.0.1"
    port: int = Field(default=8380, ge=0, le=65535)
    public_url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    """What the vendors call, when a proxy stands before the receiver."""
    max_body_bytes: int = Field(default=1_048_576, ge=1)


class _File(_Table):
    temporal: TemporalSettings = TemporalSettings()
    worker: WorkerSettings = WorkerSettings()
    callbacks: CallbackSettings = CallbackSettings()
    codec_server: CodecServerSettings | None = None
    accounts: dict[str, dict[str, Any]] = {}
    storage: dict[str, dict[str, Any]] = {}


class _AccountHead(BaseModel):
    model_config = ConfigDict(extra="ignore")

    vendor: str


class _StorageHead(_Table):
    url: str = ""
    options: dict[str, Annotated[str, BeforeValidator(_as_text)]] = {}


@dataclass(frozen=True)
class Account:
    """One account at one vendor, as `[accounts.NAME]` describes it."""

    vendor: VendorSpec[Any, Any]
    settings: AccountSettings
    """An instance of `vendor.account`."""


@dataclass(frozen=True)
class Storage:
    """One bucket: how we read it, and what each vendor is told of it."""

    profile: StorageProfile
    vendors: Mapping[str, BaseModel]
    """By the vendor's slug, instances of its `VendorSpec.storage`."""


@dataclass(frozen=True)
class Settings:
    """What `load` gives. Secrets print as asterisks wherever this is printed."""

    temporal: TemporalSettings
    worker: WorkerSettings
    callbacks: CallbackSettings
    accounts: Mapping[str, Account]
    storages: Mapping[str, Storage]
    connection: Connection
    """`temporal` and what Temporal's own configuration adds to it."""
    codec_server: CodecServerSettings | None = None
    sources: frozenset[Path] = field(default=frozenset(), compare=False)
    """The files that were read."""

    def account(self, name: str) -> tuple[VendorSpec[Any, Any], AccountSettings]:
        """The vendor and its account settings; NotConfigured lists the names there are."""
        found = _named("account", name, self.accounts)
        return found.vendor, found.settings

    def storage(self, name: str) -> StorageProfile:
        """How to read the bucket; NotConfigured lists the names there are."""
        return _named("storage", name, self.storages).profile

    def storage_at(self, slug: str) -> dict[str, BaseModel]:
        """What a vendor is told of each bucket, by storage name; those it knows nothing of lack."""
        return {
            name: storage.vendors[slug]
            for name, storage in self.storages.items()
            if slug in storage.vendors
        }


def _named(kind: str, name: str, there: Mapping[str, _FoundT]) -> _FoundT:
    if name not in there:
        raise NotConfigured(f"{kind}: unknown {name!r}; there are {', '.join(there) or 'none'}")
    return there[name]


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read and check the whole file; SettingsError names every problem found."""
    reader = _Reader(path, environ)
    tables = reader.tables()
    accounts = {name: reader.account(name, given) for name, given in tables.accounts.items()}
    storages = {name: reader.storage(name, given) for name, given in tables.storage.items()}
    connection = reader.connection(tables.temporal)
    reader.raise_problems()
    where = {"address": connection.address, "namespace": connection.namespace}
    return Settings(
        temporal=tables.temporal.model_copy(update=where),
        worker=tables.worker,
        callbacks=tables.callbacks,
        accounts={name: found for name, found in accounts.items() if found},
        storages={name: found for name, found in storages.items() if found},
        connection=connection,
        codec_server=tables.codec_server,
        sources=frozenset(reader.sources),
    )


class _Reader:
    """Collects what is wrong, so that one run shows all of it."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self._path = path
        self._environ = environ
        self._problems: dict[tuple[str, ...], str] = {}
        self.sources = {path}

    def raise_problems(self) -> None:
        """SettingsError, if anything was noted."""
        if self._problems:
            raise self._error()

    def tables(self) -> _File:
        """The file by table, before any account or bucket is looked into."""
        try:
            given = tomllib.loads(self._path.read_text(encoding="utf-8"))
        except OSError as err:
            self._problem((), err.strerror or "cannot be read")
        except UnicodeDecodeError:
            self._problem((), "is not UTF-8")
        except tomllib.TOMLDecodeError as err:
            self._problem((), str(err))
        else:
            for name in _REFERRING & given.keys():
                given[name] = self._resolved(given[name], (name,))
            tables = self._checked(_File, given, ())
            if tables is not None:
                return tables
        raise self._error()

    def connection(self, given: TemporalSettings) -> Connection:
        """`[temporal]` over Temporal's own configuration; what is said here wins."""
        return connection_of(given, self._profile(given))

    def _profile(self, given: TemporalSettings) -> ClientConnectConfig:
        file = given.config_file and self._path.parent / given.config_file
        if file is not None:
            self.sources.add(file)
        try:
            if file is not None and not file.is_file():  # the loader would pass it over
                raise FileNotFoundError(2, "No such file", str(file))
            return profile_of(given.profile, file, self._environ)
        except OSError as err:
            self._problem(("temporal", "profile"), f"the file {err.filename}: {err.strerror}")
        except RuntimeError as err:
            # The lines below the first one quote the file.
            self._problem(("temporal", "profile"), str(err).partition("\n")[0])
        return {}

    def account(self, name: str, given: dict[str, Any]) -> Account | None:
        """`[accounts.NAME]`; None when a problem was noted."""
        where = ("accounts", name)
        self._check_name(where, name)
        if name == RESERVED_ACCOUNT:
            self._problem(where, f"{name!r} is the name of the files' own queue: choose another")
        head = self._checked(_AccountHead, given, where)
        if head is None:
            return None
        try:
            spec = vendor(head.vendor)
        except NotConfigured:
            self._problem((*where, "vendor"), f"unknown; there are {', '.join(REGISTRY)}")
            return None
        keys = {key: value for key, value in given.items() if key != "vendor"}
        settings = self._checked(spec.account, self._resolved(keys, where), where)
        return settings and Account(spec, settings)

    def storage(self, name: str, given: dict[str, Any]) -> Storage | None:
        """`[storage.NAME]`; None when a problem was noted."""
        where = ("storage", name)
        self._check_name(where, name)
        told = {slug: given[slug] for slug in REGISTRY if slug in given}
        own = {key: value for key, value in given.items() if key not in told}
        head = self._checked(_StorageHead, self._resolved(own, where), where)
        vendors = {
            slug: self._checked(vendor(slug).storage, self._resolved(keys, at), at)
            for slug, keys in told.items()
            for at in [(*where, slug)]
        }
        if head is None:
            return None
        return Storage(
            StorageProfile(name, self._absolute(head.url), head.options),
            {slug: settings for slug, settings in vendors.items() if settings},
        )

    def _check_name(self, where: tuple[str, ...], name: str) -> None:
        try:
            _NAME.validate_python(name)
        except ValidationError:
            self._problem(where, "a name is letters, digits, '.', '_' and '-', at most 63")

    def _checked(
        self, model: type[_ModelT], given: object, where: tuple[str, ...]
    ) -> _ModelT | None:
        try:
            return model.model_validate(given)
        except ValidationError as err:
            for entry in err.errors(include_url=False, include_input=False, include_context=False):
                unknown = entry["type"] == "extra_forbidden"
                text = "unknown key" if unknown else entry["msg"].removeprefix("Value error, ")
                self._problem((*where, *map(str, entry["loc"])), text)
        return None

    def _resolved(self, value: object, where: tuple[str, ...]) -> Any:
        """The value with every reference in it replaced by what it refers to."""
        if isinstance(value, dict):
            table = cast("dict[str, object]", value)
            return {key: self._resolved(item, (*where, key)) for key, item in table.items()}
        if isinstance(value, list):
            items = cast("list[object]", value)
            return [self._resolved(item, (*where, str(at))) for at, item in enumerate(items)]
        if isinstance(value, str):
            return self._looked_up(value, where)
        return value

    def _looked_up(self, text: str, where: tuple[str, ...]) -> str:
        if named := _ENV.fullmatch(text):
            value = self._environ.get(named[1], "")
            if not value:
                self._problem(where, f"the environment variable {named[1]} is not set or empty")
            return value
        if named := _FILE.fullmatch(text):
            return self._content(self._path.parent / named[1], where)
        if where[:3] == _KEYS or where in _BY_REFERENCE:
            self._problem(where, "must be a reference: env:NAME or file:PATH")
        return text

    def _content(self, path: Path, where: tuple[str, ...]) -> str:
        self.sources.add(path)
        try:
            # Editors and secret stores end a file with a line's end; no secret does.
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as err:
            why = err.strerror if isinstance(err, OSError) else "is not UTF-8"
            self._problem(where, f"the file {path}: {why}")
            return ""

    def _absolute(self, url: str) -> str:
        """A `file://` url whose path does not begin with a slash is below the settings' folder."""
        scheme, _, path = url.partition("://")
        if scheme != "file" or path.startswith("/"):
            return url
        return (self._path.parent / unquote(path)).resolve().as_uri()

    def _problem(self, where: tuple[str, ...], text: str) -> None:
        # The first one at a key is the cause: an unset variable also makes an invalid value.
        self._problems.setdefault(where, text)

    def _error(self) -> SettingsError:
        return SettingsError(
            [
                ": ".join(filter(None, [str(self._path), ".".join(where), text]))
                for where, text in self._problems.items()
            ]
        )

"""Programs that pip does not install: without one its tests are skipped, and in CI they fail."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
"""Where servers are, for users as well."""


def needed(*programs: str) -> str:
    """The first of these that is there."""
    found = next(filter(None, (shutil.which(name, path=PATH) for name in programs)), None)
    if found is None:
        missing(f"needs {' or '.join(programs)} on PATH")
    return found


def missing(reason: str) -> NoReturn:
    """Skip; fail where LONGTAKE_REQUIRE=all says that everything is to be run."""
    if os.environ.get("LONGTAKE_REQUIRE") == "all":
        pytest.fail(reason)
    pytest.skip(reason)

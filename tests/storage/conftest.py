from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.storage.s3 import S3, serving


@pytest.fixture(scope="session")
async def s3(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[S3]:
    async with serving(tmp_path_factory.mktemp("s3")) as server:
        yield server

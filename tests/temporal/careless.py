"""A workflow that forgot to pass an import through; for the runner's test."""

from __future__ import annotations

import idna
from temporalio import workflow


@workflow.defn
class Careless:
    @workflow.run
    async def run(self) -> str:
        return idna.__version__

"""The control surface of an emulator that runs as a process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from longtake.cli.exits import Code, Exit


class Emulator:
    """Asks and orders by `/_emulator`; Exit when the emulator refuses."""

    def __init__(self, http: httpx.AsyncClient, url: str, vendor: str) -> None:
        """`url`: the emulator's base; `vendor`: whose rooms and faults are meant."""
        self._http, self._url, self._vendor = http, url, vendor

    async def fill(self, room: str, people: Mapping[str, str]) -> None:
        """Put these, and nobody else, into a room: user to name, camera and microphone on."""
        inside = [{"user": user, "name": name} for user, name in people.items()]
        await self._call("PUT", f"rooms/{self._vendor}/{room}", {"participants": inside})

    async def arm(self, fault: Mapping[str, Any]) -> dict[str, Any]:
        """Lay a fault in wait; gives the rule as the emulator has it, `hits` included."""
        return await self._call("POST", "faults", {"vendor": self._vendor, **fault})

    async def faults(self) -> list[dict[str, Any]]:
        """Every rule, with how often it struck."""
        return (await self._call("GET", "faults"))["faults"]

    async def ledger(self) -> dict[str, list[dict[str, Any]]]:
        """Every task and every call there ever was."""
        return await self._call("GET", "ledger")

    async def advance(self, seconds: float) -> None:
        """Move the emulator's clock."""
        await self._call("POST", "clock", {"advance": seconds})

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        reply = await self._http.request(method, f"{self._url}/_emulator/{path}", json=body)
        if reply.is_error:
            raise Exit(Code.FAILED, f"the emulator refuses {method} {path}: {reply.text}")
        return reply.json()

"""The sandbox as one application: the pages, the platform behind its tap, and the world that both stand on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from anyio import to_thread
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from gongji.entrances.app import build_app
from gongji.entrances.demo.identity import BASE as IDENTITY
from gongji.entrances.demo.identity import Account, DemoIdentity
from gongji.entrances.demo.people import officers
from gongji.entrances.national.gateway import NationalGateway
from gongji.entrances.national.mobile_door import MobileDoor
from gongji.entrances.platform import Platform
from gongji.entrances.sandbox.clock import SandboxClock, SignatureClock
from gongji.entrances.sandbox.conformance.director import Director
from gongji.entrances.sandbox.failures import Failures
from gongji.entrances.sandbox.passing import Passed, let_pass
from gongji.entrances.sandbox.people import PEOPLE
from gongji.entrances.sandbox.record import MessageLog
from gongji.entrances.sandbox.tap import Tap
from gongji.entrances.sandbox.world_database import WorldDatabase
from gongji.foundation.database import AWAY
from gongji.foundation.settings import Settings

log = structlog.get_logger()

#: How often what is due is done while the clock runs, in seconds.
_TICK: Final = 30.0

#: How long a reset waits for messages that are being answered; an endless one is cut off.
_PATIENCE: Final = 10.0

_BUSY: Final = "The sandbox is being reset. 沙箱正在重置，请稍候。\n"


@dataclass
class Sandbox:
    """All that the pages show and change. Its methods belong to the event loop.

    Attributes:
        settings: the sandbox's own.
        clock: its clock.
        log: the last messages.
        failures: what is planned.
        director: leads systems through scenarios.
    """

    settings: Settings
    clock: SandboxClock = field(default_factory=SandboxClock)
    log: MessageLog = field(default_factory=MessageLog)
    failures: Failures = field(default_factory=Failures)

    def __post_init__(self) -> None:
        self._world = WorldDatabase(self.settings, self.clock)
        self.director = Director(self.failures, self.clock)
        self.log.listen(self.director.hear)
        self._identity = DemoIdentity(self.clock, _citizens(), officers())
        self.platform: Platform = self._world.open()
        self._app = self._build()
        self._inside = 0
        self._changing = asyncio.Lock()

    def _build(self) -> ASGIApp:
        gateway = MobileDoor(self.platform, NationalGateway(self.platform, SignatureClock()))
        tap = Tap(gateway, self.log, self.failures, self.clock)
        return build_app(self.platform, beside=[Mount(IDENTITY, self._identity.app())], gateway=tap)

    def serve_at(self, base: str) -> None:
        """Say where the server is: from then on people can log in to the citizens' pages."""
        self._identity.serve_at(base)
        self.platform.settings = self.platform.settings.model_copy(update=self._identity.settings())

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to the platform (ASGI); during a reset it waits."""
        try:
            async with asyncio.timeout(_PATIENCE), self._changing:
                self._inside += 1
        except TimeoutError:
            await PlainTextResponse(_BUSY, 503)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1

    async def put_clock(self, moment: datetime) -> Passed:
        """Put the clock to a moment; what is due by then is done."""
        self.clock.put(moment)
        return await self._passed()

    async def clock_back(self) -> Passed:
        """Put the clock to the machine's time."""
        self.clock.back()
        return await self._passed()

    async def _passed(self) -> Passed:
        async with self._changing:
            await to_thread.run_sync(self._world.keep_clock, self.platform)
            return await to_thread.run_sync(let_pass, self.platform)

    async def reset(self) -> None:
        """The world's first state; messages, failures and the clock start anew too."""
        async with self._changing:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    while self._inside:
                        await asyncio.sleep(0.02)
            kept = self.platform.settings
            self.platform = await to_thread.run_sync(self._world.reset, self.platform)
            self.platform.settings = kept
            self._app = self._build()
            self.log.clear()
            self.failures.clear()
            self.director.clear()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let time pass while the block runs."""
        ticking = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            try:
                await self._passed()
            except AWAY as problem:
                log.warning("sandbox.put_off", error=str(problem))

    def close(self) -> None:
        """End; the world stays as it is for the next start."""
        self.platform.close()


def _citizens() -> list[Account]:
    """Who can be picked at the citizens' log-in."""
    return [
        Account(
            f"c{person.certificate.number}",
            person.name,
            person.case[0],
            {"certificate_number": person.certificate.number},
        )
        for person in PEOPLE
        if person.days_old is None
    ]

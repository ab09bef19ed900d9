"""The sandbox's database: opened where it was left, or made and filled afresh."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import Final

import structlog

from gongji.entrances.platform import Platform, check_secret, load_rules
from gongji.entrances.sandbox.clock import SandboxClock
from gongji.entrances.sandbox.passing import let_pass, recall, remember
from gongji.entrances.sandbox.world import digest, load_world
from gongji.foundation.database import addresses, create_database, with_database
from gongji.foundation.files import files_folder
from gongji.foundation.personal import open_vault
from gongji.foundation.settings import Settings
from gongji.migrations import open_migrated
from gongji.rules.book import RuleBook

log = structlog.get_logger()

#: The database's name; never the one of a real installation.
NAME: Final = "gongji_sandbox"

_WORLD: Final = "sandbox.world"
_AHEAD: Final = "sandbox.ahead"


class WorldDatabase:
    """Opens and resets the world.

    Args:
        settings: the sandbox's own settings; of a database they name only the server.
        clock: the sandbox's clock, which comes to stand where it was left.
    """

    def __init__(self, settings: Settings, clock: SandboxClock) -> None:
        found = addresses(settings)
        self._owner = with_database(found.owner, NAME)
        service = with_database(found.service, NAME)
        own = {"database_url": service, "database_owner_url": self._owner, "files": None}
        self._settings = settings.model_copy(update=own)
        self._clock = clock
        self._rules: RuleBook = load_rules(settings.packs)

    def open(self) -> Platform:
        """The world as it was left; a new one where there is none, or one of another version of the sandbox."""
        create_database(self._owner)
        platform = self._platform()
        if recall(platform, _WORLD) != digest():
            return self.reset(platform)
        self._clock.ahead = timedelta(seconds=float(recall(platform, _AHEAD) or 0))
        let_pass(platform)
        return platform

    def reset(self, platform: Platform) -> Platform:
        """The first state, in place of what `platform` holds; the clock goes back to the machine's time."""
        platform.close()
        self._clock.back()
        create_database(self._owner, afresh=True)
        shutil.rmtree(files_folder(self._settings), ignore_errors=True)
        fresh = self._platform()
        load_world(fresh)
        let_pass(fresh)
        remember(fresh, _WORLD, digest())
        log.info("sandbox.loaded", world=digest())
        return fresh

    def keep_clock(self, platform: Platform) -> None:
        """Let the clock stand at the next start where it stands now."""
        remember(platform, _AHEAD, str(self._clock.ahead.total_seconds()))

    def _platform(self) -> Platform:
        database, vault = open_migrated(self._settings), open_vault(self._settings)
        check_secret(database, vault)
        return Platform(self._settings, database, vault, self._clock, self._rules)

"""The institutions' keys at hand: looked up once, and forgotten as soon as any process changes one.

The database tells every process of a change in the moment of its commit (LISTEN/NOTIFY). While a process cannot hear it,
it keeps nothing and looks each key up.
"""

from __future__ import annotations

import threading
import weakref
from datetime import datetime, timedelta
from typing import Final

import psycopg
import structlog
from anyio import to_thread

from gongji.foundation.database import Database
from gongji.foundation.personal import Vault
from gongji.registry.keys import CHANNEL, SigningDialect, SigningKey, signing_keys

log = structlog.get_logger()

#: How long a key is kept although nothing was heard: the bound when a network dies without a word.
_KEPT: Final = timedelta(seconds=30)

#: Names that are kept; a province has some ten thousand institutions.
_MOST: Final = 20_000

#: Seconds between two looks whether the connection is still there.
_PULSE: Final = 1.0


class KeyRing:
    """The keys of one process.

    Args:
        database: where they are.
        vault: opens the secrets.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._kept: dict[tuple[SigningDialect, str], tuple[datetime, tuple[SigningKey, ...]]] = {}
        # Counts what was heard, so that a look-up that was under way meanwhile is not kept.
        self._heard = 0
        self._hears = False
        self._ended = threading.Event()
        threading.Thread(
            target=_listen, args=(weakref.ref(self), database, self._ended), name="keyring", daemon=True
        ).start()

    async def keys(self, dialect: SigningDialect, client: str, now: datetime) -> tuple[SigningKey, ...]:
        """The keys under a name that hold now."""
        kept = self._kept.get((dialect, client))
        if kept is None or not now - kept[0] < _KEPT:
            found = await to_thread.run_sync(self._look_up, dialect, client, now)
        else:
            found = kept[1]
        return tuple(key for key in found if key.holds(now))

    def close(self) -> None:
        """Listen no longer."""
        self._ended.set()

    def _look_up(self, dialect: SigningDialect, client: str, now: datetime) -> tuple[SigningKey, ...]:
        heard = self._heard
        with self._database.transaction() as connection:
            found = signing_keys(connection, self._vault, dialect, client, now)
        if found and self._hears and heard == self._heard:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[dialect, client] = (now, found)
        return found

    def forget(self, *, hears: bool) -> None:
        """Look every key up again: one was changed, or may have been.

        Args:
            hears: whether changes are heard of from now on.
        """
        self._hears = hears
        self._heard += 1
        self._kept.clear()


def _listen(ring: weakref.ref[KeyRing], database: Database, ended: threading.Event) -> None:
    """Tell the ring of changes until it is closed or gone; tries again when the connection is lost."""
    while not ended.is_set() and ring() is not None:
        try:
            with database.connect() as connection:
                connection.autocommit = True
                connection.execute(f"LISTEN {CHANNEL}")
                _tell(ring, hears=True)
                while not ended.is_set() and ring() is not None:
                    for _ in connection.notifies(timeout=_PULSE, stop_after=1):
                        _tell(ring, hears=True)
                    connection.execute("SELECT 1")
        except psycopg.OperationalError as problem:
            _tell(ring, hears=False)
            if not ended.is_set():
                log.warning("keys.not_heard", error=str(problem))
        ended.wait(_PULSE)


def _tell(ring: weakref.ref[KeyRing], *, hears: bool) -> None:
    alive = ring()
    if alive is not None:
        alive.forget(hears=hears)

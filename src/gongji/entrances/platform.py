"""The platform: what every entrance is given, put together once a process."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from gongji.clearing.monthly.terms import TermBook, load_terms
from gongji.entrances.national.deviations import DeviationBook
from gongji.foundation.clock import Clock, SystemClock
from gongji.foundation.database import Database
from gongji.foundation.errors import Misconfigured
from gongji.foundation.files import FileStore, files_folder
from gongji.foundation.personal import Vault, open_vault
from gongji.foundation.settings import Settings
from gongji.foundation.telemetry import configure_logging
from gongji.foundation.workdays import Calendar
from gongji.migrations import open_migrated
from gongji.premium.service import Office
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Desk
from gongji.settlement.second.service import SecondTill
from gongji.wallet.service import Wallets

_FINGERPRINT = "secret"


@dataclass
class Platform:
    """Database, personal-data vault, clock, rule book and settlement desk of one installation.

    Attributes:
        settings: as they were read.
        database: where everything is kept.
        vault: seals and opens personal data.
        clock: tells the moment.
        rules: the shipped packs and the installation's own.
    """

    settings: Settings
    database: Database
    vault: Vault
    clock: Clock
    rules: RuleBook
    _endings: list[Callable[[], None]] = field(default_factory=list, repr=False)

    @cached_property
    def desk(self) -> Desk:
        """The settlement desk; started on first use, so that a command that settles nothing has none."""
        settings = self.settings
        return Desk(self.database, self.rules, self.clock, self.vault, desks=settings.desks, queue=settings.desk_queue)

    @property
    def calendar(self) -> Calendar:
        """The agency's working days."""
        return Calendar(frozenset(self.settings.holidays), frozenset(self.settings.worked_weekends))

    @cached_property
    def premiums(self) -> Office:
        """What premiums are ordered and answered with."""
        return Office(self.database, self.rules, self.clock, self.desk)

    @cached_property
    def wallets(self) -> Wallets:
        """What wallets are opened, filled and answered with."""
        opened, quotas_from = frozenset(self.settings.wallet_regions), self.settings.wallet_quotas_from
        return Wallets(self.database, self.rules, self.clock, self.desk, opened, quotas_from)

    @cached_property
    def clearing_terms(self) -> TermBook:
        """What regions agreed on for clearing."""
        return load_terms(self.settings.clearing_terms)

    @cached_property
    def files(self) -> FileStore:
        """What people and institutions handed in as files."""
        return FileStore(files_folder(self.settings), self.vault)

    @cached_property
    def deviations(self) -> DeviationBook:
        """What institutions' systems do against the letter of the national interface."""
        book = DeviationBook(self.database)
        self.at_the_end(book.close)
        return book

    def at_the_end(self, close: Callable[[], None]) -> None:
        """Have an entrance's own thread or connection closed with the platform, before the database is."""
        self._endings.append(close)

    @cached_property
    def second(self) -> SecondTill:
        """Where relatives' accounts pay what was cash in a settlement."""
        return SecondTill(self.database, self.rules, self.clock)

    def close(self) -> None:
        """Finish what waits at the desk and let the connections go."""
        if "desk" in self.__dict__:
            self.desk.close()
        for close in reversed(self._endings):
            close()
        self._endings.clear()
        self.database.close()


@contextmanager
def open_platform(settings: Settings, clock: Clock | None = None) -> Iterator[Platform]:
    """Open an installation: its database at the newest schema, its secret checked, its rules loaded.

    Raises:
        Misconfigured: when the installation cannot work as it is set up (see the error's code).
    """
    configure_logging(settings.log_level, settings.log_format)
    database = open_migrated(settings)
    vault = open_vault(settings)
    check_secret(database, vault)
    platform = Platform(settings, database, vault, clock or SystemClock(), load_rules(settings.packs))
    keep_for_good()
    try:
        yield platform
    finally:
        platform.close()


#: When Python's collector of cyclic garbage looks through what is young, and how many of these looks go by before it looks
#: through what is older, and what is old. By default it looks after 700 new objects, and with some hundred messages under way it
#: found nearly all of them alive: a tenth of a settlement's processor time (324 µs of Python, 287 so, one after the other).
_COLLECTED: Final = (50_000, 20, 50)


def keep_for_good() -> None:
    """Tell Python's garbage collector to leave alone what is there now, and to look less often for what comes: the packs and
    modules stay for the process's life, and looking through them again and again took a third of a settlement's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED)


def load_rules(packs: list[Path]) -> RuleBook:
    """The shipped packs, with an installation's own beside or in place of them."""
    return RuleBook.load(packs) if packs else RuleBook.shipped()


def check_secret(database: Database, vault: Vault) -> None:
    """Remember the secret's fingerprint with the first start, and refuse to go on with another one later: what is
    sealed could not be opened, and people would be entered twice under new index keys.

    Raises:
        Misconfigured: ``secret.wrong``.
    """
    statement = sa.text(
        "INSERT INTO installation (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET"
        " value = installation.value RETURNING value"
    )
    with database.transaction() as connection:
        known = connection.execute(statement, {"name": _FINGERPRINT, "value": vault.fingerprint}).scalar_one()
    if known != vault.fingerprint:
        raise Misconfigured(
            "secret.wrong",
            "this database was set up with another secret: set GONGJI_SECRET (or secret.key in the data folder) to it",
            "这个数据库使用的是另一个密钥：请把 GONGJI_SECRET（或数据目录下的 secret.key）改回原来的密钥",
            field="GONGJI_SECRET",
        )

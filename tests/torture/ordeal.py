"""The torture: settling processes and their PostgreSQL are killed, cut off and starved while they work.

What has to hold, checked every ten faults and at the end: every answer that was given is in the books once, with the
figures that were told; every other message is there whole or not at all; the whole proof of the books passes.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from gongji.foundation.clock import SystemClock
from gongji.foundation.database import Database, create_database, with_database
from gongji.foundation.personal import Vault
from gongji.migrations import upgrade
from gongji.settlement.proof import prove
from torture.families import Pair, move_in
from torture.proxy import Proxy
from torture.server import Server
from torture.settlers import Settlers
from torture.told import Told
from town import Town

_SETTLER: Final = "a settling process killed"
_SETTLERS: Final = "all settling processes killed"
_POSTMASTER: Final = "PostgreSQL killed"
_POSTMASTER_WITH_ALL: Final = "PostgreSQL killed with all it started"
_BACKEND: Final = "a process of PostgreSQL killed"
_CUT: Final = "connections cut"
_FULL: Final = "disk full"

#: How often each fault comes up.
FAULTS: Final = {
    _SETTLER: 25,
    _SETTLERS: 5,
    _POSTMASTER: 15,
    _POSTMASTER_WITH_ALL: 15,
    _BACKEND: 25,
    _CUT: 10,
    _FULL: 5,
}

#: What is no kill.
_GENTLER: Final = (_CUT, _FULL)

#: After these PostgreSQL recovers; so many of a hundred times it is killed again meanwhile, within so many seconds.
_OF_POSTGRESQL: Final = (_POSTMASTER, _POSTMASTER_WITH_ALL, _BACKEND)
_AGAIN: Final = 30
_RECOVERS_WITHIN: Final = 0.25

#: Seconds of work between a new answer and the next fault, at most.
_AT_WORK: Final = 0.5

_KEPT = "SELECT id, kind, own, shared, wallet, cash FROM settlement WHERE id = ANY(%s)"

_FAMILIES = 21
_CHECK_EVERY = 10

#: Seconds in which an answer has to come once everything is up again.
_PATIENCE = 180


class Ordeal:
    """A server, a proxy before it, and two settling processes; and what is done to them.

    Args:
        server: running, with nothing in it.
        seed: what the faults and their moments are drawn from.
        say: told of every fault.
    """

    def __init__(self, server: Server, seed: str, say: Callable[[str], None] = lambda sentence: None) -> None:
        self.chance = random.Random(seed)
        self.told = Told()
        self.counts: Counter[str] = Counter()
        #: Of the kills of PostgreSQL those that met it while it started or recovered.
        self.while_recovering = 0
        self._say = say
        self._server = server
        self._proxy = Proxy(server.port)
        direct = with_database(server.url, "gongji")
        create_database(direct)
        self._database = Database(direct)
        upgrade(self._database)
        through = direct.replace(f":{server.port}/", f":{self._proxy.port}/")
        self._settlers = Settlers(through, self._families(), self.told)

    def go_on(self, kills: int, until: float) -> None:
        """Faults until there were so many kills, or until `time.monotonic()` says so."""
        names = [name for name in FAULTS if name != _FULL or self._server.has_disk]
        weights = [FAULTS[name] for name in names]
        # Each fault once before chance decides, so that a short run has them all.
        order = self.chance.sample(names, len(names))
        checked = 0
        while (self.kills < kills or order) and time.monotonic() < until:
            self._load()
            fault = order.pop() if order else self.chance.choices(names, weights)[0]
            self._say(f"{self.counts.total() + 1}: {fault}; {len(self.told.answers):,} answers so far")
            self._strike(fault)
            while fault in _OF_POSTGRESQL and self.chance.randrange(100) < _AGAIN:
                self._strike_again()
            if self.counts.total() - checked >= _CHECK_EVERY:
                self.check()
                checked = self.counts.total()

    def end(self) -> None:
        """Kill the settling processes a last time, and look at everything."""
        self._load()
        self._strike(_SETTLERS)
        self.told.fresh = list(self.told.answers)
        self.check()

    def close(self) -> None:
        """Let everything go."""
        self._settlers.close()
        self._proxy.close()
        self._database.close()
        self._server.stop()

    @property
    def kills(self) -> int:
        """Kills so far."""
        return sum(many for name, many in self.counts.items() if name not in _GENTLER)

    @property
    def kills_of_postgresql(self) -> int:
        """Kills so far of PostgreSQL or one of its processes."""
        return sum(self.counts[name] for name in _OF_POSTGRESQL)

    @property
    def cuts(self) -> int:
        """How often connections were cut."""
        return self.counts[_CUT]

    @property
    def full_disks(self) -> int:
        """How often the disk was full."""
        return self.counts[_FULL]

    def check(self) -> None:
        """What was answered is in the books as it was told, and the books are proven.

        Raises:
            AssertionError: with what is wrong.
        """
        self._server.start()
        self._database.close()
        assert not self.told.wrong, self.told.wrong[:5]
        fresh = self.told.take_fresh()
        told_deeds = set(self.told.deeds)
        with self._database.connect() as connection:
            rows = connection.execute(_KEPT, [fresh])
            kept = {identifier: tuple(figures) for identifier, *figures in rows}
            deeds = connection.execute(
                "SELECT id FROM allotment_deed WHERE id = ANY(%s)", [list(told_deeds)]
            ).fetchall()
        lost = [self.told.answers[one] for one in fresh if kept.get(one) != self.told.answers[one][1]]
        assert not lost, f"{len(lost)} answers are not in the books as they were told: {lost[:5]}"
        gone = told_deeds - {identifier for (identifier,) in deeds}
        assert not gone, f"{len(gone)} allotments are not in the books: {list(gone)[:5]}"
        proof = prove(self._database, SystemClock())
        assert not proof.findings, [str(finding) for finding in proof.findings[:5]]

    def _load(self) -> None:
        """Everything up or starting, and at least one new answer; then a moment more."""
        self._server.start()
        self._settlers.fill_up()
        before, until = len(self.told.answers), time.monotonic() + _PATIENCE
        while len(self.told.answers) == before:
            assert not self.told.wrong, self.told.wrong[:5]
            assert time.monotonic() < until, f"no answer in {_PATIENCE} seconds after everything was up again"
            self._settlers.check()
            time.sleep(0.005)
        time.sleep(self.chance.uniform(0.0, _AT_WORK))

    def _strike_again(self) -> None:
        """Kill something of PostgreSQL while it starts or recovers."""
        self._server.begin()
        time.sleep(self.chance.uniform(0.0, _RECOVERS_WITHIN))
        fault = self.chance.choice(_OF_POSTGRESQL)
        self._say(f"{self.counts.total() + 1}: {fault}, while it recovers")
        self.while_recovering += self._strike(fault)

    def _strike(self, fault: str) -> bool:
        """Do something to somebody, and count it; False when there was nobody to be killed."""
        done = self._do(fault)
        self.counts[fault] += done
        return done

    def _do(self, fault: str) -> bool:
        match fault:
            case "a settling process killed":
                self._settlers.kill_one(self.chance)
            case "all settling processes killed":
                self._settlers.kill_all()
            case "PostgreSQL killed":
                return self._server.kill(with_backends=False)
            case "PostgreSQL killed with all it started":
                return self._server.kill(with_backends=True)
            case "a process of PostgreSQL killed":
                return self._server.kill_backend(self.chance)
            case "connections cut":
                for _ in range(self.chance.randint(1, 5)):
                    self._proxy.cut()
                    time.sleep(self.chance.uniform(0.0, 0.1))
            case "disk full":
                self._server.fill_disk()
                try:
                    time.sleep(self.chance.uniform(0.3, 1.5))
                finally:
                    self._server.free_disk()
        return True

    def _families(self) -> list[Pair]:
        """Mothers with little of their own, and their sons."""
        town = Town(self._database, Vault(b"\x07" * 32), SystemClock())  # type: ignore[arg-type]
        return move_in(town, _FAMILIES, self.chance)

"""The torture: a settling process and its PostgreSQL are killed, cut off and starved while they work.

What has to hold, checked every ten faults and at the end: every answer that was given is in the books once, with the
figures that were told; every other message is there whole or not at all; the whole proof of the books passes.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gongji.foundation.clock import SystemClock
from gongji.foundation.database import Database, create_database, with_database
from gongji.foundation.personal import Vault
from gongji.migrations import upgrade
from gongji.settlement.proof import prove
from torture.families import Pair, move_in, told
from torture.proxy import Proxy
from torture.server import Server
from town import Town

#: How often each fault comes up; the first four are kills.
FAULTS = {
    "the settling process killed": 30,
    "PostgreSQL killed": 15,
    "PostgreSQL killed with all it started": 15,
    "a process of PostgreSQL killed": 25,
    "connections cut": 10,
    "disk full": 5,
}
KILLS = frozenset(name for name in FAULTS if name.endswith("killed") or "killed with" in name)

_KEPT = "SELECT id, kind, own, shared, wallet, cash FROM settlement WHERE id = ANY(%s)"

_FAMILIES = 21
_CHECK_EVERY = 10

#: Seconds in which an answer has to come once everything is up again.
_PATIENCE = 60


@dataclass
class Told:
    """The answers that were given: by settlement id its msgid and figures."""

    answers: dict[int, tuple[str, tuple[Any, ...]]] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    #: Answers that are not compared with the books yet.
    fresh: list[int] = field(default_factory=list)
    #: What sons have allotted or taken back.
    deeds: list[int] = field(default_factory=list)

    def hear(self, line: str) -> None:
        """Take in a line; one that a kill cut off was never heard by anybody."""
        if not line.endswith("\n"):
            return
        if line.startswith('["deed"'):
            self.deeds.append(json.loads(line)[1])
            return
        if not line.startswith('["ack"'):
            self.wrong.append(line.strip())
            return
        _, msgid, identifier, *figures = json.loads(line)
        if self.ids.setdefault(msgid, identifier) != identifier:
            self.wrong.append(f"{msgid} was answered with {self.ids[msgid]} and with {identifier}")
        known = self.answers.setdefault(identifier, (msgid, tuple(figures)))
        if known != (msgid, tuple(figures)):
            self.wrong.append(f"{identifier} was told as {known} and as {(msgid, figures)}")
        self.fresh.append(identifier)


class Ordeal:
    """A server, a proxy before it, and a settling process; and what is done to them.

    Args:
        server: running, with nothing in it.
        seed: what the faults and their moments are drawn from.
        say: told of every fault.
    """

    def __init__(self, server: Server, seed: str, say: Callable[[str], None] = lambda sentence: None) -> None:
        self.chance = random.Random(seed)
        self.told = Told()
        self.counts: Counter[str] = Counter()
        self._say = say
        self._server = server
        self._proxy = Proxy(server.port)
        direct = with_database(server.url, "gongji")
        create_database(direct)
        self._database = Database(direct)
        upgrade(self._database)
        self._pairs = self._families()
        self._through = direct.replace(f":{server.port}/", f":{self._proxy.port}/")
        descriptor, log = tempfile.mkstemp(prefix="gongji-torture-", suffix=".log")
        os.close(descriptor)
        self._log = Path(log)
        self._writers = 0
        self._writer: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def go_on(self, kills: int, until: float) -> None:
        """Faults until there were so many kills, or until `time.monotonic()` says so."""
        names = [name for name in FAULTS if name != "disk full" or self._server.has_disk]
        weights = [FAULTS[name] for name in names]
        # Each fault once before chance decides, so that a short run has them all.
        order = self.chance.sample(names, len(names))
        while self.kills < kills and time.monotonic() < until:
            self._load()
            fault = order.pop() if order else self.chance.choices(names, weights)[0]
            self._say(f"{self.counts.total() + 1}: {fault}; {len(self.told.answers):,} answers so far")
            self._do(fault)
            self.counts[fault] += 1
            if self.counts.total() % _CHECK_EVERY == 0:
                self.check()

    def end(self) -> None:
        """Kill the settling process a last time, and look at everything."""
        self._load()
        self._kill_writer()
        self.counts["the settling process killed"] += 1
        self.told.fresh = list(self.told.answers)
        self.check()

    def close(self) -> None:
        """Let everything go."""
        self._kill_writer()
        self._proxy.close()
        self._database.close()
        self._server.stop()
        self._log.unlink()

    @property
    def kills(self) -> int:
        """Kills so far."""
        return sum(many for name, many in self.counts.items() if name in KILLS)

    def check(self) -> None:
        """What was answered is in the books as it was told, and the books are proven.

        Raises:
            AssertionError: with what is wrong.
        """
        self._server.start()
        self._database.close()
        assert not self.told.wrong, self.told.wrong[:5]
        fresh, self.told.fresh = self.told.fresh, []
        with self._database.connect() as connection:
            rows = connection.execute(_KEPT, [fresh])
            kept = {identifier: tuple(figures) for identifier, *figures in rows}
            deeds = connection.execute("SELECT id FROM allotment_deed WHERE id = ANY(%s)", [self.told.deeds]).fetchall()
        lost = [self.told.answers[one] for one in fresh if kept.get(one) != self.told.answers[one][1]]
        assert not lost, f"{len(lost)} answers are not in the books as they were told: {lost[:5]}"
        gone = set(self.told.deeds) - {identifier for (identifier,) in deeds}
        assert not gone, f"{len(gone)} allotments are not in the books: {list(gone)[:5]}"
        proof = prove(self._database, SystemClock())
        assert not proof.findings, [str(finding) for finding in proof.findings[:5]]

    def _load(self) -> None:
        """Everything up, and at least one new answer; then a moment more."""
        self._server.start()
        if self._writer is None or self._writer.poll() is not None:
            self._start_writer()
        before, until = len(self.told.answers), time.monotonic() + _PATIENCE
        while len(self.told.answers) == before:
            assert not self.told.wrong, self.told.wrong[:5]
            assert time.monotonic() < until, f"no answer in {_PATIENCE} seconds after everything was up again"
            assert self._writer is not None
            assert self._writer.poll() is None, f"the settling process ended by itself: {self._last_words()}"
            time.sleep(0.01)
        time.sleep(self.chance.uniform(0.0, 0.6))

    def _do(self, fault: str) -> None:
        match fault:
            case "the settling process killed":
                self._kill_writer()
            case "PostgreSQL killed":
                self._server.kill(with_backends=False)
            case "PostgreSQL killed with all it started":
                self._server.kill(with_backends=True)
            case "a process of PostgreSQL killed":
                self._server.kill_backend(self.chance)
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

    def _start_writer(self) -> None:
        self._writers += 1
        here = str(Path(__file__).parent.parent)
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([here, *sys.path])}
        arguments = [self._through, f"writer{self._writers}", json.dumps(told(self._pairs))]
        with self._log.open("ab") as log:
            self._writer = subprocess.Popen(
                [sys.executable, "-m", "torture.writer", *arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            )
        self._reader = threading.Thread(target=self._listen, args=(self._writer,), daemon=True)
        self._reader.start()

    def _last_words(self) -> str:
        """The end of what settling processes wrote to their log."""
        return self._log.read_text(errors="replace")[-2000:]

    def _listen(self, writer: subprocess.Popen[str]) -> None:
        assert writer.stdout is not None
        for line in writer.stdout:
            self.told.hear(line)

    def _kill_writer(self) -> None:
        if self._writer is not None:
            self._writer.kill()
            self._writer.wait()
            assert self._reader is not None
            self._reader.join()
            self._writer = None

    def _families(self) -> list[Pair]:
        """Mothers with little of their own, and their sons."""
        town = Town(self._database, Vault(b"\x07" * 32), SystemClock())  # type: ignore[arg-type]
        return move_in(town, _FAMILIES, self.chance)

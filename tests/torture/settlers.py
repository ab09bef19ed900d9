"""The settling processes that are killed: two at work beside each other, and whoever is gone is replaced."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from torture.families import Pair, told
from torture.told import Told

#: How many work beside each other: when one is killed the other goes on, as with `gongji serve --workers 2`.
AT_WORK = 2


@dataclass
class Settler:
    """A process, and the thread that hears what it prints."""

    process: subprocess.Popen[str]
    reader: threading.Thread


class Settlers:
    """Two processes that settle under load (`torture.writer`).

    Args:
        url: the database, through the proxy.
        pairs: the families that they settle for.
        heard: takes in what they print.
    """

    def __init__(self, url: str, pairs: list[Pair], heard: Told) -> None:
        self._arguments = url, json.dumps(told(pairs))
        self._told = heard
        self._folder = tempfile.TemporaryDirectory(prefix="gongji-torture-settlers-", ignore_cleanup_errors=True)
        self._log = Path(self._folder.name) / "log"
        self._started = 0
        self._at_work: list[Settler] = []

    def fill_up(self) -> None:
        """Start as many as are missing.

        Raises:
            AssertionError: when one ended that nobody killed.
        """
        self.check()
        while len(self._at_work) < AT_WORK:
            self._at_work.append(self._start())

    def check(self) -> None:
        """Nobody has ended but by being killed.

        Raises:
            AssertionError: with the last words of whoever has.
        """
        ended = [one for one in self._at_work if one.process.poll() is not None]
        assert not ended, f"a settling process ended by itself: {self._last_words()}"

    def kill_one(self, chance: random.Random) -> None:
        """SIGKILL to one of them, whatever it is doing: settling, or still starting."""
        _kill(self._at_work.pop(chance.randrange(len(self._at_work))))

    def kill_all(self) -> None:
        """SIGKILL to every one."""
        while self._at_work:
            _kill(self._at_work.pop())

    def close(self) -> None:
        """Kill them, and keep nothing of theirs."""
        self.kill_all()
        self._folder.cleanup()

    def _start(self) -> Settler:
        self._started += 1
        here = str(Path(__file__).parent.parent)
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([here, *sys.path]),
            # Modules are compiled once and not at every start, which takes half of the 1.6 s of the processor without.
            "PYTHONPYCACHEPREFIX": str(Path(self._folder.name) / "compiled"),
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        url, pairs = self._arguments
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "torture.writer", url, f"writer{self._started}", pairs],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            )
        reader = threading.Thread(target=self._listen, args=(process,), daemon=True)
        reader.start()
        return Settler(process, reader)

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._told.hear(line)

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


def _kill(one: Settler) -> None:
    """SIGKILL, and hear what it had still said."""
    one.process.kill()
    one.process.wait()
    one.reader.join()

"""The process under load: buys, takes back and sends again until it is killed; prints each answer once it has it.

A line on standard output is an acknowledgement: ``["ack", msgid, settlement id, kind, own, shared, cash]``. Told that the
outcome is unknown, it sends the same message until it gets an answer, as a hospital does.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import time
from concurrent.futures import Future
from datetime import date
from typing import Any

from gongji.foundation.clock import SystemClock
from gongji.foundation.database import Database
from gongji.foundation.errors import Busy
from gongji.foundation.telemetry import configure_logging
from gongji.registry.model import CatalogueItem, Institution
from gongji.registry.service import catalogue_items, institution_by_code
from gongji.rules.book import RuleBook
from gongji.rules.model import Scheme
from gongji.settlement.desk import Desk
from gongji.settlement.model import AccountUse, Command, MessageKey, PricedLine, Reverse, Settlement, SettlePurchase

#: Commands that one round sends together, at most, and seconds between two rounds.
_TOGETHER = 12
_PAUSE = 0.005


class Writer:
    """Sends at random, and remembers what it can take back or send again."""

    def __init__(self, url: str, name: str, people: list[int]) -> None:
        self.name = name
        self.people = people
        self.chance = random.Random(name)
        self.clock = SystemClock()
        self.numbers = itertools.count(1)
        database = Database(url)
        self.places, self.item = known_at(database)
        self.desk = Desk(database, RuleBook.shipped(), self.clock, desks=2)
        self.settled: list[tuple[Settlement, Institution]] = []
        self.known: set[int] = set()
        self.answered: list[tuple[Command, Institution]] = []

    def work(self) -> None:
        """Until killed."""
        while True:
            commands = [self._something() for _ in range(self.chance.randint(1, _TOGETHER))]
            waiting = [(command, place, self.desk.submit(command)) for command, place in commands]
            for command, place, future in waiting:
                answer = self._answer(command, future)
                print(json.dumps(_acknowledged(command, answer)), flush=True)
                self.answered.append((command, place))
                if answer.kind == "settle" and answer.id not in self.known:
                    self.known.add(answer.id)
                    self.settled.append((answer, place))
            time.sleep(_PAUSE)

    def _answer(self, command: Command, future: Future[Settlement]) -> Settlement:
        while True:
            try:
                return future.result()
            except Busy:
                time.sleep(0.05)
                future = self.desk.submit(command)

    def _something(self) -> tuple[Command, Institution]:
        kind = self.chance.random()
        if self.settled and kind < 0.2:
            taken, place = self.settled.pop(self.chance.randrange(len(self.settled)))
            key = self._key(place, "2208")
            return Reverse(key, place, taken.person_id, taken.visit_id, taken.id), place
        if self.answered and kind < 0.3:
            command, place = self.chance.choice(self.answered[-200:])
            # Sent again it gets the answer it had, taken back meanwhile or not.
            return command, place
        place = self.chance.choice(self.places)
        return self._purchase(place), place

    def _purchase(self, place: Institution) -> SettlePurchase:
        fen = self.chance.randint(1, 300_00)
        line = PricedLine(
            "1", "1", self.item, self.item.code, self.item.code, self.clock.now(), 10**4, fen * 10**4, fen
        )
        return SettlePurchase(
            key=self._key(place, "2102"),
            institution=place,
            person_id=self.chance.choice(self.people),
            lines=(line,),
            total=fen,
            account_use=AccountUse.OWN,
            scheme=Scheme.EMPLOYEE,
            med_type="41",
            certificate_kind="02",
            began_at=self.clock.now(),
        )

    def _key(self, place: Institution, infno: str) -> MessageKey:
        msgid = f"{self.name}-{next(self.numbers)}"
        return MessageKey(place.id, infno, msgid, msgid.encode().ljust(32, b"."))


def known_at(database: Database) -> tuple[list[Institution], CatalogueItem]:
    """The places and an item; asked for again while the database is away."""
    import sqlalchemy as sa

    while True:
        try:
            with database.transaction() as connection:
                found = [institution_by_code(connection, code) for code in ("H21120200002", "P21120200003")]
                item = catalogue_items(connection, "211200", ["C-A"], date.today())["C-A"]
                return [place for place in found if place is not None], item
        except sa.exc.OperationalError:
            time.sleep(0.05)


def _acknowledged(command: Command, answer: Settlement) -> list[Any]:
    figures = (answer.own, answer.shared, answer.cash)
    return ["ack", command.key.msgid, answer.id, answer.kind, *figures]


if __name__ == "__main__":
    configure_logging()
    Writer(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])).work()

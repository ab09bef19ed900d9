"""The process under load: buys, takes back and sends again until it is killed; prints each answer once it has it. Now and then
a son allots, takes back, or changes his mother's quota meanwhile.

A line on standard output is an acknowledgement: ``["ack", msgid, settlement id, kind, own, shared, wallet, cash]``, or
``["deed", id]`` for money allotted or taken back. Told that the outcome is unknown, it sends the same message until it gets an
answer, as a hospital does.
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

from gongji.allotment import service as allotment
from gongji.foundation.clock import SystemClock
from gongji.foundation.database import AWAY, Database
from gongji.foundation.errors import Busy, GongjiError
from gongji.foundation.telemetry import configure_logging
from gongji.registry.model import CatalogueItem, Institution
from gongji.registry.service import catalogue_items, institution_by_code
from gongji.rules.model import Scheme
from gongji.settlement.desk import Desk
from gongji.settlement.model import AccountUse, Command, MessageKey, PricedLine, Reverse, Settlement, SettlePurchase
from gongji.wallet.quotas import service as quotas
from oracle.regions import rule_book
from torture.families import ALLOTTING, PHARMACIES, Pair, citizen, wallets_of

#: Commands that one round sends together, at most, and seconds between two rounds.
_TOGETHER = 12
_PAUSE = 0.005

#: In so many of all rounds a son does something.
_DEEDS = 0.2


class Writer:
    """Sends at random, and remembers what it can take back or send again."""

    def __init__(self, url: str, name: str, pairs: list[Pair]) -> None:
        self.name = name
        self.pairs = pairs
        self.chance = random.Random(name)
        self.clock = SystemClock()
        self.numbers = itertools.count(1)
        self.database, self.rules = Database(url), rule_book()
        self.places, self.item = known_at(self.database)
        self.desk = Desk(self.database, self.rules, self.clock, desks=2)
        self.wallets = wallets_of(self.database, self.rules, self.clock, self.desk)
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
            if self.chance.random() < _DEEDS:
                self._deed(self.chance.choice(self.pairs))
            time.sleep(_PAUSE)

    def _deed(self, pair: Pair) -> None:
        """A son's step, done again until its outcome is known; one that is refused is none."""
        amount, back, key = (
            self.chance.randint(1, 500_00),
            self.chance.random() < 0.5,
            f"deed-{self.name}-{next(self.numbers)}",
        )
        while True:
            try:
                if pair.quota is not None:
                    self._change_quota(pair, -amount if back else amount)
                elif pair.region == ALLOTTING:
                    print(json.dumps(["deed", self._allot(pair, amount, key, back=back)]), flush=True)
                return
            except AWAY:
                time.sleep(0.05)
            except GongjiError:
                return

    def _allot(self, pair: Pair, amount: int, key: str, *, back: bool) -> int:
        act = allotment.take_back if back else allotment.allot
        with self.database.transaction() as connection:
            done = act(
                connection,
                self.rules,
                self.database.serials,
                sharer_id=pair.son,
                authorisation_id=pair.authorisation,
                amount=amount,
                key=key,
                caller=citizen(pair.son),
                at=self.clock.now(),
            )
        return done.id

    def _change_quota(self, pair: Pair, more: int) -> None:
        assert pair.quota is not None, "asked only where there is one"
        with self.database.transaction() as connection:
            amount = quotas.quota_of(connection, pair.quota, pair.son).amount + more
        quotas.change_quota(self.wallets, pair.quota, giver_id=pair.son, amount=amount, caller=citizen(pair.son))

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
        pair = self.chance.choice(self.pairs)
        place = self.chance.choice(self.places[pair.region])
        return self._purchase(pair.mother, place), place

    def _purchase(self, patient: int, place: Institution) -> SettlePurchase:
        fen = self.chance.randint(1, 300_00)
        line = PricedLine(
            "1", "1", self.item, self.item.code, self.item.code, self.clock.now(), 10**4, fen * 10**4, fen
        )
        return SettlePurchase(
            key=self._key(place, "2102"),
            institution=place,
            person_id=patient,
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


def known_at(database: Database) -> tuple[dict[str, list[Institution]], CatalogueItem]:
    """The places by region and an item; asked for again while the database is away."""
    while True:
        try:
            with database.transaction() as connection:
                places: dict[str, list[Institution]] = {}
                for region, codes in PHARMACIES.items():
                    found = [institution_by_code(connection, code) for code in codes]
                    places[region] = [place for place in found if place is not None]
                item = catalogue_items(connection, "211200", ["C-A"], date.today())["C-A"]
                return places, item
        except AWAY:
            time.sleep(0.05)


def _acknowledged(command: Command, answer: Settlement) -> list[Any]:
    figures = (answer.own, answer.shared, answer.wallet, answer.cash)
    return ["ack", command.key.msgid, answer.id, answer.kind, *figures]


if __name__ == "__main__":
    configure_logging()
    Writer(sys.argv[1], sys.argv[2], [Pair(**pair) for pair in json.loads(sys.argv[3])]).work()

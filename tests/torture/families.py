"""The families under torture: a mother with little of her own, and a son whose money she may use, in one of three ways."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

from gongji.allotment import service as allotment
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import Clock
from gongji.foundation.database import Database
from gongji.registry.entering import add_institutions
from gongji.registry.entries import NewInstitution
from gongji.registry.model import InstitutionKind
from gongji.rules.book import RuleBook
from gongji.rules.model import Relation
from gongji.settlement.desk import Desk
from gongji.wallet.quotas import service as quotas
from gongji.wallet.service import Wallets, open_wallet
from gongji.wallet.store import take_wallet
from oracle.regions import rule_book
from town import TIELING, Town

#: Where money is allotted to each relative (see `oracle.regions`), and the pharmacy there.
ALLOTTING: Final = "990100"
PHARMACY_THERE: Final = "P99010100003"

PHARMACIES: Final = {TIELING: ("H21120200002", "P21120200003"), ALLOTTING: (PHARMACY_THERE,)}


_PARENT: Final = Relation.PARENT


@dataclass(frozen=True)
class Pair:
    """A mother and her son: he shares his account, or gave her a quota, or has allotted to her."""

    mother: int
    son: int
    region: str
    authorisation: int | None = None
    quota: int | None = None


def told(pairs: list[Pair]) -> list[dict[str, object]]:
    """The families as a process is told of them."""
    return [asdict(pair) for pair in pairs]


def citizen(person_id: int) -> Caller:
    """Somebody who acts for themself."""
    return Caller(Role.CITIZEN, "citizen", person_id)


def wallets_of(database: Database, rules: RuleBook, clock: Clock, desk: Desk) -> Wallets:
    """The wallet, open in Tieling and long since with quotas."""
    return Wallets(database, rules, clock, desk, frozenset({TIELING}), date(2020, 1, 1))


def move_in(town: Town, many: int, chance: random.Random) -> list[Pair]:
    """So many families, of each kind a third."""
    rules = rule_book()
    with town.database.transaction() as connection:
        pharmacy = NewInstitution(PHARMACY_THERE, "大药房", InstitutionKind.PHARMACY, None, "990101", date(2020, 1, 1))
        add_institutions(connection, [pharmacy])
    with town.database.transaction() as connection:
        for code in PHARMACIES[TIELING]:
            take_wallet(connection, town.institution(code).id, date(2020, 1, 1), None)
    desk = Desk(town.database, rules, town.clock)
    try:
        wallets = wallets_of(town.database, rules, town.clock, desk)
        return [_family(town, wallets, number, chance) for number in range(many)]
    finally:
        desk.close()


def _family(town: Town, wallets: Wallets, number: int, chance: random.Random) -> Pair:
    region, home = ALLOTTING if number % 3 == 2 else TIELING, f"家{number}"
    own, given = chance.randint(0, 900_00), chance.randint(1_000_00, 90_000_00)
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=own, household=home, region=region)
    son = town.person("李建国", "1980-03-01", "active", balance=given, household=home, region=region)
    if number % 3 == 1:
        for person in (mother, son):
            open_wallet(wallets, person_id=person, area=TIELING, caller=citizen(person))
        key = f"quota-{number:04d}"
        one = quotas.set_quota(
            wallets, giver_id=son, user_id=mother, amount=given // 2, stated=_PARENT, key=key, caller=citizen(son)
        )
        quotas.accept_quota(wallets, one.id, user_id=mother, caller=citizen(mother))
        return Pair(mother, son, region, quota=one.id)
    authorisation = town.share(son, mother, region=region)
    if region == ALLOTTING:
        with town.database.transaction() as connection:
            allotment.allot(
                connection,
                wallets.rules,
                town.database.serials,
                sharer_id=son,
                authorisation_id=authorisation,
                amount=given // 2,
                key=f"allot-{number:04d}",
                caller=citizen(son),
                at=town.clock.now(),
            )
    return Pair(mother, son, region, authorisation=authorisation)

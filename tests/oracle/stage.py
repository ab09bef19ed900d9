"""Where families live whose stories are played: institutions, and all that the services work with."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gongji.family import service as family
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.files import FileStore
from gongji.ledger.model import AccountKind
from gongji.ledger.service import open_balances, register_poster
from gongji.premium.following import follow_orders
from gongji.premium.service import Office
from gongji.registry.certificate import CITIZEN_ID, check_certificate, check_digit
from gongji.registry.entering import add_enrolments, add_institutions, add_people
from gongji.registry.entries import NewEnrolment, NewInstitution, NewPerson
from gongji.registry.model import Enrolment, Institution, InstitutionKind
from gongji.rules.model import Scheme, Status, Tier
from gongji.settlement.desk import Desk
from gongji.settlement.holds.expiry import expire_holds
from gongji.wallet.following import follow_transfers
from gongji.wallet.service import Wallets
from gongji.wallet.store import take_wallet
from oracle.books import moment
from oracle.family import FAMILY, PARENTS, SPOUSES
from oracle.operations import Story
from oracle.regions import OPENED, rule_book
from oracle.till import TAKES_WALLET
from town import Town

#: The accounts that a person may have, in the oracle's words.
KINDS = {
    "current": AccountKind.PERSONAL_CURRENT,
    "historical": AccountKind.PERSONAL_HISTORICAL,
    "held": AccountKind.PERSONAL_HELD,
    "wallet": AccountKind.WALLET,
    "pot": AccountKind.POT,
}

_OPENED = (AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL)
_PSN_TYPES = {"active": "11", "retired": "12", "resident": "15"}


class Stage:
    """A town in which families are raised and their stories played; to be closed, for its desk's sake."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.rules = rule_book()
        # One writer at the desk serves all: it has to know the places of the tests.
        town.rules = self.rules
        self.desk = Desk(town.database, self.rules, town.clock)
        self.wallets = Wallets(town.database, self.rules, town.clock, self.desk, opened=OPENED)
        self.office = Office(town.database, self.rules, town.clock, self.desk)
        #: Where what is handed in with claims lies.
        self._folder = tempfile.TemporaryDirectory(prefix="gongji-oracle-files-", ignore_cleanup_errors=True)
        self.files = FileStore(Path(self._folder.name), town.vault)
        self._numbers = itertools.count(1)
        self._places: dict[str, dict[str, Institution]] = {
            "211200": {
                "hospital": town.institution("H21120200001"),
                "community": town.institution("H21120200002"),
                "pharmacy": town.institution("P21120200003"),
            },
            "370800": town_of_jining(town),
            "990100": places_nowhere(town, "990101"),
            "995000": places_nowhere(town, "995001"),
        }
        with town.database.transaction() as connection:
            for places in self._places.values():
                for name in TAKES_WALLET:
                    take_wallet(connection, places[name].id, date(2025, 1, 1), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.desk.close()
        self._folder.cleanup()

    def expire(self) -> None:
        """What a running server does every minute: whatever is over goes back, and those who wait for it learn of it."""
        expire_holds(self.town.database, self.town.clock)
        follow_orders(self.office)
        follow_transfers(self.wallets)

    def settle_in(self, stories: Sequence[Story]) -> list[list[int]]:
        """A family for each story, all in one transaction: the ids of its people."""
        town = self.town
        town.clock.set(moment(-1))
        people = [self._newcomer(member, story, number) for number, story in enumerate(stories) for member in FAMILY]
        with town.database.transaction() as connection:
            ids = list(add_people(connection, town.vault, town.database.serials, people).values())
            families = [ids[first : first + len(FAMILY)] for first in range(0, len(ids), len(FAMILY))]
            add_enrolments(
                connection,
                [
                    NewEnrolment(person, _insurance(member, story.region))
                    for story, members in zip(stories, families, strict=True)
                    for member, person in zip(FAMILY, members, strict=True)
                ],
            )
            family.record_kinship(connection, [fact for members in families for fact in _facts(members)], moment(-1))
            money = [
                (kind, person, amount, story.region)
                for story, members in zip(stories, families, strict=True)
                for person, opening in zip(members, story.opening, strict=True)
                if opening is not None
                for kind, amount in zip(_OPENED, opening, strict=True)
            ]
            writer = register_poster(connection, town.database.serials, moment(-1))
            open_balances(connection, writer, town.database.serials, money, moment(-1))
        return families

    def _newcomer(self, member: Any, story: Story, household: int) -> NewPerson:
        district, sequence = divmod(next(self._numbers), 100)
        area, district = divmod(district, 90)
        number = (
            f"{(int(story.region[:4]) + area):04d}{district + 10:02d}{member.born:%Y%m%d}{sequence:02d}{member.gender}"
        )
        certificate = check_certificate(CITIZEN_ID, number + check_digit(number))
        place = f"{story.seed}/{household}"
        return NewPerson(certificate, member.name, member.gender, member.born, story.region, household=place)

    def wallets_with(self, quotas_from: date | None) -> Wallets:
        """The wallets of families for whom quotas begin on a day."""
        return replace(self.wallets, quota_from=quotas_from)

    def place(self, region: str, name: str) -> Institution:
        """Where a purchase is made."""
        return self._places[region][name]


def town_of_jining(town: Town) -> dict[str, Institution]:
    """Two places in Jining beside the hospital that the town has."""
    since = date(2020, 1, 1)
    with town.database.transaction() as connection:
        add_institutions(
            connection,
            [
                NewInstitution(
                    "H37080000002", "任城区社区卫生服务中心", InstitutionKind.HOSPITAL, Tier.TIER_1, "370811", since
                ),
                NewInstitution("P37080000003", "济宁惠民大药房", InstitutionKind.PHARMACY, None, "370811", since),
            ],
        )
    return {
        "hospital": town.institution("H37080000001"),
        "community": town.institution("H37080000002"),
        "pharmacy": town.institution("P37080000003"),
    }


def places_nowhere(town: Town, area: str) -> dict[str, Institution]:
    """A hospital, a community centre and a pharmacy in an area that is nowhere."""
    since = date(2020, 1, 1)
    kinds = {
        "hospital": (f"H{area}00001", InstitutionKind.HOSPITAL, Tier.TIER_3),
        "community": (f"H{area}00002", InstitutionKind.HOSPITAL, Tier.TIER_1),
        "pharmacy": (f"P{area}00003", InstitutionKind.PHARMACY, None),
    }
    with town.database.transaction() as connection:
        made = [NewInstitution(code, name, kind, tier, area, since) for name, (code, kind, tier) in kinds.items()]
        add_institutions(connection, made)
    return {name: town.institution(code) for name, (code, _, _) in kinds.items()}


def _insurance(member: Any, region: str) -> Enrolment:
    scheme, psn_type = Scheme(member.scheme), _PSN_TYPES[member.status]
    return Enrolment(scheme, region, Status(member.status), psn_type, "1", "", False, date(2020, 1, 1), None)


def _facts(members: list[int]) -> Iterable[KinshipFact]:
    for one, other in PARENTS:
        yield KinshipFact(FactKind.PARENT, members[one], members[other], date(1990, 1, 1), None, "register")
    for one, other in SPOUSES:
        low, high = sorted((members[one], members[other]))
        yield KinshipFact(FactKind.SPOUSE, low, high, date(1980, 1, 1), None, "register")

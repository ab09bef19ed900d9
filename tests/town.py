"""A town for tests: two hospitals, a pharmacy, a small catalogue, and families that a test puts in."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from gongji.family.tables import authorisation
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.clock import CHINA, MovableClock
from gongji.foundation.database import Database
from gongji.foundation.ids import bucket_of, compose
from gongji.foundation.personal import Vault
from gongji.foundation.workdays import WEEKDAYS
from gongji.ledger.model import AccountKind
from gongji.ledger.service import balances_of, open_balances, register_poster
from gongji.oversight import freezes
from gongji.registry.certificate import CITIZEN_ID, check_certificate, check_digit
from gongji.registry.entering import add_catalogue, add_enrolments, add_institutions, add_people
from gongji.registry.entries import NewCatalogueItem, NewEnrolment, NewInstitution, NewPerson
from gongji.registry.model import CatalogueItem, Enrolment, Institution, InstitutionKind, ItemClass
from gongji.registry.service import institution_by_code
from gongji.rules.book import RuleBook
from gongji.rules.model import Scheme, Status, Tier
from gongji.settlement.desk import Clerk
from gongji.settlement.model import (
    AccountUse,
    Command,
    MessageKey,
    PricedLine,
    RegisterVisit,
    Reverse,
    Settlement,
    SettlePurchase,
    SettleVisit,
)
from gongji.settlement.visits import register_visit, upload_lines
from gongji.settlement.wanted import Job

TIELING, JINING = "211200", "370800"

#: code, name, class, first-self-pay per ten thousand, ceiling in yuan
ITEMS = (
    ("C-A", "CT平扫", "A", 0, None),
    ("C-B", "阿托伐他汀", "B", 1000, 195),
    ("C-C", "自费贴膏", "C", 10000, None),
)

#: The bill of the worked example: ¥1,268.50 = 68.50 self-paid + 10.00 over the limit + 39.00 first-self-pay + 1,151.00.
EXAMPLE_BILL = (("C-A", 1, "800.00"), ("C-B", 2, "200.00"), ("C-C", 1, "68.50"))


@dataclass
class Town:
    """People, institutions and money in one database, with a clerk that settles."""

    database: Database
    vault: Vault
    clock: MovableClock
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    rules: RuleBook = field(default_factory=RuleBook.shipped)
    _clerk: Clerk | None = None

    def __post_init__(self) -> None:
        since = date(2020, 1, 1)
        with self.database.transaction() as connection:
            hospital, pharmacy = InstitutionKind.HOSPITAL, InstitutionKind.PHARMACY
            add_institutions(
                connection,
                [
                    NewInstitution("H21120200001", "铁岭市中心医院", hospital, Tier.TIER_3, "211202", since),
                    NewInstitution("H21120200002", "银州区社区卫生服务中心", hospital, Tier.TIER_1, "211202", since),
                    NewInstitution("P21120200003", "银州惠民大药房", pharmacy, None, "211202", since),
                    NewInstitution("H37080000001", "济宁市第一人民医院", hospital, Tier.TIER_3, "370811", since),
                ],
            )
            items = [
                CatalogueItem(
                    code, name, ItemClass(kind), share, ceiling and ceiling * 10**6, "09", False, False, False
                )
                for code, name, kind, share, ceiling in ITEMS
            ]
            add_catalogue(connection, [NewCatalogueItem("000000", item, since) for item in items])
            self.items = {item.code: item for item in items}

    @property
    def clerk(self) -> Clerk:
        """One writer at the desk, made on first use."""
        if self._clerk is None:
            self._clerk = Clerk(self.database, self.rules, self.clock)
        return self._clerk

    def institution(self, code: str) -> Institution:
        """An institution by its code."""
        with self.database.transaction() as connection:
            found = institution_by_code(connection, code)
        assert found is not None
        return found

    def person(
        self,
        name: str,
        born: str,
        status: str,
        *,
        balance: int | None = None,
        historical: int = 0,
        region: str = TIELING,
        household: str = "家",
        gender: int = 1,
        since: date = date(2020, 1, 1),
        **insured: Any,
    ) -> int:
        """Put a person in, with insurance since 2020 and, unless `balance` is None, accounts (fen); gives the id.

        What else is known of the insurance (`late`, `civil_servant` …) goes into the enrolment.
        """
        # The sequence has two digits before the one for the sex; more people of one birthday take another district.
        district, sequence = divmod(next(self.numbers), 100)
        number = f"{region[:4]}{district % 90 + 10:02d}{born.replace('-', '')}{sequence:02d}{gender}"
        certificate = check_certificate(CITIZEN_ID, number + check_digit(number))
        with self.database.transaction() as connection:
            new = NewPerson(certificate, name, str(gender), date.fromisoformat(born), region, household=household)
            (person_id,) = add_people(connection, self.vault, self.database.serials, [new]).values()
            scheme = Scheme.RESIDENT if status == "resident" else Scheme.EMPLOYEE
            psn_type = {"active": "11", "retired": "12", "resident": "15"}[status]
            enrolment = Enrolment(scheme, region, Status(status), psn_type, "1", "", False, since, None)
            enrolment = replace(enrolment, **insured)
            add_enrolments(connection, [NewEnrolment(person_id, enrolment)])
            if balance is not None:
                writer = register_poster(connection, self.database.serials, self.clock.now())
                current, past = AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL
                money = [(current, person_id, balance, region), (past, person_id, historical, region)]
                open_balances(connection, writer, self.database.serials, money, self.clock.now())
        return person_id

    def share(
        self,
        sharer: int,
        user: int,
        *,
        relation: str = "parent",
        since: datetime = datetime(2024, 1, 1, tzinfo=CHINA),
        **more: Any,
    ) -> int:
        """An authorisation in force, put straight into the table; gives its id."""
        bucket = bucket_of(user)
        authorisation_id = compose(self.database.serials.take(1)[0], bucket)
        values = {
            "bucket": bucket,
            "id": authorisation_id,
            "user_id": user,
            "sharer_id": sharer,
            "region": TIELING,
            "relation": relation,
            "procedure": "review",
            "state": "active",
            "exclusive": False,
            "purposes": ["care", "pharmacy"],
            "in_force": sa.func.tstzrange(since, None),
            "made_at": since,
            "pack_digest": "",
        }
        with self.database.transaction() as connection:
            connection.execute(authorisation.insert().values(values | more))
        return authorisation_id

    def freeze(
        self, person_id: int, reason: str = "holder_asked", until: date | None = None, region: str = TIELING
    ) -> int:
        """An officer of the region freezes somebody's account; gives the freeze's number."""
        with self.database.transaction() as connection:
            made = freezes.freeze(
                connection,
                WEEKDAYS,
                person_id=person_id,
                region=region,
                reason=reason,
                until=until,
                note="",
                caller=Caller(Role.OFFICER, "0210", None, region, frozenset({Duty.REVIEWER})),
                at=self.clock.now(),
            )
        return made.id

    def key(self, institution: Institution, infno: str, msgid: str | None = None, content: str = "") -> MessageKey:
        """A message's key; without a msgid, a fresh one."""
        msgid = msgid or f"{institution.code}{next(self.numbers):018d}"
        return MessageKey(institution.id, infno, msgid, (content or msgid).encode().ljust(32, b"."))

    def lines(self, *bill: tuple[str, int, str], batch: str = "1") -> tuple[PricedLine, ...]:
        """Fee lines from (item, count, unit price in yuan)."""
        made = []
        for code, count, price in bill:
            cents = round(float(price) * 100)
            sn = f"{next(self.numbers)}"
            item = self.items.get(code)
            made.append(
                PricedLine(sn, batch, item, code, code, self.clock.now(), count * 10**4, cents * 10**4, count * cents)
            )
        return tuple(made)

    def visit(self, patient: int, hospital: Institution, *bill: tuple[str, int, str]) -> tuple[int, int]:
        """Register a visit and upload its lines; gives the visit's id and the total in fen."""
        scheme = self.scheme_of(patient)
        command = RegisterVisit(self.key(hospital, "2201"), patient, "门诊1", scheme, self.clock.now(), {})
        registered = register_visit(self.database, command, self.clock.now())
        lines = self.lines(*bill)
        with self.database.transaction() as connection:
            upload_lines(connection, hospital, patient, registered.id, lines)
        return registered.id, sum(line.total for line in lines)

    def scheme_of(self, person_id: int) -> Scheme:
        """The person's scheme."""
        with self.database.transaction() as connection:
            found = connection.execute(
                sa.text("SELECT DISTINCT scheme FROM enrolment WHERE person_id = :id"), {"id": person_id}
            )
            return Scheme(found.scalar_one())

    def settle_visit(
        self, patient: int, hospital: Institution, visit_id: int, total: int, use: str = "1", **key: str
    ) -> SettleVisit:
        """The command to settle a visit."""
        return SettleVisit(
            key=self.key(hospital, "2207", **key),
            institution=hospital,
            person_id=patient,
            visit_id=visit_id,
            batch=None,
            total=total,
            account_use=AccountUse(use),
            scheme=self.scheme_of(patient),
            med_type="11",
            certificate_kind="02",
        )

    def purchase(
        self, patient: int, pharmacy: Institution, *bill: tuple[str, int, str], use: str = "1", **key: str
    ) -> SettlePurchase:
        """The command to settle a purchase."""
        lines = self.lines(*bill)
        return SettlePurchase(
            key=self.key(pharmacy, "2102", **key),
            institution=pharmacy,
            person_id=patient,
            lines=lines,
            total=sum(line.total for line in lines),
            account_use=AccountUse(use),
            scheme=self.scheme_of(patient),
            med_type="41",
            certificate_kind="02",
            began_at=self.clock.now(),
        )

    def reversal(self, settlement: Settlement, institution: Institution, **key: str) -> Reverse:
        """The command to take a settlement back."""
        wire = self.key(institution, "2208", **key)
        return Reverse(wire, institution, settlement.person_id, settlement.visit_id, settlement.id)

    def do(self, *commands: Job) -> list[Any]:
        """Settle commands in one batch: settlements (receipts of holds) and refusals, in order."""
        return self.clerk.handle([(command, False) for command in commands])

    def settled(self, command: Command) -> Settlement:
        """Settle one command that goes through."""
        (outcome,) = self.do(command)
        assert isinstance(outcome, Settlement), outcome
        return outcome

    def balance(self, person_id: int) -> int:
        """All in a person's accounts, fen."""
        with self.database.transaction() as connection:
            return sum(balances_of(connection, person_id).values())

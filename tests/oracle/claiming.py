"""What a family and its agency do with bills paid in cash, on the platform itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from PIL import Image

from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.documents import Document, read_document
from gongji.foundation.ids import bucket_of
from gongji.foundation.workdays import WEEKDAYS
from gongji.ledger.history import balance_at
from gongji.ledger.model import AccountKind, fund_holder, open_account, personal_account
from gongji.reimbursement import casework, deciding, filling, paying, service, store
from gongji.reimbursement.casework import OfficersDoing
from gongji.reimbursement.deciding import Proposal
from gongji.reimbursement.model import Claim, LineWord
from gongji.reimbursement.service import Doing
from gongji.rules.model import Scheme
from oracle.books import moment
from oracle.operations import File, StepOfClaim, Story
from oracle.stage import Stage

_DUTIES = frozenset({Duty.REVIEWER, Duty.SECOND_REVIEWER, Duty.CLEARING_CLERK})

_FUNDS = (AccountKind.FUND_POOL, AccountKind.FUND_LARGE, AccountKind.FUND_CIVIL, AccountKind.FUND_AID)

#: A minute that no story reaches.
_AFTER_ALL = 10_000_000


class Claiming:
    """One family's claims."""

    def __init__(self, stage: Stage, story: Story, members: list[int]) -> None:
        self.stage = stage
        self.database = stage.town.database
        self.region = story.region
        self.members = members
        self._made: dict[int, int] = {}
        self._patients: set[int] = set()

    @property
    def steps(self) -> dict[type, Callable[[Any], Any]]:
        """What does each kind of operation."""
        return {File: self.file, StepOfClaim: self.step}

    def file(self, one: File) -> str:
        """Begin a claim, fill it in and hand it in; a key that was used before gives what it made."""
        key = one.n if one.again is None else one.again
        with self.database.transaction() as connection:
            doing = self._doing(connection, one.patient, one.at)
            made = service.begin(doing, self.database.serials, why="platform_down", key=f"claim-{key:04d}")
            if key not in self._made:
                self._fill_in(doing, made.id, one)
                made = service.submit(doing, WEEKDAYS, made.id)
        assert self._made.setdefault(key, made.id) == made.id, f"{one}: claimed twice"
        self._patients.add(one.patient)
        return str(made.state)

    def step(self, one: StepOfClaim) -> str:
        """Somebody's step, in a transaction of its own."""
        if one.of not in self._made:
            return "nothing"
        claim = self._made[one.of]
        with self.database.transaction() as connection:
            if isinstance(one.by, str):
                after = self._officers_step(self._officer(connection, one.by, one.at), claim, one)
            else:
                after = self._persons_step(self._doing(connection, one.by, one.at), claim, one)
        return str(after.state)

    def seen_by(self, connection: sa.Connection, person: int, at: int) -> list[tuple[str, int, int]]:
        """A person's claims: how they stand, what the funds pay, what banks carried."""
        found = service.claims(self._doing(connection, person, at))
        told = []
        for one in found:
            payments = store.payments_of(connection, one.id)
            carried = sum(paid.amount if paid.kind == "paid" else -paid.amount for paid in payments)
            told.append((str(one.state), sum(made.funds for made in store.decisions_of(connection, one.id)), carried))
        return sorted(told)

    def owed_at(self, connection: sa.Connection, person: int, at: int) -> int:
        """What was owed to a person at a minute, fen."""
        account = personal_account(AccountKind.PAYABLE_PERSON, self.members[person])
        return balance_at(connection, [account], moment(at))

    def owed(self) -> dict[int, int]:
        """What is owed to each who has claimed."""
        if not self._patients:
            return {}
        with self.database.engine.connect() as connection:
            return {person: self.owed_at(connection, person, _AFTER_ALL) for person in sorted(self._patients)}

    def region_books(self) -> dict[str, int]:
        """What the region's funds and its bank hold in the family's bucket, fen."""
        bucket = bucket_of(self.members[0])
        funds = [open_account(kind, fund_holder(self.region, scheme), bucket) for kind in _FUNDS for scheme in Scheme]
        bank = [open_account(AccountKind.TREASURY, int(self.region), bucket)]
        with self.database.engine.connect() as connection:
            return {
                name: self._moved(connection, bucket, ones) for name, ones in (("funds", funds), ("treasury", bank))
            }

    @staticmethod
    def _moved(connection: sa.Connection, bucket: int, accounts: list[int]) -> int:
        moved = (
            "SELECT coalesce(sum(CASE WHEN credit = ANY(:accounts) THEN amount ELSE -amount END), 0)::bigint FROM transfer"
            " WHERE bucket = :bucket AND (credit = ANY(:accounts) OR debit = ANY(:accounts))"
        )
        return int(connection.execute(sa.text(moved), {"accounts": accounts, "bucket": bucket}).scalar_one())

    def _fill_in(self, doing: Doing, claim: int, one: File) -> None:
        on = doing.today - timedelta(days=one.back)
        filling.set_institution(doing, claim, self.stage.place(self.region, one.place).code)
        med_type = "41" if one.place == "pharmacy" else "11"
        filling.set_visit(doing, claim, med_type=med_type, disease="", began_on=on, ended_on=None)
        filling.set_invoices(doing, claim, [self._number(one.invoice)])
        filling.set_lines(doing, claim, _lines(one.items))
        for kind in ("detail", "prescription"):
            filling.hand_in_document(doing, self.stage.files, claim, kind, _photo())
        filling.set_bank(doing, claim, bank="银行", account="6222021100001234", holder="本人", own=True)

    def _persons_step(self, doing: Doing, claim: int, one: StepOfClaim) -> Claim:
        match one.what:
            case "mend":
                if one.word == "lines":
                    filling.set_lines(doing, claim, _lines(one.items))
                else:
                    filling.set_invoices(doing, claim, [self._number(one.invoice)])
                return service.submit(doing, WEEKDAYS, claim)
            case "submit":
                return service.submit(doing, WEEKDAYS, claim)
            case "withdraw":
                return service.withdraw(doing, claim)
            case "appeal":
                return service.appeal(doing, WEEKDAYS, claim, "请再看一下")
        filling.set_bank(doing, claim, bank="另一家银行", account="6222021100005678", holder="本人", own=True)
        return service.claim_of(doing, claim)

    def _officers_step(self, doing: OfficersDoing, claim: int, one: StepOfClaim) -> Claim:
        rules, serials = self.stage.rules, self.database.serials
        words = dict.fromkeys(one.out, LineWord.TWICE)
        again = {"task": one.word, "reason": "differs", "document": "", "note": ""}
        steps: dict[str, Callable[[], Claim]] = {
            "take": lambda: casework.take(doing, claim),
            "release": lambda: casework.release(doing, claim),
            "return": lambda: casework.return_task(doing, WEEKDAYS, claim, **again),
            "decide": lambda: deciding.decide(doing, rules, serials, claim, Proposal(words)),
            "refuse": lambda: deciding.refuse(doing, claim, one.word),
            "uphold": lambda: deciding.uphold(doing, claim, "没有变化"),
            "agree": lambda: deciding.second_opinion(doing, rules, serials, claim, agree=True, note=""),
            "disagree": lambda: deciding.second_opinion(doing, rules, serials, claim, agree=False, note="再看"),
            "take_back": lambda: paying.take_back(doing, serials, claim, one.word),
            "paid": lambda: paying.paid(doing, serials, claim, one.word),
            "bounced": lambda: paying.bounced(doing, serials, claim, one.word),
            "recovered": lambda: paying.recovered(doing, serials, claim, one.word),
        }
        return steps[one.what]()

    def _number(self, invoice: int) -> str:
        """An electronic invoice's, for which no photo is wanted."""
        return f"{self.members[0] % 10**14:014d}{invoice:06d}"

    def _doing(self, connection: sa.Connection, person: int, at: int) -> Doing:
        caller = Caller(Role.CITIZEN, "citizen", self.members[person])
        return Doing(connection, self.stage.town.vault, self.members[person], caller, moment(at))

    def _officer(self, connection: sa.Connection, name: str, at: int) -> OfficersDoing:
        caller = Caller(Role.OFFICER, name, region=self.region, duties=_DUTIES)
        return OfficersDoing(connection, self.stage.town.vault, caller, moment(at))


def _lines(items: tuple[tuple[str, int, int], ...]) -> list[tuple[str, str, int, int]]:
    return [(code, code, count, count * price) for code, count, price in items]


@cache
def _photo() -> Document:
    """A photographed paper, as small as one can be."""
    drawn = BytesIO()
    Image.new("RGB", (8, 8), "white").save(drawn, "PNG")
    return read_document(drawn.getvalue())

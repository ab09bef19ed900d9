"""An office of clearing for tests: people who are treated elsewhere, months that are closed, clerks of both regions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest

from gongji.clearing.monthly import closing, payments, statements, store
from gongji.clearing.monthly.advances import advances
from gongji.clearing.monthly.gather import gather
from gongji.clearing.monthly.model import Advance, Bill, Dispute, Payment, Position, Statement
from gongji.clearing.monthly.terms import TermBook, load_terms
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.ledger.model import AccountKind
from gongji.ledger.rollup import open_balance
from gongji.settlement.model import Settlement
from town import EXAMPLE_BILL, JINING, TIELING, Town

JINING_HOSPITAL = "H37080000001"


def clerk(region: str, number: str = "0213") -> Caller:
    """A clearing clerk."""
    return Caller(Role.OFFICER, number, None, region, frozenset({Duty.CLEARING_CLERK}))


def second(region: str, number: str = "0299") -> Caller:
    """An officer for second opinions."""
    return Caller(Role.OFFICER, number, None, region, frozenset({Duty.SECOND_REVIEWER}))


@dataclass
class Office:
    """The town with what clearing makes of its books."""

    town: Town
    terms: TermBook = field(default_factory=load_terms)

    def at(self, *moment: int) -> None:
        """Another moment, in China."""
        self.town.clock.set(datetime(*moment, tzinfo=CHINA))  # type: ignore[misc]

    def treated_in_jining(self, patient: int, *bill: tuple[str, int, str], use: str = "1") -> Settlement:
        """A visit to the hospital in Jining, settled."""
        hospital = self.town.institution(JINING_HOSPITAL)
        visit, total = self.town.visit(patient, hospital, *(bill or EXAMPLE_BILL))
        return self.town.settled(self.town.settle_visit(patient, hospital, visit, total, use))

    def taken_back(self, one: Settlement, code: str = JINING_HOSPITAL) -> Settlement:
        """The hospital takes it back."""
        return self.town.settled(self.town.reversal(one, self.town.institution(code)))

    def positions(self, month: date) -> list[Position]:
        """What is owed for a month, by now."""
        gather(self.town.database)
        with self.town.database.transaction() as connection:
            return store.positions(connection, month)

    def close(self, month: date, *on: int) -> closing.Closed:
        """Close a month at a moment."""
        if on:
            self.at(*on)
        return closing.close_month(self.town.database, self.terms, month, clerk(TIELING), self.town.clock.now())

    def statement(self, month: date, debtor: str = TIELING, creditor: str = JINING) -> Statement:
        """The statement of a month and pair."""
        with self.town.database.transaction() as connection:
            found = store.statement_of(connection, month, debtor, creditor)
        assert found is not None
        return found

    def accept(self, one: Statement) -> Statement:
        """The owing region accepts a statement."""
        return self.accept_as(one, clerk(one.debtor))

    def accept_as(self, one: Statement, caller: Caller) -> Statement:
        """Somebody accepts a statement."""
        with self.town.database.transaction() as connection:
            return statements.accept(connection, one.id, caller=caller, at=self.town.clock.now())

    def disputes(self, one: Statement, journal_id: int, **more: Any) -> Dispute:
        """The owing region does not know what a settlement took from the patient's own account."""
        values = {"kind": "own", "reason": "not_ours", "note": "该人 2024 年 5 月已转出", "caller": clerk(one.debtor)}
        with self.town.database.transaction() as connection:
            return statements.dispute(
                connection, one.id, at=self.town.clock.now(), **({"journal_id": journal_id} | values | more)
            )

    def answers(self, number: int, outcome: str, caller: Caller | None = None) -> Dispute:
        """The region that is owed answers."""
        with self.town.database.transaction() as connection:
            return statements.answer(
                connection,
                number,
                outcome=outcome,
                words="参保关系当月有效，见附件",
                caller=caller or clerk(JINING),
                at=self.town.clock.now(),
            )

    def advances(self) -> list[Advance]:
        """All advances."""
        with self.town.database.transaction() as connection:
            return advances(connection, self.terms, self.town.clock.now().date())

    def asks(self, one: Statement, amount: int, reference: str = "YH-20240703-1", **more: Any) -> Payment:
        """A clerk of the owing region asks to pay a statement."""
        now = self.town.clock.now()
        values = {"amount": amount, "reference": reference, "paid_on": now.date(), "caller": clerk(one.debtor)}
        with self.town.database.transaction() as connection:
            return payments.pay_statement(connection, one.id, at=now, **(values | more))

    def advance(self, amount: int, reference: str = "YF-2024-1", **more: Any) -> Payment:
        """A clerk of Tieling asks to pay Jining in advance."""
        now = self.town.clock.now()
        values = {"payer": TIELING, "payee": JINING, "amount": amount, "reference": reference, "paid_on": now.date()}
        with self.town.database.transaction() as connection:
            return payments.pay_advance(connection, caller=clerk(TIELING), at=now, **(values | more))

    def agreed(self, one: Payment, *, agree: bool = True, by: Caller | None = None) -> Payment:
        """A second officer decides."""
        with self.town.database.transaction() as connection:
            return payments.second_opinion(
                connection,
                self.town.database.serials,
                one.id,
                agree=agree,
                caller=by or second(one.payer),
                at=self.town.clock.now(),
            )

    def bill(self, month: date, code: str) -> Bill:
        """An institution's bill of a month."""
        with self.town.database.transaction() as connection:
            (found,) = (one for one in store.bills(connection, month, "") if one.code == code)
        return found

    def asks_bill(self, one: Bill, amount: int, reference: str = "BF-20240703-1", **more: Any) -> Payment:
        """A clerk of the institution's region asks to pay a bill."""
        now = self.town.clock.now()
        values = {"amount": amount, "reference": reference, "paid_on": now.date(), "caller": clerk(one.region)}
        with self.town.database.transaction() as connection:
            return payments.pay_bill(connection, one.id, at=now, **(values | more))

    def holds(self, kind: AccountKind, holder: int) -> int:
        """What an open account holds, fen."""
        with self.town.database.snapshot() as connection:
            return open_balance(connection, kind, holder)


def refusal(work: Any, *args: Any, **more: Any) -> GongjiError:
    """The refusal that something meets."""
    with pytest.raises(GongjiError) as met:
        work(*args, **more)
    return met.value

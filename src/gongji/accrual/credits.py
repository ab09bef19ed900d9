"""Monthly credits of personal accounts: from the region's income into the account, a month once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa

from gongji.accrual import refusals, store
from gongji.accrual.decide import check_line, decide_credit, enrolment_in, rule_for
from gongji.accrual.model import Credit, CreditFacts, CreditLine, CreditReport
from gongji.accrual.store import AccountRow
from gongji.accrual.year_end import turns_of, write_turns
from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.clock import CHINA, Clock
from gongji.foundation.database import Database
from gongji.foundation.errors import GongjiError
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.ledger.model import AccountKind, Journal, JournalKind, Transfer, open_account, personal_account
from gongji.ledger.service import PERSONAL, post, register_poster
from gongji.registry.service import births_of, enrolments_by_person
from gongji.rules.book import RuleBook

#: Lines a transaction takes.
BATCH: Final = 2_000

#: Told how many lines are done and how many there are; each counts once checked and once credited.
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class _Sum:
    """What a run has come to so far."""

    posted: int = 0
    amount: int = 0
    unchecked: int = 0
    already: int = 0
    turned: int = 0
    refused: dict[int, GongjiError] = field(default_factory=dict)

    def add(self, batch: _Batch) -> None:
        """Count what came of a batch."""
        fresh = [credit for credit in batch.credits.values() if not credit.already]
        self.posted += len(fresh)
        self.amount += sum(credit.amount for credit in fresh)
        self.unchecked += sum(not credit.checked for credit in fresh)
        self.already += len(batch.credits) - len(fresh)
        self.turned += batch.turned
        self.refused |= batch.refused

    def report(self) -> CreditReport:
        """As it is told."""
        return CreditReport(
            self.posted, self.amount, self.unchecked, self.already, self.turned, dict(sorted(self.refused.items()))
        )


@dataclass(slots=True)
class _Batch:
    """What was decided on some lines, by their position in the whole."""

    credits: dict[int, Credit] = field(default_factory=dict)
    refused: dict[int, GongjiError] = field(default_factory=dict)
    turned: int = 0


def post_credits(
    database: Database,
    rules: RuleBook,
    clock: Clock,
    lines: Sequence[CreditLine],
    *,
    caller: Caller,
    source: str,
    progress: Progress = lambda done, total: None,
    dry_run: bool = False,
    despite_refusals: bool = False,
    batch: int = BATCH,
) -> CreditReport:
    """Credit a month's lines. All are checked first; then they are credited in batches that commit one by one.

    A line that was credited before, with the same amount, is counted and left alone: a run that was stopped is simply
    started again. Money for a year whose turn an account has seen goes to the historical account; money for a new year
    turns the account first.

    Args:
        database: where the books are.
        rules: compute amounts, or confirm them.
        clock: tells the moment.
        lines: the lines, each of a registered person.
        caller: who does it. source: digest of the file, both for the audit.
        progress: told after each batch.
        dry_run: check and add up, write nothing.
        despite_refusals: credit the good lines although others are refused; otherwise nothing is credited then.
        batch: lines a transaction takes.

    Returns:
        Counts, and why each refused line was.
    """
    total = len(lines) * (1 if dry_run else 2)
    checked, twice = _Sum(), _repeated(lines)
    progress(0, total)
    for start, chunk in _chunks(lines, batch):
        with database.transaction() as connection:
            decided = _decide(connection, rules, chunk, start, clock.now())
        checked.add(decided)
        progress(start + len(chunk), total)
    checked.refused |= twice
    if dry_run or (checked.refused and not despite_refusals):
        written = checked if dry_run else _Sum(refused=checked.refused)
        return written.report()
    written = _Sum(refused=dict(checked.refused))
    for start, chunk in _chunks(lines, batch):
        kept = [(at, line) for at, line in enumerate(chunk, start) if at not in checked.refused]
        if kept:
            written.add(_post(database, rules, kept, clock.now()))
        progress(len(lines) + start + len(chunk), total)
    with database.transaction() as connection:
        counts = {"posted": written.posted, "already": written.already, "refused": len(written.refused)}
        audit.record(connection, caller, "accrual.credit", at=clock.now(), sha256=source, fen=written.amount, **counts)
    return written.report()


def _chunks(lines: Sequence[CreditLine], size: int) -> Iterator[tuple[int, Sequence[CreditLine]]]:
    for start in range(0, len(lines), size):
        yield start, lines[start : start + size]


def _repeated(lines: Sequence[CreditLine]) -> dict[int, GongjiError]:
    seen: set[tuple[object, ...]] = set()
    refused: dict[int, GongjiError] = {}
    for at, line in enumerate(lines):
        key = (line.person_id, line.month, line.kind)
        if key in seen:
            refused[at] = refusals.twice_in_file()
        seen.add(key)
    return refused


def _decide(
    connection: sa.Connection, rules: RuleBook, chunk: Sequence[CreditLine], start: int, at: datetime
) -> _Batch:
    """Decide lines without writing: what the checking pass needs."""
    placed = list(enumerate(chunk, start))
    accounts = store.read_accounts(connection, _accounts_of(placed))
    return _decisions(connection, rules, placed, accounts, at)


def _post(database: Database, rules: RuleBook, placed: Sequence[tuple[int, CreditLine]], at: datetime) -> _Batch:
    """Decide lines again, under lock, and write them in one transaction."""
    with database.transaction() as connection:
        ids = _accounts_of(placed)
        accounts = store.lock_accounts(connection, ids)
        store.open_accounts(connection, set(ids) - set(accounts))
        decided = _decisions(connection, rules, placed, accounts, at)
        fresh = [credit for credit in decided.credits.values() if not credit.already]
        if fresh:
            balances = {account: row.balance for account, row in accounts.items()}
            journals, turned = _turn_first(connection, database.serials, fresh, balances, at)
            decided.turned = len(journals)
            credited = _journals(fresh, turned, database.serials, at)
            journals += [journal for _, journal in credited]
            post(connection, register_poster(connection, database.serials, at), journals)
            store.write_credits(connection, [(credit, journal.id) for credit, journal in credited], at)
    return decided


def _decisions(
    connection: sa.Connection,
    rules: RuleBook,
    placed: Sequence[tuple[int, CreditLine]],
    accounts: Mapping[int, AccountRow],
    at: datetime,
) -> _Batch:
    people = {line.person_id for _, line in placed}
    births, enrolments = births_of(connection, people), enrolments_by_person(connection, people)
    known = store.credited(connection, people, {line.month for _, line in placed})
    today = at.astimezone(CHINA).date()
    batch = _Batch()
    for place, line in placed:
        facts = CreditFacts(
            births.get(line.person_id),
            tuple(enrolments.get(line.person_id, ())),
            _closed_on(line.person_id, accounts),
            known.get((line.person_id, line.month, line.kind)),
        )
        try:
            batch.credits[place] = _decision(rules, line, facts, today)
        except GongjiError as refusal:
            batch.refused[place] = refusal
    return batch


def _decision(rules: RuleBook, line: CreditLine, facts: CreditFacts, today: date) -> Credit:
    check_line(line, today)
    if facts.born_on is None:
        raise refusals.person_unknown()
    region = enrolment_in(line, facts).region
    return decide_credit(line, facts, region, rule_for(line, region, rules))


def _turn_first(
    connection: sa.Connection, serials: Serials, credits: Sequence[Credit], balances: dict[int, int], at: datetime
) -> tuple[list[Journal], dict[int, int]]:
    """Turn the accounts that are about to get money of a year whose eve they have not seen.

    Returns:
        The journals, and for every person the last year that the account has seen the end of.
    """
    people = {credit.line.person_id for credit in credits}
    turned, journals = store.turned_years(connection, people), list[Journal]()
    for year in sorted({credit.line.month.year for credit in credits}):
        of_year = {credit.line.person_id for credit in credits if credit.line.month.year == year}
        late = [person for person in sorted(of_year) if turned.get(person, 0) < year - 1]
        turns = turns_of(connection, serials, late, balances, year - 1, at)
        write_turns(connection, year - 1, turns, at)
        journals += turns.journals
        turned |= dict.fromkeys(late, year - 1)
        for leg in (leg for journal in turns.journals for leg in journal.transfers):
            for account, amount in ((leg.debit, -leg.amount), (leg.credit, leg.amount)):
                if account in balances:
                    balances[account] += amount
    return journals, turned


def _journals(
    credits: Sequence[Credit], turned: Mapping[int, int], serials: Serials, at: datetime
) -> list[tuple[Credit, Journal]]:
    """A journal for each credit; money of a year that is over is historical at once."""
    made = []
    for number, credit in zip(serials.take(len(credits), at), credits, strict=True):
        person = credit.line.person_id
        over = credit.line.month.year <= turned.get(person, 0)
        kind = AccountKind.PERSONAL_HISTORICAL if over else AccountKind.PERSONAL_CURRENT
        income = open_account(AccountKind.INCOME, int(credit.region), bucket_of(person))
        leg = Transfer(income, personal_account(kind, person), credit.amount)
        made.append((credit, Journal(compose(number, bucket_of(person)), JournalKind.ACCRUAL, None, at, (leg,))))
    return made


def _accounts_of(placed: Sequence[tuple[int, CreditLine]]) -> list[int]:
    people = {line.person_id for _, line in placed}
    return [personal_account(kind, person) for person in people for kind in PERSONAL]


def _closed_on(person_id: int, accounts: Mapping[int, AccountRow]) -> date | None:
    row = accounts.get(personal_account(AccountKind.PERSONAL_CURRENT, person_id))
    return row.closed_at.astimezone(CHINA).date() if row is not None and row.closed_at is not None else None

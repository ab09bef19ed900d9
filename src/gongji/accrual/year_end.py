"""The turn of the year: what stands in the current account becomes historical.

A current account only ever holds money of one year: whoever brings in money of a new one turns the account first. So the
turn moves the whole balance, and it does not matter on which day of January, or in how many runs, a region is turned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final

import sqlalchemy as sa

from gongji.accrual import refusals, store
from gongji.accrual.model import Turn, YearReport
from gongji.accrual.pots import pots_over_the_year, tell_of_pots
from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.clock import CHINA, Clock
from gongji.foundation.database import Database
from gongji.foundation.distribution import is_spread
from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.ledger import store as ledger
from gongji.ledger.model import AccountKind, Journal, JournalKind, Transfer, personal_account
from gongji.ledger.pot_store import write_moves
from gongji.ledger.pots import PotMove
from gongji.ledger.service import post, register_poster

#: Accounts a transaction takes: long enough to be fast, short enough that a settlement behind it hardly waits.
BATCH: Final = 1_000

#: Told how many accounts are done and how many there are.
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Turns:
    """The turns of one transaction: their journals, what each person's account has seen, and the moves of pots."""

    journals: list[Journal] = field(default_factory=list)
    turned: dict[int, Turn] = field(default_factory=dict)
    moves: list[PotMove] = field(default_factory=list)


def turn_year(
    database: Database,
    clock: Clock,
    region: str,
    year: int,
    *,
    caller: Caller,
    progress: Progress = lambda done, total: None,
    dry_run: bool = False,
    batch: int = BATCH,
) -> YearReport:
    """Turn the year of every account of a region, in batches that commit one by one.

    Whenever it is stopped, the next run goes on with the accounts that are left; an account is turned once a year,
    which the database holds. Settlements go on meanwhile. No interest is credited: no pack knows a rule for it.

    Args:
        database: where the books are.
        clock: tells the moment.
        region: six-digit pooling region, or a province for all its cities.
        year: the year that ended.
        caller: who does it, for the audit.
        progress: told after each batch.
        dry_run: count and add up, write nothing.
        batch: accounts a transaction takes.

    Raises:
        InvalidInput: ``region.invalid``. Refused: ``year.not_over``.
    """
    if len(region) != 6 or not (region.isascii() and region.isdigit()):
        raise refusals.region_shape()
    today = clock.now().astimezone(CHINA).date()
    if today.year <= year:
        raise refusals.year_not_over(year)
    with database.transaction() as connection:
        waiting, already = store.count_accounts(connection, region, year, today)
        if not dry_run:
            audit.record(
                connection, caller, "accrual.turn_year", at=clock.now(), region=region, year=year, waiting=waiting
            )
    accounts = carried = 0
    last = -1
    progress(0, waiting)
    while True:
        with database.transaction() as connection:
            people = store.next_to_turn(connection, region, year, today, last, batch)
            if not people:
                break
            turned = turn_people(connection, database.serials, people, year, clock.now(), dry_run=dry_run)
        last = people[-1]
        accounts += len(turned)
        carried += sum(turn.carried for turn in turned.values())
        progress(accounts, max(waiting, accounts))
    return YearReport(accounts, carried, already)


def turn_people(
    connection: sa.Connection,
    serials: Serials,
    people: Sequence[int],
    year: int,
    at: datetime,
    *,
    dry_run: bool = False,
) -> dict[int, Turn]:
    """Turn the current accounts of people, but those that are closed or were turned before.

    Args:
        connection: a transaction; the accounts are locked in it.
        serials: for the journals' ids.
        people: whose accounts.
        year: the year that ended; the caller knows that it has.
        at: now.
        dry_run: work it out, write nothing.

    Returns:
        What was turned, by person.
    """
    ids = [personal_account(kind, person) for person in people for kind in _BOTH]
    balances = {
        account: row.balance for account, row in store.lock_accounts(connection, ids).items() if not row.closed_at
    }
    turned = store.turned_years(connection, people)
    waiting = [
        person
        for person in people
        if turned.get(person, 0) < year and personal_account(AccountKind.PERSONAL_CURRENT, person) in balances
    ]
    turns = turns_of(connection, serials, waiting, balances, year, at)
    if not dry_run and turns.turned:
        if turns.journals:
            post(connection, register_poster(connection, serials, at), turns.journals)
        write_turns(connection, year, turns, at)
    return turns.turned


def write_turns(connection: sa.Connection, year: int, turns: Turns, at: datetime) -> None:
    """Keep that accounts have seen the end of a year, and how the pots moved with it."""
    store.write_turns(connection, year, turns.turned)
    with ledger.raw_cursor(connection) as cursor:
        write_moves(cursor, turns.moves, at, spread=is_spread(connection))
    tell_of_pots(connection, turns.journals, turns.moves, year, at)


def turns_of(
    connection: sa.Connection,
    serials: Serials,
    people: Iterable[int],
    balances: Mapping[int, int],
    year: int,
    at: datetime,
) -> Turns:
    """What the end of a year does to accounts that are under lock; the caller posts and writes it.

    Args:
        connection: the transaction.
        serials: for the journals' ids.
        people: whose accounts; none of them has seen the end of this year.
        balances: open accounts under lock, fen by id.
        year: the year that ended.
        at: now.
    """
    turns = Turns()
    standing = {person: balances.get(personal_account(AccountKind.PERSONAL_CURRENT, person), 0) for person in people}
    pots = pots_over_the_year(connection, serials, standing, year, at)
    turns.journals += pots.journals
    turns.moves += pots.moves
    for person, amount in pots.into_current.items():
        standing[person] += amount
    new_year = date(year + 1, 1, 1)
    # An account that only got its first money in the new year (opened then, or taken over) has nothing to carry, and
    # what left it since the year began was the new year's.
    earlier = store.with_earlier_money(connection, standing, new_year)
    numbers = serials.take(len(earlier), at)
    for person, balance in standing.items():
        if person not in earlier:
            turns.turned[person] = Turn(0, None, datetime.combine(new_year, time(), CHINA))
            continue
        if not balance:
            turns.turned[person] = Turn(0, None, at)
            continue
        current, historical = (personal_account(kind, person) for kind in _BOTH)
        journal_id = compose(numbers.pop(), bucket_of(person))
        leg = Transfer(current, historical, balance)
        turns.journals.append(Journal(journal_id, JournalKind.YEAR_END, None, at, (leg,)))
        turns.turned[person] = Turn(balance, journal_id, at)
    return turns


_BOTH: Final = (AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL)

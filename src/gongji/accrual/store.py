"""SQL of the personal accounts over the years: set-based, accounts locked in the order of their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from gongji.accrual.model import Closing, Credit, CreditKind, Turn
from gongji.foundation.arrays import Integers, Texts
from gongji.foundation.clock import CHINA
from gongji.foundation.distribution import is_spread
from gongji.foundation.ids import BUCKET_BITS
from gongji.foundation.shards import buckets_of, lockable
from gongji.ledger import store as ledger
from gongji.ledger.model import AccountKind, person_of, personal_account

#: The kinds of account that are paid out when the account is closed. What is held stays until its holds have ended.
PAID_OUT: Final = (
    AccountKind.PERSONAL_CURRENT,
    AccountKind.PERSONAL_HISTORICAL,
    AccountKind.POT,
    AccountKind.WALLET,
)

#: Accounts by id, so that each row is found by its key; when locked, in the order in which the desk locks them.
_ACCOUNTS: Final = """
SELECT a.id, a.balance, a.closed_at
  FROM account a JOIN unnest(%b::bigint[]) AS k(id) ON a.bucket = (k.id & 1023)::smallint AND a.id = k.id
"""

_IN_ORDER: Final = "ORDER BY a.id FOR NO KEY UPDATE OF a"
_LOCK_ACCOUNTS: Final = f"{_ACCOUNTS} {_IN_ORDER}"

_PEOPLE: Final = "(SELECT (p.id & 1023)::smallint AS bucket, p.id FROM unnest(%(people)b::bigint[]) AS p(id))"

#: The condition that a credit ``c`` stands: it was not taken back.
STILL_CREDITED: Final = """
NOT EXISTS (SELECT FROM credit_taking t
             WHERE t.bucket = c.bucket AND t.person_id = c.person_id AND t.month = c.month AND t.kind = c.kind
               AND t.round = c.round)
"""

_CREDITED: Final = f"""
SELECT c.person_id, c.month, c.kind, c.amount
  FROM account_credit c JOIN {_PEOPLE} AS k ON c.bucket = k.bucket AND c.person_id = k.id
  LEFT JOIN credit_taking t ON t.bucket = c.bucket AND t.person_id = c.person_id AND t.month = c.month
       AND t.kind = c.kind AND t.round = c.round AND t.step = 0
 WHERE c.month = ANY(%(months)s) AND t.step IS NULL
"""

_TURNED: Final = f"""
SELECT y.person_id, max(y.year)
  FROM year_turn y JOIN {_PEOPLE} AS k ON y.bucket = k.bucket AND y.person_id = k.id
 GROUP BY y.person_id
"""

#: People into whose current account something came before a day, or for a month before it. (Kinds up to 6 are those that
#: somebody holds: the index over transfers is theirs.)
_WITH_EARLIER_MONEY: Final = f"""
SELECT c.person_id FROM account_credit c JOIN {_PEOPLE} AS k ON c.bucket = k.bucket AND c.person_id = k.id
 WHERE c.month < %(day)s
 UNION
SELECT k.id FROM transfer t
  JOIN (SELECT (p.id & 1023)::smallint AS bucket, p.id, ((p.id >> 10) << 18) | (1 << 10) | (p.id & 1023) AS account
          FROM unnest(%(people)b::bigint[]) AS p(id)) AS k ON t.bucket = k.bucket AND t.credit = k.account
 WHERE ((t.credit >> 10) & 255) <= 6 AND t.posted_at < %(moment)s
"""

_WRITE_CREDITS: Final = """
INSERT INTO account_credit (bucket, person_id, month, kind, round, region, base, amount, journal_id, posted_at)
SELECT (c.person_id & 1023)::smallint, c.person_id, c.month, c.kind, coalesce(o.rounds, 0),
       c.region, c.base, c.amount, c.journal_id, %(at)s
  FROM unnest(%(person)b::bigint[], %(month)s::date[], %(kind)b::text[], %(region)b::text[], %(base)b::bigint[],
              %(amount)b::bigint[], %(journal)b::bigint[])
       AS c(person_id, month, kind, region, base, amount, journal_id)
  LEFT JOIN (SELECT a.person_id, a.month, a.kind, count(*) AS rounds
               FROM account_credit a
               JOIN (SELECT DISTINCT (p.id & 1023)::smallint AS bucket, p.id FROM unnest(%(person)b::bigint[]) AS p(id)) AS k
                 ON a.bucket = k.bucket AND a.person_id = k.id
              GROUP BY a.person_id, a.month, a.kind) AS o
    ON o.person_id = c.person_id AND o.month = c.month AND o.kind = c.kind
"""

_WRITE_TURNS: Final = """
INSERT INTO year_turn (bucket, person_id, year, carried, journal_id, turned_at)
SELECT (t.person_id & 1023)::smallint, t.person_id, %(year)s, t.carried, t.journal_id, t.since
  FROM unnest(%(person)b::bigint[], %(carried)b::bigint[], %(journal)b::bigint[], %(since)s::timestamptz[])
       AS t(person_id, carried, journal_id, since)
"""

#: The region whose books a current account stands in: that of the newest employee enrolment that has begun.
_BOOKS: Final = """
(SELECT e.region FROM enrolment e
  WHERE e.bucket = a.bucket AND e.person_id = ((a.id >> 18) << 10 | a.bucket) AND e.scheme = '310'
    AND lower(e.during) <= :today
  ORDER BY lower(e.during) DESC LIMIT 1)
"""

_OF_REGION: Final = f"""
  FROM account a
 WHERE a.kind = 1 AND a.closed_at IS NULL AND {_BOOKS} LIKE :area
"""

_IS_TURNED: Final = """
EXISTS (SELECT FROM year_turn y
         WHERE y.bucket = a.bucket AND y.person_id = ((a.id >> 18) << 10 | a.bucket) AND y.year >= :year)
"""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account under lock: its balance in fen, and when it was closed."""

    balance: int
    closed_at: datetime | None


def read_accounts(connection: sa.Connection, ids: Iterable[int]) -> dict[int, AccountRow]:
    """Accounts as they stand, without lock; those that do not exist are not in the answer."""
    return _accounts(connection, _ACCOUNTS, ids)


def lock_accounts(connection: sa.Connection, ids: Iterable[int]) -> dict[int, AccountRow]:
    """Lock accounts in the order of their ids; those that do not exist are not in the answer."""
    if not is_spread(connection):
        return _accounts(connection, _LOCK_ACCOUNTS, ids)
    locked: dict[int, AccountRow] = {}
    for those in lockable(connection, set(ids)):
        buckets = ", ".join(map(str, buckets_of(those)))
        locked |= _accounts(connection, f"{_ACCOUNTS} WHERE a.bucket IN ({buckets}) {_IN_ORDER}", those)
    return locked


def _accounts(connection: sa.Connection, query: str, ids: Iterable[int]) -> dict[int, AccountRow]:
    with ledger.raw_cursor(connection) as cursor:
        cursor.execute(query, [Integers(sorted(set(ids)))])
        return {row[0]: AccountRow(row[1], row[2]) for row in cursor.fetchall()}


def open_accounts(connection: sa.Connection, ids: Iterable[int]) -> None:
    """Make bounded accounts that do not exist yet, empty."""
    with ledger.raw_cursor(connection) as cursor:
        cursor.execute(ledger.OPEN_ACCOUNTS, {"accounts": Integers(sorted(ids))})


def credited(
    connection: sa.Connection, people: Iterable[int], months: Iterable[date]
) -> dict[tuple[int, date, CreditKind], int]:
    """What was credited before to people in months: fen by person, month and kind."""
    rows = _people_query(connection, _CREDITED, people, months=sorted(set(months)))
    return {(person, month, CreditKind(kind)): amount for person, month, kind, amount in rows}


def turned_years(connection: sa.Connection, people: Iterable[int]) -> dict[int, int]:
    """The last year whose turn each person's account has seen; people who saw none are not in the answer."""
    return dict(_people_query(connection, _TURNED, people))


def with_earlier_money(connection: sa.Connection, people: Iterable[int], day: date) -> set[int]:
    """Of these people, those into whose current account money came before a day, or for a month before it."""
    moment = datetime(day.year, day.month, day.day, tzinfo=CHINA)
    return {row[0] for row in _people_query(connection, _WITH_EARLIER_MONEY, people, day=day, moment=moment)}


def _people_query(
    connection: sa.Connection, query: str, people: Iterable[int], **more: object
) -> list[tuple[Any, ...]]:
    with ledger.raw_cursor(connection) as cursor:
        cursor.execute(query, {"people": Integers(sorted(set(people))), **more})
        return cursor.fetchall()


def write_credits(connection: sa.Connection, credits: Sequence[tuple[Credit, int]], at: datetime) -> None:
    """Keep credits, each with its journal's id."""
    lines = [credit.line for credit, _ in credits]
    with ledger.raw_cursor(connection) as cursor:
        cursor.execute(
            _WRITE_CREDITS,
            {
                "person": Integers(line.person_id for line in lines),
                "month": [line.month for line in lines],
                "kind": Texts(str(line.kind) for line in lines),
                "region": Texts(credit.region for credit, _ in credits),
                "base": Integers(line.base for line in lines),
                "amount": Integers(credit.amount for credit, _ in credits),
                "journal": Integers(journal for _, journal in credits),
                "at": at,
            },
        )


def write_turns(connection: sa.Connection, year: int, turned: Mapping[int, Turn]) -> None:
    """Keep that people's accounts have seen the end of a year."""
    with ledger.raw_cursor(connection) as cursor:
        cursor.execute(
            _WRITE_TURNS,
            {
                "person": Integers(turned),
                "carried": Integers(turn.carried for turn in turned.values()),
                "journal": Integers(turn.journal_id for turn in turned.values()),
                "since": [turn.since for turn in turned.values()],
                "year": year,
            },
        )


def area_pattern(region: str) -> str:
    """The codes that a region takes in, as a pattern of SQL: a province its cities, a city its counties."""
    if region.endswith("0000"):
        return f"{region[:2]}%"
    return f"{region[:4]}%" if region.endswith("00") else region


def count_accounts(connection: sa.Connection, region: str, year: int, today: date) -> tuple[int, int]:
    """How many open current accounts of a region wait for the end of a year, and how many have seen it."""
    statement = sa.text(
        f"SELECT count(*) FILTER (WHERE NOT {_IS_TURNED}), count(*) FILTER (WHERE {_IS_TURNED}) {_OF_REGION}"
    )
    waiting, done = connection.execute(statement, {"area": area_pattern(region), "year": year, "today": today}).one()
    return waiting, done


def next_to_turn(connection: sa.Connection, region: str, year: int, today: date, after: int, limit: int) -> list[int]:
    """People of a region whose current account waits for the end of a year, in the order of bucket and account.

    Args:
        connection: a connection.
        region: six-digit region; a province takes in its cities.
        year: the year that ended.
        today: decides whose books an account stands in.
        after: the last person of the part before, -1 to begin.
        limit: at most so many.
    """
    place = personal_account(AccountKind.PERSONAL_CURRENT, after) if after >= 0 else -1
    statement = sa.text(
        f"SELECT a.id {_OF_REGION} AND NOT {_IS_TURNED} AND (a.bucket, a.id) > (:bucket, :place)"
        " ORDER BY a.bucket, a.id LIMIT :limit"
    )
    bounds = {"bucket": place & (1 << BUCKET_BITS) - 1 if after >= 0 else -1, "place": place, "limit": limit}
    rows = connection.execute(statement, {"area": area_pattern(region), "year": year, "today": today, **bounds})
    return [person_of(account) for account in rows.scalars()]


def find_closing(connection: sa.Connection, person_id: int, kind: Closing, reference: str) -> sa.Row[Any] | None:
    """What was done under a reference before."""
    return connection.execute(
        sa.text(
            "SELECT * FROM account_closing WHERE bucket = :person & 1023 AND person_id = :person AND kind = :kind"
            " AND reference = :reference"
        ),
        {"person": person_id, "kind": str(kind), "reference": reference},
    ).one_or_none()


def close_accounts(connection: sa.Connection, ids: Iterable[int], at: datetime) -> None:
    """Close accounts that are empty by now (the database refuses any other)."""
    with ledger.raw_cursor(connection) as cursor:
        cursor.execute(
            "UPDATE account a SET closed_at = %(at)s FROM unnest(%(ids)b::bigint[]) AS k(id)"
            " WHERE a.bucket = (k.id & 1023)::smallint AND a.id = k.id",
            {"ids": Integers(sorted(ids)), "at": at},
        )


def reopen_accounts(connection: sa.Connection, ids: Iterable[int]) -> None:
    """Open accounts again that were closed, for a person who comes back."""
    with ledger.raw_cursor(connection) as cursor:
        cursor.execute(
            "UPDATE account a SET closed_at = NULL FROM unnest(%b::bigint[]) AS k(id)"
            " WHERE a.bucket = (k.id & 1023)::smallint AND a.id = k.id AND a.closed_at IS NOT NULL",
            [Integers(sorted(ids))],
        )

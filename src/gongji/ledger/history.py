"""Balances and movements of any account as of any moment, worked out from the transfers.

A moment takes in what was posted up to and including it. A settlement reads the clock before it waits for locks, so
what is asked about the last seconds may still gain a movement; anything older does not change.

An open account (a fund, an institution's payable) has a share in every bucket: ask with all of them (`shares_of`). Its
balance comes from the sums by day and what came after them (`open_balance_at`), since it moves too often to be added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from gongji.foundation.ids import BUCKETS
from gongji.ledger.archived import refuse_archived
from gongji.ledger.model import AccountKind, StatementLine, kind_of, open_account
from gongji.ledger.rollup import open_balance

_SHARES = "unnest(CAST(:accounts AS bigint[])) AS k(id)"

#: What stands for the months that were archived.
_CARRIED = f"SELECT c.value FROM {_SHARES} JOIN carried_forward c ON c.what = 'balance' AND c.subject = k.id"


def shares_of(kind: AccountKind, holder: int) -> list[int]:
    """All account ids of an open account, one a bucket."""
    assert not kind.bounded, "a bounded account lies in one bucket"
    return [open_account(kind, holder, bucket) for bucket in range(BUCKETS)]


def balance_at(connection: sa.Connection, accounts: Sequence[int], at: datetime) -> int:
    """What accounts held together at a moment, in fen; an open account that gave more than it took is below zero.

    Args:
        connection: a connection.
        accounts: one bounded account, or the shares of an open one.
        at: the moment, itself included.

    Raises:
        Refused: ``ledger.archived`` for a moment whose movements were archived.
    """
    refuse_archived(connection, at)
    sides = " UNION ALL ".join(
        f"SELECT {sign} t.amount AS amount FROM {_SHARES}"
        f" JOIN transfer t ON t.bucket = (k.id & 1023)::smallint AND t.{side} = k.id"
        f" WHERE t.posted_at <= :at AND {_held(accounts, side)}"
        for side, sign in (("credit", ""), ("debit", "-"))
    )
    found = connection.execute(
        sa.text(f"SELECT coalesce(sum(amount), 0)::bigint FROM ({sides} UNION ALL {_CARRIED}) AS moved"),
        {"accounts": list(accounts), "at": at},
    )
    return int(found.scalar_one())


def open_balance_at(connection: sa.Connection, kind: AccountKind, holder: int, at: datetime) -> int:
    """What an open account held at a moment over all buckets, in fen.

    Args:
        connection: a transaction with one snapshot (`Database.snapshot`).
        kind, holder: as `open_account`.
        at: the moment, itself included.
    """
    return open_balance(connection, kind, holder, at + timedelta.resolution)


def statement_at(
    connection: sa.Connection,
    accounts: Sequence[int],
    at: datetime,
    since: datetime | None = None,
    most: int = 1000,
    closing: int | None = None,
) -> list[StatementLine]:
    """The movements up to a moment, oldest first, each with the balance after it.

    Args:
        connection: a connection.
        accounts: one bounded account, or the shares of an open one.
        at: the moment, itself included.
        since: leave out movements before this moment.
        most: most lines; the newest are kept.
        closing: what the accounts held at the moment, when it is known already.
    """
    sides = " UNION ALL ".join(
        f"SELECT t.journal_id, t.leg, {sign} t.amount AS amount, t.{other} AS other, t.authorisation_id, t.posted_at"
        f"  FROM {_SHARES} JOIN transfer t ON t.bucket = (k.id & 1023)::smallint AND t.{side} = k.id"
        f" WHERE t.posted_at <= :at AND {_held(accounts, side)} AND (CAST(:since AS timestamptz) IS NULL OR t.posted_at >= :since)"
        for side, other, sign in (("credit", "debit", ""), ("debit", "credit", "-"))
    )
    rows = connection.execute(
        sa.text(
            f"""
            SELECT m.journal_id, m.amount, m.other, m.authorisation_id, m.posted_at, j.kind
              FROM ({sides}) AS m JOIN journal j ON j.bucket = (m.journal_id & 1023) AND j.id = m.journal_id
             ORDER BY m.posted_at DESC, m.journal_id DESC, m.leg DESC LIMIT :most
            """
        ),
        {"accounts": list(accounts), "at": at, "since": since, "most": most},
    )
    lines: list[StatementLine] = []
    balance = balance_at(connection, accounts, at) if closing is None else closing
    for row in rows:
        lines.append(
            StatementLine(row.posted_at, row.journal_id, row.kind, row.amount, balance, row.other, row.authorisation_id)
        )
        balance -= row.amount
    return lines[::-1]


def _held(accounts: Sequence[int], side: str) -> str:
    """The condition under which transfers are indexed: sides that somebody holds (kinds up to 6). The movements of open
    accounts are not, they are searched through."""
    return f"(t.{side} >> 10) & 255 <= {AccountKind.PAYABLE_PERSON}" if _all_held(accounts) else "true"


def _all_held(accounts: Sequence[int]) -> bool:
    return all(kind_of(account) <= AccountKind.PAYABLE_PERSON for account in accounts)


def dotted(kind: AccountKind) -> str:
    """A kind in the words of the domain: ``personal.current``, ``fund.pool``, ``pot``."""
    return kind.name.lower().replace("_", ".", 1)


def kind_named(text: str) -> AccountKind | None:
    """The kind with a dotted name; None when there is none."""
    return next((kind for kind in AccountKind if dotted(kind) == text), None)


def in_words(account_id: int) -> str:
    """An account id with its kind, for people: ``fund.pool 55363993601``."""
    return f"{dotted(kind_of(account_id))} {account_id}"

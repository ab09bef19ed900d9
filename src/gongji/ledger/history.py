"""Balances and movements of any account as of any moment, worked out from the transfers.

A moment takes in what was posted up to and including it. A settlement reads the clock before it waits for locks, so
what is asked about the last seconds may still gain a movement; anything older does not change.

An open account (a fund, an institution's payable) has a share in every bucket: ask with all of them (`shares_of`). Its
balance comes from the sums by day and what came after them (`open_balance_at`), since it moves too often to be added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from gongji.foundation.arrays import Integers
from gongji.foundation.ids import BUCKETS
from gongji.foundation.questions import Asking, Question, Reply, ask, together
from gongji.ledger.archived import first_day_question, refuse_before
from gongji.ledger.model import AccountKind, StatementLine, kind_of, open_account
from gongji.ledger.rollup import open_balance

_SHARES = "unnest(%(accounts)b::bigint[]) AS k(id)"

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
    with together(connection) as asked:
        first, balance = asked(first_day_question()), asked(_balance_question(accounts, at))
    refuse_before(first.answer, at)
    return balance.answer


def _balance_question(accounts: Sequence[int], at: datetime) -> Question[int]:
    statement = _HELD_BALANCE if _all_held(accounts) else _OPEN_BALANCE
    return Question(statement, {"accounts": Integers(accounts), "at": at}, lambda rows: int(rows[0][0]))


def open_balance_at(connection: sa.Connection, kind: AccountKind, holder: int, at: datetime) -> int:
    """What an open account held at a moment over all buckets, in fen.

    Args:
        connection: a transaction with one snapshot (`Database.snapshot`).
        kind, holder: as `open_account`.
        at: the moment, itself included.
    """
    return open_balance(connection, kind, holder, at + timedelta.resolution)


@dataclass(frozen=True, slots=True)
class StatementQuestions:
    """What a statement is made of, asked together with other things; see `statement_at`."""

    at: datetime
    first: Reply[str]
    closing: Reply[int]
    moved: Reply[list[_Moved]]

    @classmethod
    def asked(
        cls, asking: Asking, accounts: Sequence[int], at: datetime, since: datetime | None, most: int
    ) -> StatementQuestions:
        """Ask for the movements up to a moment and what the accounts held then; arguments as `statement_at`."""
        return cls(
            at,
            asking(first_day_question()),
            asking(_balance_question(accounts, at)),
            asking(_moved_question(accounts, at, since, most)),
        )

    def answer(self) -> tuple[list[StatementLine], int]:
        """The lines, oldest first, and what the accounts held at the end.

        Raises:
            Refused: ``ledger.archived``, as `balance_at`.
        """
        refuse_before(self.first.answer, self.at)
        return _with_balances(self.moved.answer, self.closing.answer), self.closing.answer


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

    Raises:
        Refused: ``ledger.archived``, as `balance_at`, where the closing balance is not known.
    """
    if closing is not None:
        return _with_balances(ask(connection, _moved_question(accounts, at, since, most)), closing)
    with together(connection) as asking:
        asked = StatementQuestions.asked(asking, accounts, at, since, most)
    return asked.answer()[0]


#: A movement without the balance after it: when, journal, kind, fen, the other side, authorisation.
_Moved = tuple[datetime, int, str, int, int, int | None]


def _moved_question(accounts: Sequence[int], at: datetime, since: datetime | None, most: int) -> Question[list[_Moved]]:
    statement = _HELD_MOVED if _all_held(accounts) else _OPEN_MOVED
    values = {"accounts": Integers(accounts), "at": at, "since": since or _BEGINNING, "most": most}
    return Question(statement, values, list)


def _with_balances(newest_first: list[_Moved], closing: int) -> list[StatementLine]:
    lines: list[StatementLine] = []
    balance = closing
    for at, journal_id, kind, amount, other, under in newest_first:
        lines.append(StatementLine(at, journal_id, kind, amount, balance, other, under))
        balance -= amount
    return lines[::-1]


#: The condition under which transfers are indexed: sides that somebody holds. The movements of open accounts are not, they
#: are searched through.
_HELD: Final = f"(t.{{side}} >> 10) & 255 <= {int(AccountKind.PAYABLE_PERSON)}"


def _sides(what: str, condition: str) -> str:
    """Both sides of transfers that touch the accounts, up to a moment."""
    return " UNION ALL ".join(
        f"SELECT {what.format(sign=sign, other=other)} FROM {_SHARES}"
        f" JOIN transfer t ON t.bucket = (k.id & 1023)::smallint AND t.{side} = k.id"
        f" WHERE t.posted_at <= %(at)s AND {condition.format(side=side)}"
        for side, other, sign in (("credit", "debit", ""), ("debit", "credit", "-"))
    )


def _balance(condition: str) -> str:
    sides = _sides("{sign} t.amount AS amount", condition)
    return f"SELECT coalesce(sum(amount), 0)::bigint AS balance FROM ({sides} UNION ALL {_CARRIED}) AS moved"


def _moved(condition: str) -> str:
    sides = _sides(
        "t.journal_id, t.leg, {sign} t.amount AS amount, t.{other} AS other, t.authorisation_id, t.posted_at",
        f"{condition} AND t.posted_at >= %(since)s",
    )
    return f"""
        SELECT m.posted_at, m.journal_id, j.kind, m.amount, m.other, m.authorisation_id
          FROM ({sides}) AS m JOIN journal j ON j.bucket = (m.journal_id & 1023) AND j.id = m.journal_id
         ORDER BY m.posted_at DESC, m.journal_id DESC, m.leg DESC LIMIT %(most)s
    """


_HELD_BALANCE: Final = _balance(_HELD)
_OPEN_BALANCE: Final = _balance("true")
_HELD_MOVED: Final = _moved(_HELD)
_OPEN_MOVED: Final = _moved("true")

#: Nothing was posted before it.
_BEGINNING: Final = datetime(1, 1, 2, tzinfo=UTC)


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

"""SQL of what is taken back: a person's wrong credits with their debts, and closings at a death that was none."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from gongji.accrual.model import Closing, CreditKind, Debt
from gongji.accrual.tables import account_closing, account_credit, closing_undo, credit_taking
from gongji.foundation.ids import BUCKETS, bucket_of
from gongji.ledger.model import AccountKind, Transfer, personal_account

#: Journals that bring money back to whom it came from, and find the account closed.
_COMES_BACK: Final = ("release", "reversal", "undo", "refund")


def last_credit(connection: sa.Connection, person_id: int, month: date, kind: CreditKind) -> sa.Row[Any] | None:
    """The newest credit of a month and kind, taken back or not."""
    return connection.execute(
        sa.select(account_credit)
        .where(
            account_credit.c.bucket == bucket_of(person_id),
            account_credit.c.person_id == person_id,
            account_credit.c.month == month,
            account_credit.c.kind == str(kind),
        )
        .order_by(account_credit.c.round.desc())
        .limit(1)
    ).one_or_none()


def takings_of(connection: sa.Connection, person_id: int) -> list[sa.Row[Any]]:
    """Everything that was taken back or collected of a person, by credit and step."""
    keys = credit_taking.c
    return list(
        connection.execute(
            sa.select(credit_taking)
            .where(keys.bucket == bucket_of(person_id), keys.person_id == person_id)
            .order_by(keys.month, keys.kind, keys.round, keys.step)
        )
    )


def regions_of(connection: sa.Connection, takings: list[sa.Row[Any]]) -> set[str]:
    """The regions whose income the credits came from."""
    keys = {(row.bucket, row.person_id, row.month, row.kind, row.round) for row in takings}
    credit = account_credit.c
    found = sa.tuple_(credit.bucket, credit.person_id, credit.month, credit.kind, credit.round).in_(keys)
    return set(connection.execute(sa.select(credit.region).where(found)).scalars())


def debts_of(takings: list[sa.Row[Any]]) -> list[Debt]:
    """What is owed after the last step of each credit that was taken back, the oldest month first."""
    last = {(row.month, row.kind, row.round): row for row in takings}
    return [
        Debt(row.month, CreditKind(row.kind), row.round, row.step, row.owed) for row in last.values() if row.owed > 0
    ]


def owing_in(connection: sa.Connection, area: str) -> list[tuple[int, int]]:
    """People who owe something of credits that were taken back, the most first: (person, fen).

    Args:
        connection: a connection.
        area: the regions whose income the credits came from, as a pattern of SQL.
    """
    rows = connection.execute(
        sa.text(
            """
            SELECT k.person_id, sum(k.owed)::bigint AS owed
              FROM (SELECT DISTINCT ON (bucket, person_id, month, kind, round) *
                      FROM credit_taking ORDER BY bucket, person_id, month, kind, round, step DESC) AS k
              JOIN account_credit c USING (bucket, person_id, month, kind, round)
             WHERE k.owed > 0 AND c.region LIKE :area
             GROUP BY k.person_id ORDER BY 2 DESC, 1
            """
        ),
        {"area": area},
    )
    return [(row.person_id, row.owed) for row in rows]


def write_taking(connection: sa.Connection, person_id: int, **values: object) -> None:
    """Keep one step of taking back."""
    connection.execute(credit_taking.insert().values(bucket=bucket_of(person_id), person_id=person_id, **values))


def last_death(connection: sa.Connection, person_id: int) -> sa.Row[Any] | None:
    """The newest closing at a death, taken back or not."""
    return connection.execute(
        sa.select(account_closing)
        .where(
            account_closing.c.bucket == bucket_of(person_id),
            account_closing.c.person_id == person_id,
            account_closing.c.kind == str(Closing.DEATH),
        )
        .order_by(account_closing.c.at.desc(), account_closing.c.id.desc())
        .limit(1)
    ).one_or_none()


def undo_by_reference(connection: sa.Connection, person_id: int, reference: str) -> sa.Row[Any] | None:
    """The closing that was taken back under a reference, with the undo's own columns."""
    undone = closing_undo
    return connection.execute(
        sa.select(undone, account_closing.c.region, account_closing.c.shares, account_closing.c.authorisations)
        .join(
            account_closing,
            sa.and_(account_closing.c.bucket == undone.c.bucket, account_closing.c.id == undone.c.closing_id),
        )
        .where(
            undone.c.bucket == bucket_of(person_id),
            undone.c.person_id == person_id,
            undone.c.reference == reference,
        )
    ).one_or_none()


def is_undone(connection: sa.Connection, closing_id: int, person_id: int) -> bool:
    """Whether a closing was taken back."""
    found = sa.select(closing_undo.c.closing_id).where(
        closing_undo.c.bucket == bucket_of(person_id), closing_undo.c.closing_id == closing_id
    )
    return connection.execute(found).one_or_none() is not None


def write_closing_undo(connection: sa.Connection, person_id: int, **values: object) -> None:
    """Keep that a closing was taken back."""
    connection.execute(closing_undo.insert().values(bucket=bucket_of(person_id), person_id=person_id, **values))


def legs_of(connection: sa.Connection, journal_id: int) -> list[Transfer]:
    """The transfers of a journal, in order."""
    rows = connection.execute(
        sa.text("SELECT debit, credit, amount FROM transfer WHERE journal_id = :id ORDER BY leg"), {"id": journal_id}
    )
    return [Transfer(*row) for row in rows]


def returned_since(connection: sa.Connection, closing: sa.Row[Any]) -> int:
    """Fen that came back to the holder of a closed account, and are owed to them since: released holds, reversals."""
    return int(
        connection.execute(
            sa.text(
                """
                SELECT coalesce(sum(t.amount), 0)::bigint
                  FROM transfer t
                  JOIN journal j ON j.id = t.journal_id AND j.bucket = t.journal_id & 1023
                 WHERE t.bucket = ANY(:buckets) AND t.credit = :owed AND ((t.credit >> 10) & 255) <= 6
                   AND t.posted_at >= :at AND j.kind = ANY(:kinds)
                """
            ),
            {
                "buckets": list(range(BUCKETS)),
                "owed": personal_account(AccountKind.PAYABLE_PERSON, closing.person_id),
                "at": closing.at,
                "kinds": list(_COMES_BACK),
            },
        ).scalar_one()
    )

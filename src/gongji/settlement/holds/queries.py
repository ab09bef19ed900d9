"""Reading holds: one by its id, and what of a person's money is held."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.ids import bucket_of
from gongji.ledger.hold_tables import hold
from gongji.ledger.holds import Hold
from gongji.ledger.model import AccountKind, personal_account
from gongji.ledger.tables import transfer
from gongji.settlement.holds.store import hold_from

_COLUMNS = [
    hold.c[name]
    for name in (
        "id",
        "person_id",
        "account",
        "amount",
        "captured",
        "released",
        "state",
        "purpose",
        "reference",
        "authorisation_id",
        "placed_at",
        "expires_at",
    )
]


def find_hold(connection: sa.Connection, hold_id: int) -> Hold | None:
    """A hold by its id; None when there is none."""
    found = _read(connection, hold.c.bucket == bucket_of(hold_id), hold.c.id == hold_id)
    return found[0] if found else None


def open_holds_of(connection: sa.Connection, payer_id: int) -> list[Hold]:
    """The holds on a person's money of which something remains, oldest first."""
    account = personal_account(AccountKind.PERSONAL_HELD, payer_id)
    return _read(
        connection, hold.c.bucket == bucket_of(account), hold.c.account == account, hold.c.state == sa.text("'open'")
    )


def open_deposits(connection: sa.Connection, reference: str) -> list[Hold]:
    """The deposits for a stay of which something is left, oldest first; `reference` is its number on the wire."""
    deposit, is_open = hold.c.purpose == sa.text("'deposit'"), hold.c.state == sa.text("'open'")
    return _read(connection, deposit, is_open, hold.c.reference == reference)


def _read(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Hold]:
    rows = connection.execute(sa.select(*_COLUMNS).where(*conditions).order_by(hold.c.placed_at, hold.c.id)).all()
    sources: dict[int, list[tuple[int, int]]] = {}
    drawn = (
        sa.select(transfer.c.journal_id, transfer.c.debit, transfer.c.amount)
        .where(transfer.c.journal_id.in_([row.id for row in rows]))
        .order_by(transfer.c.journal_id, transfer.c.leg)
    )
    for journal_id, account, amount in connection.execute(drawn) if rows else ():
        sources.setdefault(journal_id, []).append((account, amount))
    return [hold_from(tuple(row), sources.get(row.id, [])) for row in rows]

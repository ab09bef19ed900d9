"""The SQL of the wallet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.foundation.arrays import Integers
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.ledger import store as ledger
from gongji.ledger.hold_tables import hold
from gongji.ledger.model import AccountKind, personal_account
from gongji.registry.store import last_day
from gongji.registry.tables import institution
from gongji.rules.model import Relation
from gongji.wallet import refusals
from gongji.wallet.messages import tell_transfer
from gongji.wallet.model import Opening, Source, Taking, TakingInstitution, Transfer, TransferState
from gongji.wallet.tables import wallet_institution, wallet_opening, wallet_transfer

OPEN_STATES = (TransferState.PLACING, TransferState.PENDING)

_TAKINGS: sa.Select[Any] = sa.select(
    institution.c.id,
    institution.c.code,
    institution.c.name,
    institution.c.kind,
    institution.c.region,
    wallet_institution.c.during,
).outerjoin(wallet_institution, wallet_institution.c.institution_id == institution.c.id)


def open_wallet(connection: sa.Connection, person_id: int, area: str, at: datetime) -> None:
    """Open a wallet with its account, or choose another area for one that is open."""
    made = insert(wallet_opening).values(bucket=bucket_of(person_id), person_id=person_id, area=area, opened_at=at)
    connection.execute(made.on_conflict_do_update(index_elements=["bucket", "person_id"], set_={"area": area}))
    with ledger.raw_cursor(connection) as cursor:
        cursor.execute(ledger.OPEN_ACCOUNTS, {"accounts": Integers([personal_account(AccountKind.WALLET, person_id)])})


def openings_of(connection: sa.Connection, people: Iterable[int]) -> dict[int, Opening]:
    """The wallets of people, by person."""
    ids = list(people)
    rows = connection.execute(
        sa.select(wallet_opening).where(
            wallet_opening.c.bucket.in_([bucket_of(one) for one in ids]), wallet_opening.c.person_id.in_(ids)
        )
    )
    return {row.person_id: Opening(row.person_id, row.area, row.opened_at.astimezone(CHINA)) for row in rows}


def insert_transfer(
    connection: sa.Connection, one: Transfer, *, key: str, rule: str, sender_region: str, receiver_region: str
) -> None:
    """Keep a new transfer; the sender is locked."""
    connection.execute(
        wallet_transfer.insert().values(
            bucket=bucket_of(one.id),
            id=one.id,
            sender_id=one.sender_id,
            receiver_id=one.receiver_id,
            amount=one.amount,
            source=one.source,
            relation=one.relation,
            stated=one.stated,
            sender_region=sender_region,
            receiver_region=receiver_region,
            day=one.day,
            nth=one.nth,
            rule=rule,
            state=one.state,
            key=key,
            made_at=one.made_at,
            deadline=one.deadline,
        )
    )


def transfer_by_key(connection: sa.Connection, sender_id: int, key: str) -> Transfer | None:
    """What a person sent under a key before."""
    row = connection.execute(
        sa.select(wallet_transfer).where(_of_sender(sender_id), wallet_transfer.c.key == key)
    ).one_or_none()
    return None if row is None else transfer_from(row)


def select_transfer(connection: sa.Connection, transfer_id: int, *, lock: bool = False) -> Transfer:
    """One transfer.

    Raises:
        NotFound: ``wallet.transfer_unknown``.
    """
    query = sa.select(wallet_transfer).where(_is(transfer_id))
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise refusals.unknown()
    return transfer_from(row)


def sent_on(connection: sa.Connection, sender_id: int, day: date) -> frozenset[int]:
    """The places among a person's transfers of a day that are taken."""
    rows = connection.execute(
        sa.select(wallet_transfer.c.nth).where(_of_sender(sender_id), wallet_transfer.c.day == day)
    )
    return frozenset(rows.scalars())


def open_between(connection: sa.Connection, sender_id: int, receiver_id: int) -> Transfer | None:
    """What waits to be accepted of what one person sent another."""
    row = connection.execute(
        sa.select(wallet_transfer).where(
            _of_sender(sender_id),
            wallet_transfer.c.receiver_id == receiver_id,
            wallet_transfer.c.state.in_(OPEN_STATES),
        )
    ).one_or_none()
    return None if row is None else transfer_from(row)


def transfers_of(connection: sa.Connection, person_id: int, limit: int) -> list[Transfer]:
    """What a person sent and what was sent to them, newest first; what is still being set aside only to the sender."""
    to_them = sa.and_(
        wallet_transfer.c.receiver_id == person_id, wallet_transfer.c.state != sa.literal_column("'placing'")
    )
    rows = connection.execute(
        sa.select(wallet_transfer)
        .where(sa.or_(_of_sender(person_id), to_them))
        .order_by(wallet_transfer.c.made_at.desc(), wallet_transfer.c.id.desc())
        .limit(limit)
    )
    return [transfer_from(row) for row in rows]


def unfinished(connection: sa.Connection, made_before: datetime, at: datetime, limit: int) -> list[int]:
    """Transfers that somebody has to go on with: still being placed though made before a moment, over at `at`, or answered
    at the desk without having learned of it."""
    one = wallet_transfer.c
    rows = connection.execute(
        sa.select(one.id)
        .outerjoin(hold, sa.and_(hold.c.bucket == one.bucket, hold.c.id == one.hold_id))
        .where(
            one.state.in_(OPEN_STATES),
            sa.or_(
                sa.and_(one.state == TransferState.PLACING, one.made_at < made_before),
                sa.and_(one.state == TransferState.PENDING, sa.or_(one.deadline <= at, hold.c.state != "open")),
            ),
        )
        .order_by(one.deadline, one.id)
        .limit(limit)
    )
    return list(rows.scalars())


def placed(connection: sa.Connection, transfer_id: int, hold_id: int, at: datetime) -> None:
    """The money of a transfer is set aside, and its receiver told."""
    changed = connection.execute(
        wallet_transfer.update()
        .where(_is(transfer_id), wallet_transfer.c.state == TransferState.PLACING)
        .values(state=TransferState.PENDING, hold_id=hold_id)
    )
    if changed.rowcount:
        tell_transfer(connection, select_transfer(connection, transfer_id), at)


def learn(connection: sa.Connection, transfer_id: int) -> Transfer:
    """Have a transfer know what became of its money: taken is accepted; given back before the deadline is declined, else
    it was not accepted in time."""
    one = select_transfer(connection, transfer_id, lock=True)
    if one.state is not TransferState.PENDING:
        return one
    row = connection.execute(
        sa.select(hold.c.state, hold.c.ended_at).where(
            hold.c.bucket == bucket_of(transfer_id), hold.c.id == one.hold_id
        )
    ).one()
    if row.ended_at is None:
        return one
    ended_at = row.ended_at.astimezone(CHINA)
    given_back = TransferState.DECLINED if ended_at < one.deadline else TransferState.RETURNED
    state = TransferState.ACCEPTED if row.state == "captured" else given_back
    connection.execute(wallet_transfer.update().where(_is(transfer_id)).values(state=state, ended_at=ended_at))
    learned = select_transfer(connection, transfer_id)
    tell_transfer(connection, learned, ended_at)
    return learned


def delete_transfer(connection: sa.Connection, transfer_id: int) -> None:
    """Forget a transfer whose money was never set aside."""
    connection.execute(
        wallet_transfer.delete().where(_is(transfer_id), wallet_transfer.c.state == TransferState.PLACING)
    )


def take_wallet(connection: sa.Connection, institution_id: int, since: date, until: date | None) -> None:
    """An institution takes the wallet from a day on (to a last day); what was said of it before is replaced."""
    during = sa.func.daterange(since, until, "[]")
    made = insert(wallet_institution).values(institution_id=institution_id, during=during)
    connection.execute(made.on_conflict_do_update(index_elements=["institution_id"], set_={"during": during}))


def institutions_taking(
    connection: sa.Connection, region_prefix: str, words: str, on: date, limit: int
) -> list[TakingInstitution]:
    """Institutions in an area that take the wallet on a day, by name.

    Args:
        region_prefix: the first digits of their region.
        words: a part of the name; "" for all.
        on: the day.
        limit: most rows.
    """
    rows = connection.execute(
        sa.select(institution.c.code, institution.c.name, institution.c.kind, institution.c.region)
        .join(wallet_institution, wallet_institution.c.institution_id == institution.c.id)
        .where(
            wallet_institution.c.during.contains(on),
            institution.c.designated.contains(on),
            institution.c.region.startswith(region_prefix, autoescape=True),
            institution.c.name.contains(words, autoescape=True),
        )
        .order_by(institution.c.name, institution.c.id)
        .limit(limit)
    )
    return [TakingInstitution(*row) for row in rows]


def takings(
    connection: sa.Connection, region_prefix: str, words: str, on: date, *, only_taking: bool, limit: int
) -> list[Taking]:
    """Institutions of an area that are designated, and from when to when they take the wallet, by name.

    Args:
        connection: a connection.
        region_prefix: the first digits of their region.
        words: a part of the name, or the code; "" for all.
        on: the day.
        only_taking: whether those that do not take it on that day are left out.
        limit: most rows.
    """
    conditions = [
        institution.c.designated.contains(on),
        institution.c.region.startswith(region_prefix, autoescape=True),
        sa.or_(institution.c.name.contains(words, autoescape=True), institution.c.code == words),
    ]
    if only_taking:
        conditions.append(wallet_institution.c.during.contains(on))
    rows = connection.execute(_TAKINGS.where(*conditions).order_by(institution.c.name, institution.c.id).limit(limit))
    return [_taking(row) for row in rows]


def taking_of(connection: sa.Connection, institution_id: int) -> Taking | None:
    """One institution with its span, locked against others who say something of it; None when there is none."""
    connection.execute(sa.select(institution.c.id).where(institution.c.id == institution_id).with_for_update())
    row = connection.execute(_TAKINGS.where(institution.c.id == institution_id)).one_or_none()
    return _taking(row) if row is not None else None


def _taking(row: sa.Row[Any]) -> Taking:
    span = row.during
    return Taking(
        row.id, row.code, row.name, row.kind, row.region, span.lower if span else None, last_day(span) if span else None
    )


def day_figures(connection: sa.Connection, region_prefix: str, first: date, last: date) -> Sequence[sa.Row[Any]]:
    """Sums a day of what was sent from an area: rows of (day, sent, sent_fen, accepted, accepted_fen, back, back_fen,
    elsewhere, elsewhere_fen), the last two of what was accepted in another province."""
    one = wallet_transfer.c

    def figures(name: str, *conditions: sa.ColumnElement[bool]) -> list[sa.ColumnElement[Any]]:
        chosen = sa.and_(sa.true(), *conditions)
        amount = sa.cast(sa.func.coalesce(sa.func.sum(one.amount).filter(chosen), 0), sa.BigInteger)
        return [sa.func.count().filter(chosen).label(name), amount.label(f"{name}_fen")]

    accepted = one.state == TransferState.ACCEPTED
    back = one.state.in_([TransferState.DECLINED, TransferState.RETURNED])
    elsewhere = sa.func.left(one.sender_region, 2) != sa.func.left(one.receiver_region, 2)
    return connection.execute(
        sa.select(
            one.day,
            *figures("sent"),
            *figures("accepted", accepted),
            *figures("back", back),
            *figures("elsewhere", accepted, elsewhere),
        )
        .where(one.day.between(first, last), one.sender_region.startswith(region_prefix, autoescape=True))
        .where(one.state != TransferState.PLACING)
        .group_by(one.day)
        .order_by(one.day)
    ).all()


def transfer_from(row: sa.Row[Any]) -> Transfer:
    """A row of the table as the room's type."""
    return Transfer(
        id=row.id,
        sender_id=row.sender_id,
        receiver_id=row.receiver_id,
        amount=row.amount,
        source=Source(row.source),
        relation=Relation(row.relation),
        stated=row.stated,
        day=row.day,
        nth=row.nth,
        state=TransferState(row.state),
        hold_id=row.hold_id,
        made_at=row.made_at.astimezone(CHINA),
        deadline=row.deadline.astimezone(CHINA),
        ended_at=row.ended_at.astimezone(CHINA) if row.ended_at else None,
    )


def regions_of(connection: sa.Connection, transfer_id: int) -> tuple[str, str]:
    """Where sender and receiver were insured when it was sent."""
    row = connection.execute(
        sa.select(wallet_transfer.c.sender_region, wallet_transfer.c.receiver_region).where(_is(transfer_id))
    ).one()
    return row.sender_region, row.receiver_region


def _is(transfer_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(wallet_transfer.c.bucket == bucket_of(transfer_id), wallet_transfer.c.id == transfer_id)


def _of_sender(person_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(wallet_transfer.c.bucket == bucket_of(person_id), wallet_transfer.c.sender_id == person_id)

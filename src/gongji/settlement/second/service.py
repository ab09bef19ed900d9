"""Second transactions: decided under the patient's lock, in line with what the desk settles, one transaction each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.foundation.arrays import columns
from gongji.foundation.clock import CHINA, Clock
from gongji.foundation.database import Database
from gongji.foundation.distribution import is_spread
from gongji.foundation.errors import GongjiError
from gongji.foundation.ids import bucket_of, compose
from gongji.foundation.questions import Question, Rows, ask
from gongji.ledger.model import AccountKind, Journal, JournalKind, Transfer, open_account
from gongji.ledger.pot_store import write_moves
from gongji.ledger.service import Poster, post, register_poster
from gongji.ledger.store import raw_cursor
from gongji.registry.model import InstitutionKind
from gongji.rules.book import RuleBook
from gongji.rules.model import Purpose
from gongji.settlement import queries
from gongji.settlement import refusals as settlements
from gongji.settlement.books import Books, apply_moves, back_home, usage_of, usage_periods
from gongji.settlement.holds.store import WRITE_USAGE
from gongji.settlement.load import Loaded, load
from gongji.settlement.model import MessageKey, Reverse, Settlement, is_inpatient
from gongji.settlement.second import refusals
from gongji.settlement.second.decide import draws_for
from gongji.settlement.second.model import GiveBackSecond, PaySecond, SecondPayment
from gongji.settlement.second.tables import second_payment, second_total
from gongji.settlement.tables import message

_USAGES = (("u_id", "bigint"), ("u_period", "text"), ("u_used", "bigint"), ("u_at", "timestamptz"))

_ROWS = Rows(second_payment)

_CHAIN = f"""
SELECT {_ROWS.columns} FROM second_payment WHERE bucket = %(bucket)s AND settlement_id = %(settlement)s ORDER BY at, id
"""

T = TypeVar("T")


class SecondTill:
    """Where second transactions are made; for several threads, one after the other: its ledger chain has one writer.

    Args:
        database: where the books are.
        rules: the rule book.
        clock: tells the moment.
    """

    def __init__(self, database: Database, rules: RuleBook, clock: Clock) -> None:
        self._database = database
        self._rules = rules
        self._clock = clock
        self._lock = threading.Lock()
        self._poster: Poster | None = None

    def pay(self, command: PaySecond) -> SecondPayment:
        """Let a relative's account pay; the same command again gives the same payment.

        Raises:
            GongjiError: as `gongji.settlement.second.decide.draws_for`; ``key.other_content``.
        """
        return self._do(lambda connection, writer: self._pay(connection, writer, command))

    def give_back(self, command: GiveBackSecond) -> SecondPayment:
        """Take a payment back, each fen to where it came from; the same command again gives the same return.

        Raises:
            NotFound: ``second.unknown``.
            Refused: ``second.given_back``; ``key.other_content``.
        """
        return self._do(lambda connection, writer: self._give_back(connection, writer, command))

    def _do(self, work: Callable[[sa.Connection, Poster], T]) -> T:
        with self._lock:
            if self._poster is None:
                with self._database.transaction() as connection:
                    self._poster = register_poster(connection, self._database.serials, self._clock.now())
            writer, self._poster = self._poster, None
            try:
                with self._database.transaction() as connection:
                    done = work(connection, writer)
            except GongjiError:
                self._poster = writer  # refused before anything was posted: the chain is where it was
                raise
            # After any other failure the chain may not go on: the next payment begins one of its own.
            self._poster = writer
            return done

    def _pay(self, connection: sa.Connection, writer: Poster, command: PaySecond) -> SecondPayment:
        at = self._clock.now()
        loaded = _loaded(connection, command, command.settlement_id, self._rules, at)
        known = _stored(connection, command.key)
        if known is not None:
            return known
        original = loaded.originals.get(command.settlement_id)
        main = original.settlement if original is not None else None
        sharings = loaded.sharings.get(command.person_id, [])
        books = loaded.books
        purpose = _purpose(command, main)
        draws = draws_for(command, main, sharings, purpose, books, self._rules, at)
        assert main is not None
        payable = AccountKind.PAYABLE_INSTITUTION
        legs = tuple(
            Transfer(
                draw.account,
                open_account(payable, command.institution.id, bucket_of(draw.account)),
                draw.amount,
                draw.authorisation_id,
            )
            for draw in draws
        )
        amount = sum(leg.amount for leg in legs)
        payment_id = compose(self._database.serials.take(1, at)[0], bucket_of(main.id))
        _add(connection, main, amount)
        post(connection, writer, [Journal(payment_id, JournalKind.SECOND, None, at, legs)])
        books.pots.spend(payment_id, legs)
        _write_pots(connection, books, at)
        _use(connection, books, command.person_id, usage_of(legs), at)
        authorisation_id = draws[0].authorisation_id
        assert authorisation_id is not None
        made = SecondPayment(
            id=payment_id,
            kind="pay",
            reverses=None,
            settlement_id=main.id,
            person_id=main.person_id,
            institution_id=main.institution_id,
            payer_id=command.payer_id,
            authorisation_id=authorisation_id,
            amount=amount,
            cash_left=main.cash - books.paid_second.get(main.id, 0) - amount,
            at=at,
        )
        return _keep(connection, command.key, made)

    def _give_back(self, connection: sa.Connection, writer: Poster, command: GiveBackSecond) -> SecondPayment:
        at = self._clock.now()
        loaded = _loaded(connection, command, command.payment_id, self._rules, at)
        known = _stored(connection, command.key)
        if known is not None:
            return known
        paid = find_payment(connection, command.payment_id)
        if (
            paid is None
            or paid.kind != "pay"
            or (paid.person_id, paid.institution_id) != (command.person_id, command.institution.id)
        ):
            raise refusals.unknown()
        gone = sa.select(second_payment.c.id).where(
            second_payment.c.bucket == bucket_of(paid.id), second_payment.c.reverses == paid.id
        )
        if connection.execute(gone).one_or_none() is not None:
            raise refusals.given_back()
        stored = queries.find_settlement(connection, paid.settlement_id)
        assert stored is not None
        moved = queries.transfers_of(connection, paid.id)
        back_id = compose(self._database.serials.take(1, at)[0], bucket_of(paid.id))
        legs = tuple(
            back for leg in moved for back in back_home(leg.opposite(), loaded.books, paid.at, back_id, paid.id)
        )
        left = _add(connection, stored.settlement, -paid.amount)
        post(connection, writer, [Journal(back_id, JournalKind.REVERSAL, paid.id, at, legs)])
        _write_pots(connection, loaded.books, at)
        usage = {authorisation: -amount for authorisation, amount in usage_of(moved).items()}
        _use(connection, loaded.books, command.person_id, usage, paid.at)
        made = SecondPayment(
            id=back_id,
            kind="back",
            reverses=paid.id,
            settlement_id=paid.settlement_id,
            person_id=paid.person_id,
            institution_id=paid.institution_id,
            payer_id=paid.payer_id,
            authorisation_id=paid.authorisation_id,
            amount=-paid.amount,
            cash_left=left,
            at=at,
        )
        return _keep(connection, command.key, made)


def _loaded(
    connection: sa.Connection, command: PaySecond | GiveBackSecond, journal_id: int, rules: RuleBook, at: datetime
) -> Loaded:
    """What the desk would know of a command that may give money of this journal back, under the same locks."""
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    asking = Reverse(command.key, command.institution, command.person_id, 0, journal_id)
    return load(driver, [asking], rules, at, spread=is_spread(connection))


def _write_pots(connection: sa.Connection, books: Books, at: datetime) -> None:
    with raw_cursor(connection) as cursor:
        write_moves(cursor, books.pots.moves, at, spread=is_spread(connection))


def _stored(connection: sa.Connection, key: MessageKey) -> SecondPayment | None:
    row = connection.execute(
        sa.select(message.c.request_digest, message.c.outcome_id).where(
            message.c.institution_id == key.institution_id, message.c.infno == key.infno, message.c.msgid == key.msgid
        )
    ).one_or_none()
    if row is None:
        return None
    if bytes(row.request_digest) != key.digest:
        raise settlements.other_content(key)
    return find_payment(connection, row.outcome_id)


def _purpose(command: PaySecond, main: Settlement | None) -> Purpose:
    if command.institution.kind is InstitutionKind.PHARMACY:
        return Purpose.PHARMACY
    return Purpose.INPATIENT if main is not None and is_inpatient(main.med_type) else Purpose.CARE


def _add(connection: sa.Connection, main: Settlement, amount: int) -> int:
    """Add to what is paid of a settlement's cash; gives what is left of it. The database refuses more than the cash."""
    made = insert(second_total).values(
        bucket=bucket_of(main.id), settlement_id=main.id, cash=main.cash, paid=max(amount, 0)
    )
    if amount > 0:
        statement: Any = made.on_conflict_do_update(
            index_elements=["bucket", "settlement_id"], set_={"paid": second_total.c.paid + amount}
        )
    else:
        mine = sa.and_(second_total.c.bucket == bucket_of(main.id), second_total.c.settlement_id == main.id)
        statement = second_total.update().where(mine).values(paid=second_total.c.paid + amount)
    left: int = connection.execute(statement.returning(second_total.c.cash - second_total.c.paid)).scalar_one()
    return left


def _use(connection: sa.Connection, books: Books, person_id: int, usage: dict[int, int], at: datetime) -> None:
    apply_moves(books, person_id, (), usage, at)
    rows = [(one, period, books.usage[one, period], at) for one in usage for period in usage_periods(at)]
    with raw_cursor(connection) as cursor:
        cursor.execute(WRITE_USAGE, columns(_USAGES, rows))


def _keep(connection: sa.Connection, key: MessageKey, made: SecondPayment) -> SecondPayment:
    values = {name: getattr(made, name) for name in SecondPayment.__slots__}
    connection.execute(second_payment.insert().values(bucket=bucket_of(made.id), **values))
    connection.execute(
        message.insert().values(
            institution_id=key.institution_id,
            infno=key.infno,
            msgid=key.msgid,
            request_digest=key.digest,
            outcome_id=made.id,
        )
    )
    return made


def find_payment(connection: sa.Connection, payment_id: int) -> SecondPayment | None:
    """A payment or a return by its id."""
    found = _read(connection, second_payment.c.bucket == bucket_of(payment_id), second_payment.c.id == payment_id)
    return found[0] if found else None


def chain_of(connection: sa.Connection, settlement_id: int) -> list[SecondPayment]:
    """All that was paid afterwards of a settlement's cash, and what of it came back, oldest first."""
    return ask(connection, chain_question(settlement_id))


def chain_question(settlement_id: int) -> Question[list[SecondPayment]]:
    """`chain_of`."""
    values = {"bucket": bucket_of(settlement_id), "settlement": settlement_id}
    return Question(_CHAIN, values, lambda rows: [_payment(row._asdict()) for row in _ROWS.named(rows)])


def chains_of(connection: sa.Connection, settlement_ids: Sequence[int]) -> dict[int, list[SecondPayment]]:
    """`chain_of` for several settlements; those without one are not in the answer."""
    keys = [(bucket_of(one), one) for one in settlement_ids]
    chains: dict[int, list[SecondPayment]] = {}
    if keys:
        found = sa.tuple_(second_payment.c.bucket, second_payment.c.settlement_id).in_(keys)
        for one in _read(connection, found):
            chains.setdefault(one.settlement_id, []).append(one)
    return chains


def _read(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[SecondPayment]:
    rows = connection.execute(
        sa.select(second_payment).where(*conditions).order_by(second_payment.c.at, second_payment.c.id)
    )
    return [_payment(row._asdict()) for row in rows]


def _payment(row: dict[str, Any]) -> SecondPayment:
    return SecondPayment(**{name: row[name] for name in SecondPayment.__slots__} | {"at": row["at"].astimezone(CHINA)})

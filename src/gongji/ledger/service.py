"""Use cases of the ledger: register a poster, post, open with balances, tell balances and statements."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gongji.foundation.arrays import Integers
from gongji.foundation.distribution import is_spread
from gongji.foundation.errors import InvalidInput, Refused
from gongji.foundation.ids import BUCKETS, Serials, bucket_of, compose
from gongji.foundation.questions import Question, ask
from gongji.ledger import chain, store
from gongji.ledger.model import (
    AccountKind,
    Journal,
    JournalKind,
    StatementLine,
    Transfer,
    kind_of,
    open_account,
    personal_account,
)
from gongji.ledger.tables import account, journal, opening, poster, transfer

PERSONAL = (AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL)

_BALANCES = """
SELECT kind, balance FROM account
 WHERE bucket = %(bucket)s AND id = ANY (%(accounts)b::bigint[]) AND closed_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Block:
    """A block that is ready to be written: its place in the chain and the statement's parameters."""

    number: int
    hash: bytes
    accounts: int
    parameters: dict[str, object]


class Poster:
    """One writer of the ledger with a chain of its own; a process registers as many as it has desks.

    Not safe for two threads at once: a chain has one writer. A block is prepared, written, and only after the commit
    confirmed; a rollback leaves the chain where it was.
    """

    def __init__(self, poster_id: int) -> None:
        self.id = poster_id
        self._number = 0
        self._hash = chain.genesis(poster_id)

    def prepare(self, journals: Sequence[Journal]) -> Block:
        """The next block, with these journals; nothing is written yet."""
        number = self._number + 1
        block_hash = chain.block_hash(self._hash, journals)
        moved = store.movements(journals)
        parameters = store.post_parameters(self.id, number, block_hash, journals, moved)
        return Block(number, block_hash, len(moved), parameters)

    def confirm(self, block: Block) -> None:
        """The block was committed: the next one builds on it."""
        self._number = block.number
        self._hash = block.hash


def register_poster(connection: sa.Connection, serials: Serials, at: datetime) -> Poster:
    """Register a new writer of the ledger; its chain starts empty."""
    poster_id = serials.take(1)[0]
    connection.execute(
        poster.insert().values(id=poster_id, host=socket.gethostname(), process=os.getpid(), started_at=at)
    )
    return Poster(poster_id)


def post(connection: sa.Connection, writer: Poster, journals: Sequence[Journal]) -> None:
    """Write journals as one block, in the caller's transaction; the caller's writer must not be used again after a
    rollback (`Poster.confirm` is called here).

    Raises:
        InvalidInput: ``account.unknown`` when a bounded account is missing or closed.
    """
    block = writer.prepare(journals)
    with store.raw_cursor(connection) as cursor:
        moved = store.POST.run(cursor, block.parameters, spread=is_spread(connection)).rowcount
    if moved != block.accounts:
        raise account_missing()
    writer.confirm(block)


def freeze_accounts(connection: sa.Connection, person_id: int, until: date | None) -> int:
    """Let nothing be paid from a person's personal accounts up to a last day, or again from now on (None). Whoever has
    them locked to pay from them is waited for; what comes in comes in.

    Returns:
        How many accounts the person has; 0 when there is nothing to freeze.
    """
    mine = (
        account.c.bucket == bucket_of(person_id),
        account.c.id.in_([personal_account(kind, person_id) for kind in PERSONAL]),
        account.c.closed_at.is_(None),
    )
    connection.execute(sa.select(account.c.id).where(*mine).order_by(account.c.id).with_for_update(key_share=True))
    return connection.execute(account.update().where(*mine).values(frozen_until=until)).rowcount


def account_missing() -> InvalidInput:
    """A posting named a bounded account that does not exist or is closed."""
    return InvalidInput(
        "account.unknown", "an account of this posting does not exist or is closed", "账户不存在或已注销，没有入账"
    )


def open_balances(
    connection: sa.Connection,
    writer: Poster,
    serials: Serials,
    balances: Sequence[tuple[AccountKind, int, int, str]],
    at: datetime,
) -> None:
    """Open personal accounts, and bring in what stood in them before.

    Args:
        connection: the transaction.
        writer: this process's poster.
        serials: for the journals' ids.
        balances: (kind, person id, fen, six-digit region of the books the money comes from); a person's accounts are
            all opened, an amount of 0 only opens them.
        at: the moment of the opening.

    Raises:
        InvalidInput: ``balance.negative``, ``balance.kind``.
        Refused: ``balance.duplicate`` when an account had its opening balance before or is named twice; the database
            holds this too.
    """
    people = sorted({person_id for _, person_id, _, _ in balances})
    accounts = [personal_account(kind, person_id) for person_id in people for kind in PERSONAL]
    for kind, _, amount, _ in balances:
        if kind not in PERSONAL:
            raise InvalidInput("balance.kind", f"{kind.name} takes no opening balance", "该账户不能录入期初余额")
        if amount < 0:
            raise InvalidInput("balance.negative", "an opening balance is below zero", "期初余额不能为负数")
    named = [personal_account(kind, person_id) for kind, person_id, _, _ in balances]
    if len(set(named)) < len(named) or opened_already(connection, people) & set(named):
        raise opened_before()
    with store.raw_cursor(connection) as cursor:
        cursor.execute(store.OPEN_ACCOUNTS, {"accounts": Integers(accounts)})
    filled = [balance for balance in balances if balance[2] > 0]
    ids = serials.take(len(filled), at)
    journals = []
    for serial, (kind, person_id, amount, region) in zip(ids, filled, strict=True):
        source = open_account(AccountKind.OPENING, int(region), bucket_of(person_id))
        leg = Transfer(source, personal_account(kind, person_id), amount)
        journal_id = compose(serial, bucket_of(person_id))
        journals.append(Journal(journal_id, JournalKind.OPENING, None, at, (leg,)))
    if journals:
        post(connection, writer, journals)
        with store.raw_cursor(connection) as cursor:
            opened = {
                "accounts": Integers(one.transfers[0].credit for one in journals),
                "journals": Integers(one.id for one in journals),
            }
            cursor.execute(store.REMEMBER_OPENINGS, opened)


def opened_already(connection: sa.Connection, people: Iterable[int]) -> set[int]:
    """The personal accounts of people into which an opening balance was brought before."""
    accounts = [personal_account(kind, person_id) for person_id in people for kind in PERSONAL]
    wanted = sa.func.unnest(
        sa.cast([bucket_of(account) for account in accounts], ARRAY(sa.SmallInteger)),
        sa.cast(accounts, ARRAY(sa.BigInteger)),
    ).table_valued(sa.column("bucket", sa.SmallInteger), sa.column("id", sa.BigInteger))
    wanted = wanted.render_derived(name="wanted")
    found = sa.select(opening.c.account_id).join(
        wanted, sa.and_(opening.c.bucket == wanted.c.bucket, opening.c.account_id == wanted.c.id)
    )
    return set(connection.execute(found).scalars())


def opened_before() -> Refused:
    """``balance.duplicate``: the account has its opening balance."""
    return Refused(
        "balance.duplicate",
        "this account has its opening balance already, or stands twice in the file",
        "该账户已录入期初余额，或在文件中重复出现",
        field="account",
        accepted="each account once",
    )


def balances_of(connection: sa.Connection, person_id: int) -> dict[AccountKind, int]:
    """The balances of a person's bounded accounts in fen; kinds without an account are missing."""
    return ask(connection, balances_question(person_id))


def balances_question(person_id: int) -> Question[dict[AccountKind, int]]:
    """`balances_of`."""
    accounts = Integers(personal_account(kind, person_id) for kind in AccountKind if kind.bounded)
    return Question(
        _BALANCES,
        {"bucket": bucket_of(person_id), "accounts": accounts},
        lambda rows: {AccountKind(kind): balance for kind, balance in rows},
    )


def held(account_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether a person holds an account, in the words of the indexes over transfers, which else are not used."""
    return sa.literal_column(f"(({account_id} >> 10) & 255)") <= sa.literal_column("6")


def statement(
    connection: sa.Connection, account_id: int, since: datetime | None = None, until: datetime | None = None
) -> list[StatementLine]:
    """The movements of a bounded account, oldest first, each with the balance after it.

    Args:
        connection: a connection.
        account_id: the account.
        since: leave out movements before this moment (they still count towards the balance).
        until: leave out movements from this moment on.
    """
    assert kind_of(account_id).bounded, "an open account has no statement: it keeps no running balance"
    moved = (
        sa.select(transfer)
        .where(
            transfer.c.bucket == bucket_of(account_id),
            sa.or_(
                sa.and_(transfer.c.debit == account_id, held(transfer.c.debit)),
                sa.and_(transfer.c.credit == account_id, held(transfer.c.credit)),
            ),
        )
        .cte("moved")
        # On a cluster the journals lie with their patients: it is first known which ones are wanted.
        .prefix_with("MATERIALIZED")
    )
    of_journal = (journal.c.bucket == moved.c.journal_id.bitwise_and(BUCKETS - 1)) & (
        journal.c.id == moved.c.journal_id
    )
    rows = connection.execute(
        sa.select(moved, journal.c.kind)
        .join(journal, of_journal)
        .order_by(moved.c.posted_at, moved.c.journal_id, moved.c.leg)
    )
    lines: list[StatementLine] = []
    balance = 0
    for row in rows:
        if until is not None and row.posted_at >= until:
            break
        leaving = row.debit == account_id
        amount = -row.amount if leaving else row.amount
        balance += amount
        if since is None or row.posted_at >= since:
            other = row.credit if leaving else row.debit
            under = row.authorisation_id
            lines.append(StatementLine(row.posted_at, row.journal_id, row.kind, amount, balance, other, under))
    return lines

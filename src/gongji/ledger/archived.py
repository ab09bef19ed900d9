"""Months that were archived, for whoever reads and proves the books: sums that stand for them, and proof of these."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.errors import Refused
from gongji.foundation.money import yuan
from gongji.foundation.questions import Question, ask
from gongji.ledger.archive_tables import FIRST_DAY, KEPT_FROM
from gongji.ledger.finding import Check, Finding
from gongji.ledger.model import LAST_BOUNDED

#: What the evidence of the first month builds on.
_BEGINNING: Final = hashlib.sha256(b"gongji archive").digest()

_FIRST_DAY: Final = f"SELECT {FIRST_DAY}::text AS day"

#: Digest of the sums that an `archiving` carried forward, by parts of a thousand subjects each so that no text grows long.
_DIGEST: Final = """
SELECT sha256(coalesce(string_agg(digest, '' ORDER BY part), ''))
  FROM (SELECT what, subject / 1024000 AS part,
               sha256(string_agg(convert_to(what, 'UTF8') || int8send(subject) || convert_to(part, 'UTF8') || '\\x00'::bytea
                                 || int8send(value), '' ORDER BY what, subject, part COLLATE "C")) AS digest
          FROM carried_forward WHERE n = :n GROUP BY 1, 2) AS parts(what, part, digest)
"""


def kept_from(connection: sa.Connection) -> int:
    """From which id on rows of the growing tables are here; 0 where no month was archived."""
    return int(connection.execute(sa.text(f"SELECT {KEPT_FROM}")).scalar_one())


def refuse_archived(connection: sa.Connection, at: datetime) -> None:
    """Have the movements before a moment be here, or stand in sums.

    Raises:
        Refused: ``ledger.archived`` naming the first moment that can be asked for.
    """
    refuse_before(ask(connection, first_day_question()), at)


def first_day_question() -> Question[str]:
    """The first day whose movements are here, as PostgreSQL writes it: ``-infinity`` where no month was archived."""
    return Question(_FIRST_DAY, {}, lambda rows: str(rows[0][0]))


def refuse_before(first: str, at: datetime) -> None:
    """`refuse_archived`, by the answer to `first_day_question`.

    Raises:
        Refused: ``ledger.archived``.
    """
    if first != "-infinity" and at.astimezone(CHINA).date() < date.fromisoformat(first):
        raise Refused(
            "ledger.archived",
            f"movements before {first} were archived: ask for that day or a later one, or look into the month's file",
            f"{first} 以前的账目已归档：请查询该日及以后，或查阅归档文件",
            field="at",
            accepted=f"{first} or later",
        )


def refuse_archived_journal(connection: sa.Connection, journal_id: int) -> None:
    """Have a journal be here whose transfers are to be read.

    Raises:
        Refused: ``ledger.archived`` when its month was archived.
    """
    if journal_id < kept_from(connection):
        raise Refused(
            "ledger.archived",
            "what is to be taken back is of a month whose books were archived: bring the month back first",
            "要撤回的业务所属月份已归档：请先恢复该月账目",
        )


def carried_digest(connection: sa.Connection, n: int) -> bytes:
    """Digest of the sums that an archiving carried forward, as they stand today."""
    return bytes(connection.execute(sa.text(_DIGEST), {"n": n}).scalar_one())


def evidence_of(before: bytes | None, row: Mapping[str, Any], ends: Mapping[int, tuple[int, bytes]]) -> bytes:
    """The evidence of an archiving: over the one before, the month, the file's and the sums' digests, and where the chains
    stand.

    Args:
        before: evidence of the archiving before; None for the first.
        row: ``n``, ``action``, ``month``, ``kept_from``, ``sha256``, ``carried``.
        ends: (number, hash) by poster.
    """
    said = f"{row['n']} {row['action']} {row['month']} {row['kept_from']}".encode()
    chains = b"".join(f"{poster} {number} ".encode() + stored for poster, (number, stored) in sorted(ends.items()))
    return hashlib.sha256(
        (before or _BEGINNING) + said + bytes(row["sha256"]) + bytes(row["carried"]) + chains
    ).digest()


def archives_are_evident(connection: sa.Connection) -> Iterator[Finding]:
    """What stands of archived months is what was kept at the time: their evidence, the sums carried forward, the ends of
    the chains."""
    ends: dict[int, dict[int, tuple[int, bytes]]] = {}
    for end in connection.execute(sa.text("SELECT n, poster_id, number, hash FROM archived_end")):
        ends.setdefault(end.n, {})[end.poster_id] = (end.number, bytes(end.hash))
    before, number = None, 0
    for row in connection.execute(sa.text("SELECT * FROM archiving ORDER BY n")).mappings():
        number += 1
        name = f"archiving {row['n']} ({row['file']})"
        if row["n"] != number:
            yield Finding("archive", f"{name} follows number {number - 1}: one is missing")
            number = row["n"]
        if carried_digest(connection, row["n"]) != bytes(row["carried"]):
            yield Finding("archive", f"{name} carried other sums forward than stand there now")
        if evidence_of(before, dict(row), ends.pop(row["n"], {})) != bytes(row["evidence"]):
            yield Finding("archive", f"{name} does not have the evidence that it was given")
        before = bytes(row["evidence"])
    for n in ends:
        yield Finding("archive", f"ends of chains belong to archiving {n}, which is not there")


def carried_sums_match(connection: sa.Connection) -> Iterator[Finding]:
    """What accounts carried forward adds up to zero, and what open ones did is what their sums by day say of the days
    before."""
    left = connection.execute(
        sa.text("SELECT coalesce(sum(value), 0)::bigint FROM carried_forward WHERE what = 'balance'")
    ).scalar_one()
    if left:
        yield Finding("archive", f"the balances carried forward add up to {yuan(left)}")
    rows = connection.execute(
        sa.text(
            f"""
            SELECT c.holder, c.kind, c.value AS carried, coalesce(r.value, 0) AS summed
              FROM (SELECT subject >> 18 AS holder, (subject >> 10) & 255 AS kind, sum(value)::bigint AS value
                      FROM carried_forward
                     WHERE what = 'balance' AND (subject >> 10) & 255 > {LAST_BOUNDED} GROUP BY 1, 2) AS c
              LEFT JOIN (SELECT holder, kind, sum(credit - debit)::bigint AS value FROM account_rollup
                          WHERE day < {FIRST_DAY} GROUP BY 1, 2) AS r USING (holder, kind)
             WHERE c.value <> coalesce(r.value, 0)
            """
        )
    )
    for row in rows:
        yield Finding(
            "archive",
            f"account {row.holder} of kind {row.kind} carried {yuan(row.carried)} forward, its sums by day say {yuan(row.summed)}",
        )


CHECKS: Final[dict[str, Check]] = {
    "archived months are evident": archives_are_evident,
    "sums carried forward match": carried_sums_match,
}

"""A closed month leaves the database: its rows go to a file, their sums stay, and the books are proven as before.

Months go one after the other, the oldest first, so that "from which id on" says all. What must not be missed is kept
back: the two accounting years before this one, a year that was not turned, open holds and stays. The keys of messages stay
for good, so that nothing can settle twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from gongji.foundation.clock import CHINA, Clock
from gongji.foundation.database import Database
from gongji.foundation.distribution import see_whole
from gongji.foundation.ids import first_id, month_number
from gongji.ledger import store
from gongji.ledger.archive_tables import archived_end, archiving
from gongji.ledger.archived import carried_digest, evidence_of
from gongji.ledger.chain import genesis
from gongji.ledger.walk import Mark, chain_ends, check_slice, walk
from gongji.settlement import archive_file, archive_refusals
from gongji.settlement.archive_file import ArchivedMonth
from gongji.settlement.archive_proof import prove_file
from gongji.settlement.telling import told_through

#: Whole accounting years before this one that stay.
YEARS_KEPT: Final = 2

#: SQLSTATE of a lock that was not had in time.
_LOCK_NOT_AVAILABLE: Final = "55P03"

_PARENTS: Final = """
SELECT c.relname FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
 WHERE c.relnamespace = 'public'::regnamespace AND p.partstrat = 'r' ORDER BY c.relname
"""

_MONTHS: Final = r"""
SELECT min(right(m.relname, 7)) FROM pg_inherits i JOIN pg_class m ON m.oid = i.inhrelid
 WHERE i.inhparent = 'public.journal'::regclass AND m.relname ~ '_\d{4}_\d{2}$'
"""

#: The sums of a month, in the words of `carried_forward`; `{month}` its tables' ending, `{sign}` of what leaves or comes.
_CARRIED: Final = """
INSERT INTO carried_forward (n, what, subject, part, value)
SELECT :n, 'balance', side.account, '', {sign} sum(side.amount)::bigint
  FROM (SELECT debit AS account, -amount AS amount FROM months.transfer_{month}
         UNION ALL SELECT credit, amount FROM months.transfer_{month}) AS side
 GROUP BY side.account
 UNION ALL
SELECT :n, 'usage', authorisation_id, '', {sign} sum(
           CASE WHEN (debit >> 10) & 255 = 3 AND (debit >> 18, debit & 1023) <> (credit >> 18, credit & 1023) THEN 0
                WHEN (credit >> 10) & 255 IN (3, 11) THEN amount ELSE -amount END)::bigint
  FROM months.transfer_{month} WHERE authorisation_id IS NOT NULL GROUP BY authorisation_id
 UNION ALL
SELECT :n, 'counter', s.person_id, m.counter || ' ' || m.period, {sign} sum(m.added)::bigint
  FROM months.settlement_{month} s, json_to_recordset(s.counters) AS m(counter text, period text, added bigint)
 GROUP BY s.person_id, m.counter, m.period
"""

#: What keeps a month here: the code of the refusal, and whether there is such a thing.
_KEPT_BACK: Final = {
    "archive.year_not_turned": """
        SELECT EXISTS (SELECT 1 FROM account a WHERE a.kind = 1 AND a.closed_at IS NULL AND a.balance > 0 AND NOT EXISTS
            (SELECT 1 FROM year_turn y WHERE y.bucket = a.bucket AND y.person_id = ((a.id >> 18) << 10 | a.bucket)
                AND y.year >= :year))
    """,
    "archive.open_holds": "SELECT EXISTS (SELECT 1 FROM hold WHERE state = 'open' AND id < :until)",
    "archive.open_stays": """
        SELECT EXISTS (SELECT 1 FROM admission WHERE state NOT IN ('settled', 'cancelled') AND visit_id < :until)
    """,
    "archive.default_rows": "SELECT EXISTS (SELECT 1 FROM months.journal_default WHERE id < :until)",
    "archive.across_months": """
        SELECT EXISTS (SELECT 1 FROM months.block_{month} b, unnest(b.journals) AS j(id) WHERE j.id >> 44 <> b.id >> 44)
            OR EXISTS (SELECT 1 FROM block b, unnest(b.journals) AS j(id) WHERE b.id >= :until AND j.id < :until)
            OR EXISTS (SELECT 1 FROM months.block_{month} b JOIN block l ON l.poster_id = b.poster_id
                        WHERE l.id >= :until AND l.number < b.number)
    """,
}

#: Whoever follows the blocks has come through all of the month.
_BEHIND: Final = """
SELECT EXISTS (SELECT 1 FROM (SELECT poster_id, max(number) AS number FROM months.block_{month} GROUP BY poster_id) AS b
                 LEFT JOIN {marks} m ON m.poster_id = b.poster_id WHERE coalesce(m.block, 0) < b.number)
"""


@dataclass(frozen=True, slots=True)
class Archived:
    """What was archived or brought back: the month (``2024-06``), the file, its digest, and rows by table."""

    month: str
    file: Path
    sha256: bytes
    rows: Mapping[str, int]


def archive_month(database: Database, clock: Clock, month: str, file: Path) -> Archived:
    """Take the oldest month out of the database into a new file, all of it or nothing.

    Its blocks are proven first; the file is on disk before the rows leave.

    Args:
        database: signed in as the owner.
        clock: tells which years are over.
        month: ``2024-06``.
        file: where to.

    Raises:
        InvalidInput: ``archive.month``. Refused: ``archive.file_exists``, ``archive.order``, ``archive.too_young``,
            ``archive.year_not_turned``, ``archive.open_holds``, ``archive.open_stays``,
            ``archive.default_rows``, ``archive.across_months``, ``archive.behind``, ``archive.not_whole``, ``archive.busy``.
    """
    if file.exists():
        raise archive_refusals.file_exists(file)
    try:
        with database.transaction() as connection:
            return _archive(connection, clock.now().astimezone(CHINA), _number(month), month, file)
    except sa.exc.OperationalError as problem:
        file.unlink(missing_ok=True)
        if getattr(problem.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise archive_refusals.busy() from problem
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _archive(connection: sa.Connection, now: datetime, number: int, month: str, file: Path) -> Archived:
    tables = _begin(connection)
    ending = month.replace("-", "_")
    _check_order(connection, ending, now.year, number)
    connection.exec_driver_sql(f"LOCK TABLE {', '.join(f'months.{table}_{ending}' for table in tables)} IN SHARE MODE")
    _keep_back(connection, ending, number)
    before = chain_ends(store.raw_cursor(connection).connection)
    ends = _proven_ends(connection, ending, before)
    rows = archive_file.write(connection, month, tables, before, file)
    _record(connection, "archived", number, number + 1, file, ends, now)
    for table in tables:
        connection.exec_driver_sql(f"ALTER TABLE public.{table} DETACH PARTITION months.{table}_{ending}")
        connection.exec_driver_sql(f"DROP TABLE months.{table}_{ending}")
    return Archived(month, file, archive_file.digest_of(file), rows)


def _begin(connection: sa.Connection) -> list[str]:
    """One archiving at a time, which gives way to the books; the growing tables."""
    see_whole(connection)
    connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
    connection.exec_driver_sql("LOCK TABLE archiving IN EXCLUSIVE MODE")
    return list(connection.execute(sa.text(_PARENTS)).scalars())


def _number(month: str) -> int:
    found = re.fullmatch(r"(20[2-9][0-9])-(0[1-9]|1[0-2])", month, re.ASCII)
    if found is None:
        raise archive_refusals.month_unreadable(month)
    return month_number(datetime(int(found[1]), int(found[2]), 1, tzinfo=CHINA).date())


def _check_order(connection: sa.Connection, ending: str, this_year: int, number: int) -> None:
    oldest = connection.execute(sa.text(_MONTHS)).scalar_one()
    if int(ending[:4]) >= this_year - YEARS_KEPT:
        raise archive_refusals.too_young(this_year - YEARS_KEPT)
    if ending != oldest:
        raise archive_refusals.not_the_oldest(str(oldest).replace("_", "-"))


def _keep_back(connection: sa.Connection, ending: str, number: int) -> None:
    asked = {"year": int(ending[:4]), "until": first_id(number + 1)}
    for code, statement in _KEPT_BACK.items():
        query = sa.text(statement.format(month=ending))
        if connection.execute(query, {name: asked[name] for name in asked if f":{name}" in statement}).scalar_one():
            raise archive_refusals.kept_back(code)
    for marks in ("rollup_through", "clearing_through", told_through.name):
        if connection.execute(sa.text(_BEHIND.format(month=ending, marks=marks))).scalar_one():
            raise archive_refusals.kept_back("archive.behind")


def _proven_ends(connection: sa.Connection, ending: str, before: Mapping[int, Mark]) -> dict[int, tuple[int, bytes]]:
    """Prove the month's blocks from where the chains begin here; where they stand after it."""
    driver = store.raw_cursor(connection).connection
    rows = driver.execute(
        f"SELECT DISTINCT ON (poster_id) poster_id, number, hash FROM months.block_{ending} ORDER BY poster_id, number DESC"
    )
    ends = {poster: (number, bytes(stored)) for poster, number, stored in rows}
    for piece in walk(driver, through={poster: number for poster, (number, _) in ends.items()}):
        for finding in check_slice(driver, piece):
            raise archive_refusals.not_whole(str(finding))
    return ends


def _record(
    connection: sa.Connection,
    action: str,
    number: int,
    kept_from: int,
    file: Path,
    ends: Mapping[int, tuple[int, bytes]],
    now: datetime,
) -> None:
    """Carry the month's sums forward (or take them back), and keep the evidence."""
    last = connection.execute(sa.select(archiving).order_by(archiving.c.n.desc()).limit(1)).mappings().one_or_none()
    n = last["n"] + 1 if last is not None else 1
    year, month = divmod(number - 1, 12)
    ending, sign = f"{2020 + year:04d}_{month + 1:02d}", "" if action == "archived" else "-"
    connection.execute(sa.text(_CARRIED.format(month=ending, sign=sign)), {"n": n})
    row: dict[str, Any] = {
        "n": n,
        "action": action,
        "month": number,
        "kept_from": first_id(kept_from),
        "sha256": archive_file.digest_of(file),
        "carried": carried_digest(connection, n),
    }
    evidence = evidence_of(bytes(last["evidence"]) if last is not None else None, row, ends)
    connection.execute(archiving.insert().values(**row, file=file.name, evidence=evidence, at=now))
    if ends:
        connection.execute(
            archived_end.insert(),
            [
                {"n": n, "poster_id": poster, "number": number, "hash": stored}
                for poster, (number, stored) in ends.items()
            ],
        )


def restore_month(database: Database, clock: Clock, file: Path) -> Archived:
    """Bring the month that was archived last back from its file.

    Args:
        database: signed in as the owner.
        clock: tells when.
        file: that `archive_month` wrote.

    Raises:
        InvalidInput: ``archive.unreadable``.
        Refused: ``archive.other_file`` when it is not the file of the month archived last.
    """
    told = archive_file.read_manifest(file)
    with database.transaction() as connection:
        tables = _begin(connection)
        last = _archived_last(connection)
        if last is None or bytes(last["sha256"]) != archive_file.digest_of(file):
            raise archive_refusals.other_file(str(last["file"]) if last is not None else None)
        year, month = map(int, told.month.split("-"))
        connection.execute(sa.text("SELECT add_partitions(:first, 1)"), {"first": datetime(year, month, 1).date()})
        for table in tables:
            archive_file.load(connection, told, table, file)
        ends = {poster: told.before.get(poster, Mark(0, genesis(poster))) for poster in told.posters}
        numbered = {poster: (mark.number, mark.hash) for poster, mark in ends.items()}
        _record(connection, "restored", last["month"], last["month"], file, numbered, clock.now())
    return Archived(told.month, file, bytes(last["sha256"]), told.rows)


def _archived_last(connection: sa.Connection) -> sa.RowMapping | None:
    """The newest month that is archived and was not brought back."""
    stack: list[sa.RowMapping] = []
    for row in connection.execute(sa.select(archiving).order_by(archiving.c.n)).mappings():
        if row["action"] == "archived":
            stack.append(row)
        else:
            stack.pop()
    return stack[-1] if stack else None


def check_archive(file: Path) -> ArchivedMonth:
    """Prove a file by itself, in memory that does not grow with the month.

    Raises:
        InvalidInput: ``archive.unreadable``. Refused: ``archive.not_whole``; see `gongji.settlement.archive_proof.prove_file`.
    """
    told = archive_file.read_manifest(file)
    prove_file(told, file)
    return told

"""Reconciliation with an institution: 3201 holds sums against each other, 3202 settlement against settlement."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Final

import sqlalchemy as sa

from gongji.clearing import archive, detail, store
from gongji.clearing.decide import OWNERS, compare_totals, memo
from gongji.clearing.model import Compared, Difference, Scope, Told, Totals, Verdict
from gongji.clearing.store import Group, KeptDifference
from gongji.foundation.errors import InvalidInput
from gongji.foundation.files import FileStore, StoredFile
from gongji.registry.model import Institution
from gongji.settlement.model import clearing_type, wire_id

#: How files of the two sides are called in the store.
UPLOAD: Final = "clearing.upload"
RESULT: Final = "clearing.result"

#: How long an institution may fetch what it uploaded or was answered.
KEPT_FOR: Final = timedelta(days=30)

#: Most bytes of an uploaded archive.
LARGEST_ARCHIVE: Final = 8 * 1024 * 1024

#: The longest span that is compared at once.
LONGEST_SPAN: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Details:
    """A comparison of details that is not kept yet.

    Attributes:
        scope: which settlements were compared.
        told: their sums, as the institution stated them.
        ours: our sums over the span.
        packed: the archive that names every line, open at its beginning; whoever asked closes it.
        kept: what differs, each once.
        lines: how many settlements were compared.
        warning: where the sums that were told are not those of the file; "" otherwise.
    """

    scope: Scope
    told: Totals
    ours: Totals
    packed: IO[bytes]
    kept: Sequence[KeptDifference]
    lines: int
    warning: str


def check_scope(scope: Scope) -> Scope:
    """The scope, if its span is one.

    Raises:
        InvalidInput: ``statement.span``.
    """
    if not timedelta(0) <= scope.until - scope.since <= LONGEST_SPAN:
        raise InvalidInput(
            "statement.span",
            f"the span from {scope.since} to {scope.until} cannot be compared",
            f"对账区间 {scope.since} 至 {scope.until} 不正确：结束日期不能早于开始日期，且不超过一年",
            field="input.data.stmt_enddate",
            accepted="a last day on or after the first, at most a year later",
        )
    return scope


def compare_sums(connection: sa.Connection, scope: Scope, told: Totals, at: datetime) -> Verdict:
    """3201: hold sums against ours, and keep what came of it.

    Raises:
        InvalidInput: ``statement.span``.
    """
    ours = totals(_chosen(connection, check_scope(scope)))
    verdict = compare_totals(told, ours)
    store.record(connection, scope, "total", told, ours, at, agrees=verdict.agrees)
    return verdict


def compare_details(
    books: sa.Connection,
    files: FileStore,
    institution: Institution,
    scope: Scope,
    told: Totals,
    upload: str,
    at: datetime,
) -> Details:
    """3202: hold an uploaded file against our settlements, line by line; `keep_details` keeps what comes of it.

    Args:
        books: a snapshot: sums and lines are read one after the other, and what is settled in between would stand in one
            of the two only.
        files: where the upload is.
        institution: whose books.
        scope: which settlements the file holds.
        told: its sums, as the message states them.
        upload: the file's number.
        at: now.

    Raises:
        NotFound: ``file.unknown``.
        InvalidInput: ``statement.span``, ``archive.…``, ``detail.…``, ``amount.…``.
    """
    chosen = _chosen(books, check_scope(scope))
    lines = _uploaded(books, files, institution, upload, at)
    kept: list[KeptDifference] = []
    counted = [0]
    compared = _counting(store.compare(books, scope, chosen, lines), counted)
    noted = _noting(compared, lines, kept)
    packed = archive.pack(f"{_name(institution, scope)}.txt", detail.written(noted, lines, institution.region))
    return Details(scope, told, totals(chosen), packed, kept, counted[0], _warning(told, lines))


def keep_details(
    connection: sa.Connection, files: FileStore, institution: Institution, found: Details, at: datetime
) -> StoredFile:
    """Keep a comparison of details and what differs; gives the file that names every line."""
    name = f"{_name(institution, found.scope)}.zip"
    result = put(connection, files, found.packed, RESULT, institution.code, name, at)
    differences = len(found.kept)
    statement = store.record(
        connection,
        found.scope,
        "detail",
        found.told,
        found.ours,
        at,
        agrees=not differences,
        differences=differences,
        result=result.id,
    )
    store.keep_differences(connection, found.scope, statement, found.kept, at)
    return result


def put(
    connection: sa.Connection, files: FileStore, content: IO[bytes], kind: str, owner: str, name: str, at: datetime
) -> StoredFile:
    """Keep an institution's file for as long as it may be fetched."""
    pieces = iter(lambda: content.read(64 * 1024), b"")
    return files.put(
        connection,
        pieces,
        kind=kind,
        owner=owner,
        at=at,
        limit=archive.LARGEST_TEXT,
        name=name,
        expires_at=at + KEPT_FOR,
    )


def totals(groups: Sequence[Group]) -> Totals:
    """The sums of groups."""
    return Totals(
        total=sum(group.total for group in groups),
        funds=sum(group.funds for group in groups),
        accounts=sum(group.accounts for group in groups),
        cash=sum(group.cash for group in groups),
        count=sum(-group.rows if group.refund else group.rows for group in groups),
        rows=sum(group.rows for group in groups),
    )


def _chosen(connection: sa.Connection, scope: Scope) -> list[Group]:
    return [
        group
        for group in store.groups(connection, scope)
        if scope.clearing_type in ("", clearing_type(group.infno, group.med_type))
        and (not scope.agency or _takes_in(group.region, scope.agency))
        and scope.refunds in (None, group.refund)
    ]


def _takes_in(region: str, area: str) -> bool:
    """Whether an area (also a county, or a city's own 市本级) lies in a pooling region."""
    return area.startswith(region[:2] if region.endswith("0000") else region[:4])


def _name(institution: Institution, scope: Scope) -> str:
    return f"{institution.code}_{scope.since:%Y%m%d}_{scope.until:%Y%m%d}"


def _uploaded(
    connection: sa.Connection, files: FileStore, institution: Institution, upload: str, at: datetime
) -> list[Told]:
    stored = files.find(connection, upload, kind=UPLOAD, owner=institution.code, at=at, field="input.data.file_qury_no")
    with tempfile.TemporaryFile() as content:
        for piece in files.open(stored):
            content.write(piece)
        return detail.read(archive.lines_of(content))


def _counting(compared: Iterator[Compared], counted: list[int]) -> Iterator[Compared]:
    for one in compared:
        counted[0] += 1
        yield one


def _noting(compared: Iterator[Compared], told: Sequence[Told], kept: list[KeptDifference]) -> Iterator[Compared]:
    """Pass everything on, and note what differs; a line told three times differs once."""
    seen: set[tuple[Difference, str]] = set()
    for one in compared:
        if one.difference is not Difference.AGREES:
            line = None if one.place is None else told[one.place]
            setl_id = line.setl_id if line else wire_id(one.region, one.settlement_id or 0)
            if (one.difference, setl_id) not in seen:
                seen.add((one.difference, setl_id))
                kept.append(KeptDifference(one.difference, setl_id, one, line, memo(one, line), OWNERS[one.difference]))
        yield one


def _warning(told: Totals, lines: Sequence[Told]) -> str:
    total, funds = sum(one.total for one in lines), sum(one.funds for one in lines)
    return "" if (total, funds) == (told.total, told.funds) else "报文中的合计与上传明细的合计不一致，已按明细逐笔比对"

"""A month's credits as a file: who, which month, whose contribution, base or amount."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from gongji.accrual.credits import post_credits
from gongji.accrual.model import CreditKind, CreditLine, CreditReport
from gongji.entrances.loading import cells
from gongji.foundation.access import Caller
from gongji.foundation.clock import Clock
from gongji.foundation.database import Database
from gongji.foundation.errors import NotFound
from gongji.foundation.personal import Vault
from gongji.foundation.sheet import RowProblem, Table, read_table
from gongji.foundation.tabular import Column, TypedRow, typed_rows
from gongji.registry.certificate import CITIZEN_ID, check_certificate
from gongji.registry.service import person_ids_by_certificate
from gongji.rules.book import RuleBook

#: Told the file, how far it has come, and how far it has to go.
Progress = Callable[[str, int, int], None]

MONTH_ACCEPTED: Final = "a month such as 2024-06 or 202406"
_MONTH: Final = re.compile(r"(\d{4})(?:[-/]?)(\d{1,2})", re.ASCII)

_KINDS: Final = {
    "employer": CreditKind.EMPLOYER,
    "flexible": CreditKind.FLEXIBLE,
    "retired": CreditKind.RETIRED,
    "单位": CreditKind.EMPLOYER,
    "单位职工": CreditKind.EMPLOYER,
    "灵活就业": CreditKind.FLEXIBLE,
    "退休": CreditKind.RETIRED,
}


@dataclass(frozen=True, slots=True)
class CreditFileReport:
    """What came of a credit file.

    Attributes:
        file: its path. rows: how many rows it has.
        report: what was credited.
        problems: every line that is wrong, with its field and reason.
        warning: something its sender should know, "" when nothing.
    """

    file: str
    rows: int
    report: CreditReport
    problems: tuple[RowProblem, ...]
    warning: str = ""


@dataclass(frozen=True, slots=True)
class _Named:
    """A row before its person is looked up: `certificate_key`, and the line but for the person."""

    key: str
    line: CreditLine


def read_month(value: str, field: str) -> date:
    """The first day of a month as files and commands tell it."""
    match = _MONTH.fullmatch(unicodedata.normalize("NFKC", value))
    if match and 1 <= int(match[2]) <= 12 and int(match[1]) >= 2000:
        return date(int(match[1]), int(match[2]), 1)
    raise cells.refused(field, "is not a month", "不是有效的月份", MONTH_ACCEPTED)


COLUMNS: Final = (
    Column("certificate_type", cells.text, also=("证件类型", "psn_cert_type")),
    Column("certificate", cells.text, True, "the certificate's number", ("身份证号", "证件号码", "certno")),
    Column("month", read_month, True, MONTH_ACCEPTED, ("月份", "费款所属期")),
    Column("kind", cells.word(_KINDS), True, "employer, flexible or retired", ("类型", "参保方式")),
    Column("base", cells.fen, accepted=cells.YUAN_ACCEPTED, also=("缴费基数",)),
    Column("amount", cells.fen, accepted=cells.YUAN_ACCEPTED, also=("计入金额", "划入金额")),
)


def credit_file(
    database: Database,
    vault: Vault,
    rules: RuleBook,
    clock: Clock,
    path: Path,
    *,
    caller: Caller,
    dry_run: bool = False,
    despite_problems: bool = False,
    progress: Progress = lambda file, done, total: None,
) -> CreditFileReport:
    """Check a credit file and credit its lines; nothing of it when a line is wrong, unless told otherwise.

    Args:
        database: where the books are.
        vault: finds people by certificate.
        rules: the packs' accrual rules.
        clock: tells the moment.
        path: CSV or JSON, like the other files that are loaded.
        caller: who does it.
        dry_run: check only.
        despite_problems: credit the good lines although others are wrong.
        progress: told of every step.

    Raises:
        InvalidInput: when it cannot be read as a table at all.
    """
    table = read_table(path)
    rows, problems = typed_rows(table, COLUMNS, _line)
    named, unknown = _with_people(database, vault, table, rows)
    problems += unknown
    checking_only = dry_run or (bool(problems) and not despite_problems)
    report = post_credits(
        database,
        rules,
        clock,
        [row.value for row in named],
        caller=caller,
        source=table.sha256,
        progress=lambda done, total: progress(table.file, done, total),
        dry_run=checking_only,
        despite_refusals=despite_problems,
    )
    if checking_only and not dry_run:
        report = replace(report, posted=0, amount=0, unchecked=0, turned=0)
    problems += [RowProblem.of(table.file, named[at].line, why) for at, why in report.refused.items()]
    problems.sort(key=lambda problem: problem.line)
    return CreditFileReport(table.file, len(table.rows), report, tuple(problems), table.warning)


def _line(found: Mapping[str, Any]) -> _Named:
    certificate = check_certificate(
        found.get("certificate_type", CITIZEN_ID),
        found["certificate"],
        type_field="certificate_type",
        field="certificate",
    )
    line = CreditLine(0, found["month"], found["kind"], found.get("base"), found.get("amount"))
    return _Named(certificate.key, line)


def _with_people(
    database: Database, vault: Vault, table: Table, rows: Sequence[TypedRow[_Named]]
) -> tuple[list[TypedRow[CreditLine]], list[RowProblem]]:
    """The lines with their people's ids, and those of nobody."""
    with database.engine.connect() as connection:
        ids = person_ids_by_certificate(connection, vault, {row.value.key for row in rows})
    lines, problems = [], []
    for row in rows:
        person_id = ids.get(row.value.key)
        if person_id is None:
            problems.append(RowProblem.of(table.file, row.line, _nobody()))
        else:
            lines.append(TypedRow(row.line, replace(row.value.line, person_id=person_id)))
    return lines, problems


def _nobody() -> NotFound:
    return NotFound(
        "person.unknown",
        "nobody with this certificate is in the registry",
        "没有登记过该证件号码的人员",
        field="certificate",
        accepted="the certificate of a registered person: load the people first",
    )


def write_rejects(path: Path, problems: Sequence[RowProblem]) -> None:
    """Write what is wrong as CSV, a problem a row; no certificate number stands in it."""
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(("file", "line", "field", "what", "问题", "accepted"))
        for one in problems:
            writer.writerow((one.file, one.line, one.field, one.what, one.zh, one.accepted))

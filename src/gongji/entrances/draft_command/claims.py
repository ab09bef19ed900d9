"""``gongji draft claims``: what was settled for a region's people, out of the installation's own books, as a file of claims."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from gongji.entrances.accrual_command.command import operator
from gongji.entrances.assess_command.command import check_installed
from gongji.entrances.bars import Bars
from gongji.entrances.platform import Platform, open_platform
from gongji.entrances.rules_command.shelf import Shelf
from gongji.foundation import audit
from gongji.foundation.errors import InvalidInput, Refused
from gongji.foundation.money import yuan
from gongji.foundation.settings import load_settings
from gongji.rules.book import RuleBook
from gongji.settlement.settled_claims import Otherwise, Span, claims_of, counted_since
from gongji.settlement.settled_store import SettledPeople

if TYPE_CHECKING:
    from gongji.entrances.draft_command.agreement import Agreement
    from gongji.entrances.draft_command.claims_file import ClaimsFile

#: Why claims worked out anew come to another sum, in words.
WORDS: Final = {
    Otherwise.FUNDS_FOR_SOME: "公务员补助或医疗救助只给部分人 a fund pays for some people only, and a file cannot tell whom",
    Otherwise.ACCOUNT_FIRST: "规则先用个人账户，文件没有账户 the own account pays first, and the file has no accounts",
    Otherwise.NO_DISEASE: "病种没有规则中的名称，或备案已变 no disease in the words of the rule, or its filing ended since",
    Otherwise.ARCHIVED: "已归档月份的累计 care of archived months counted",
    Otherwise.BEFORE_SPAN: "期间之前已有累计 care before the span counted",
    Otherwise.ELSEWHERE: "同一期间在其他统筹区参保 insured in another region in the same period",
    Otherwise.CASH: "之前有手工报销计入累计 a bill paid in cash counted before",
    Otherwise.TAKEN_BACK: "当时在账的结算后来退费 something that stood in the books then was taken back since",
    Otherwise.ORDER: "结算先后与就医日期不同 settled in another order than that of the days",
    Otherwise.IN_PARTS: "住院分次结算 a stay settled in parts",
    Otherwise.INSURANCE: "参保信息后来更正 insurance corrected since",
    Otherwise.RULES: "规则包后来改过 the pack reads otherwise now",
    Otherwise.FOLLOWS: "同一期间前面的费用可能不一致，累计随之不同 an earlier claim of the period may differ, and with it what counts",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: rows and people; and what was not: claims that no kind of benefit is kept for, bills paid in cash; and the
    first day of which everything is here, where earlier months were archived."""

    rows: int
    people: int
    without_benefit: int
    in_cash: int
    kept_from: date | None


def claims(
    out: Annotated[Path, typer.Argument(help="The Parquet file to write; only you may read it.")],
    of: Annotated[str, typer.Option("--of", help="Region that insures the people: code or Chinese name.")],
    year: Annotated[int | None, typer.Option(min=2000, max=2099, help="A whole year, in place of two days.")] = None,
    begins: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    until: Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Last day.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Assess the file and hold it against what the funds paid.")
    ] = False,
    data: Annotated[Path | None, typer.Option("--data", help="The installation's data folder.")] = None,
) -> None:
    """Write what was settled for a region's people as claims, out of the installation's own books; nobody is named in it.

    With --check the exit code is 1 when a claim comes to another sum than was paid and nothing tells why.
    """
    check_installed()
    with open_platform(load_settings(data=data)) as platform:
        span = _span(_pooling(platform.rules, of), year, begins, until)
        written = write_claims(platform, out, span)
        console = Console(emoji=False, highlight=False, soft_wrap=True)
        for line in _told(written, out):
            console.print(line)
        if check:
            _check(platform, out, console)


def _pooling(rules: RuleBook, of: str) -> str:
    """The pooling region that is meant: by its code, whether or not it has a pack of its own, or by a pack's name.

    Raises:
        NotFound: ``region.unknown``.
    """
    if re.fullmatch(r"[0-9]{6}", of):
        return rules.pooling(of)
    return rules.pooling(Shelf(rules, {one.own.region: one for one in rules.lineages()}).named(of).own.region)


def _span(region: str, year: int | None, begins: datetime | None, until: datetime | None) -> Span:
    if year is not None and begins is None and until is None:
        return Span(region, date(year, 1, 1), date(year, 12, 31))
    if year is None and begins is not None and until is not None and begins <= until:
        return Span(region, begins.date(), until.date())
    raise InvalidInput(
        "claims.span",
        "say which days: a year, or a first and a last day",
        "请指定年度，或者起止日期",
        field="year",
        accepted="--year 2025, or --from 2025-01-01 --until 2025-06-30",
    )


def write_claims(platform: Platform, out: Path, span: Span) -> Written:
    """Write the file, note in the audit who took it, and put it in its place.

    Args:
        platform: whose books.
        out: the file.
        span: which claims.

    Raises:
        Refused: ``claims.none`` when nothing was settled. InvalidInput: ``out.unwritable``.
    """
    from gongji.entrances.draft_command.claims_file import ClaimsFile

    told = f"settled for people of {span.region}, {span.begins} to {span.until}"
    with ClaimsFile(out, told) as file:
        with platform.database.snapshot() as connection:
            since = counted_since(platform.rules, span.region, span.begins)
            settled = SettledPeople(connection, platform.rules, span, since)
            without_benefit = _fill(file, settled, platform, span)
            rest = settled.bills_in_cash(), settled.kept_from
        if not file.rows:
            raise Refused(
                "claims.none", "nothing was settled there in these days", "这一期间该统筹区没有结算", field="of"
            )
        file.close()
        with platform.database.transaction() as connection:
            audit.record(
                connection,
                operator(),
                "settlement.claims",
                at=platform.clock.now(),
                region=span.region,
                begins=span.begins.isoformat(),
                until=span.until.isoformat(),
                rows=file.rows,
                people=file.people,
            )
        file.publish()
    return Written(file.rows, file.people, without_benefit, *rest)


def _fill(file: ClaimsFile, settled: SettledPeople, platform: Platform, span: Span) -> int:
    """Write everybody's claims, in an order that is drawn for this file and kept nowhere: whoever knows the books cannot tell by
    somebody's place or number who they are. Returns how many claims no kind of benefit is kept for."""
    secrets.SystemRandom().shuffle(settled.people)
    without_benefit = 0
    with Bars() as bars:
        for done, history in enumerate(settled.histories(settled.people), 1):
            found, left_out = claims_of(history, platform.rules, span, settled.kept_from)
            file.add_person(found)
            without_benefit += left_out
            bars.show("people 人员", done, len(settled.people))
    return without_benefit


def _told(written: Written, out: Path) -> Iterator[str]:
    yield f"{written.people:,} 人 people, {written.rows:,} 条费用 claims: {out}"
    if written.without_benefit:
        yield (
            f"{written.without_benefit:,} 笔医疗类别没有统筹待遇，未列入 "
            "settlements of categories that no benefit is kept for are left out; the funds paid nothing for them"
        )
    if written.in_cash:
        yield f"{written.in_cash:,} 笔手工报销未列入 bills paid in cash that the funds decided on are left out"
    if written.kept_from is not None:
        yield (
            f"⚠ {written.kept_from} 之前的月份已归档，未列入 "
            f"months before {written.kept_from} were archived and are left out"
        )
    yield (
        "⚠ 文件没有姓名和证件，但仍是个人健康数据，请同样保管，用完删除 "
        "nobody is named, but these are people's health data still: keep the file as you keep the books, and delete it after use"
    )


def _check(platform: Platform, out: Path, console: Console) -> None:
    """Print how many claims come to what was paid, and why others do not; exit code 1 where nothing tells why."""
    from gongji.entrances.draft_command.agreement import UNKNOWN, agreement_of

    with Bars() as bars:
        found = agreement_of(out, platform.rules, lambda done, size: bars.show("check 核对", done, size))
    for line in _compared(found):
        console.print(line)
    if UNKNOWN in found.differ:
        raise typer.Exit(1)


def _compared(found: Agreement) -> Iterator[str]:
    yield f"{found.agree:,} 条与账上基金支付一致 claims come to the fen to what the funds paid"
    for reason, count in found.differ.most_common():
        told = WORDS[Otherwise(reason)] if reason in set(Otherwise) else "原因不明 nothing tells why"
        yield f"  {count:,} 条不一致 differ ({yuan(found.fen[reason])} 元 yuan): {told}"
    for (column, code), count in found.rejected.items():
        yield f"  {count:,} 条不能测算 cannot be assessed: {code} \\[{column}]"

"""What the commands print as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gongji.benefit.sensitivity import ADMISSIONS, AGES, BEFORE, VISITS, Outcome, Paid, Visit
from gongji.entrances.rules_command.comparison import Change, Comparison
from gongji.entrances.rules_command.examination import Report
from gongji.entrances.rules_command.paper import title
from gongji.entrances.rules_command.sheet import Sheet
from gongji.entrances.rules_command.words import GRADES, both, chinese_of, path_of
from gongji.foundation.money import yuan
from gongji.rules.book import SHORT_DIGEST
from gongji.rules.coverage import Coverage, State, in_spans
from gongji.rules.lineage import Lineage
from gongji.rules.model import Clause, Conflict

_STATES = {
    State.GAP: "[red]空白 gap[/red]",
    State.PARTIAL: "[yellow]部分时段 partial[/yellow]",
    State.SECONDARY: "[yellow]仅二手资料 secondary sources only[/yellow]",
    State.CONFLICTING: "[yellow]来源不一致 conflicting[/yellow]",
    State.COMPLETE: "[green]完整 complete[/green]",
}


def print_coverage(rows: Sequence[Coverage], others: Sequence[Conflict], console: Console) -> None:
    """Print the registry region by region, years that are alike in one line."""
    table = Table()
    for heading in ("待遇 benefit", "年份 years", "状态 state", "等级 grades", "冲突 conflicts", "核对 checked"):
        wide = heading.startswith(("待遇", "状态"))
        table.add_column(heading.replace(" ", "\n"), overflow="fold", no_wrap=not wide, ratio=3 if wide else None)
    for (name, region, digest), group in groupby(in_spans(rows), lambda row: (row.name, row.region, row.digest)):
        table.add_section()
        table.add_row(f"[bold]{escape(name)} {region}[/bold]", "", f"[dim]摘要 digest {digest}[/dim]")
        told = ""
        for row in group:
            # The same words again would only make the table longer.
            table.add_row(*_coverage_row(replace(row, gap="") if row.gap == told else row))
            told = row.gap
    console.print(table)
    for grade, told in GRADES.items():
        console.print(f"  {grade}  {told}", highlight=False, soft_wrap=True)
    told = "不在表中的, 规则包没有规则, 基金不支付. What is not listed has no rule: the funds pay nothing."
    console.print(told, highlight=False, soft_wrap=True)
    if others:
        told = f"另有 {len(others)} 条冲突与上列待遇无关 further conflicts are about none of these: gongji rules show REGION"
        console.print(told, highlight=False, soft_wrap=True)


def _coverage_row(row: Coverage) -> tuple[str, ...]:
    years = str(row.first) if row.first == row.last else f"{row.first}–{row.last}"
    grades = "" if row.best is None else row.best if row.best is row.worst else f"{row.best}–{row.worst}"
    days = f" ({row.days} 天 days)" if row.state is State.PARTIAL else ""
    gap = f"\n[dim]{escape(row.gap)}[/dim]" if row.gap else ""
    checked = row.checked.isoformat() if row.checked else ""
    return (title(row.benefit), years, _STATES[row.state] + days + gap, grades, str(row.conflicts or ""), checked)


def print_report(report: Report, console: Console) -> None:
    """Print what is wrong, then what is worth a look, then the sum."""

    def line(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    for problem in report.problems:
        line(f"[red]✗[/red] {escape(f'{problem.at}: {problem.code}: {problem.zh}')}")
        line(f"    {escape(problem.en)}")
    for one in report.differences:
        told = f"{one.at}: {one.example}: {one.what} 手算 by hand {yuan(one.expected)}, 引擎 engine {yuan(one.got)}"
        line(f"[red]✗[/red] {escape(told)}")
    for finding in report.findings:
        line(f"[yellow]![/yellow] {escape(f'{finding.at}: {finding.code}: {finding.zh}')}")
        line(f"    {escape(finding.en)}")
        if finding.names:
            line(f"    {', '.join(finding.names)}")
    if report.problems:
        line(
            f"[red]{len(report.problems)} 处错误 problems[/red]"
            + ("" if report.loaded else "; 规则包未能加载 not loaded")
        )
        return
    examples = f"{report.examples} 个算例 worked examples ({report.visits} 次就诊 visits)"
    if report.differences:
        line(f"[red]{len(report.differences)} 个数不符 numbers differ[/red] in {examples}")
        return
    line(
        f"[green]✓[/green] {report.packs} 个规则包 packs, {examples} 分毫不差 to the fen; {len(report.findings)} 处提示 findings"
    )


def print_comparison(left: Sheet, right: Sheet, comparison: Comparison, console: Console) -> None:
    """Print what differs, with the sources of both sides."""
    words = dict.fromkeys(change.word for change in comparison.changes)
    for word in words:
        table = Table(title=title(word), title_justify="left", show_lines=True)
        headings = (
            "数值 value",
            *(
                f"{escape(sheet.name)} {sheet.region}\n{sheet.on}\n{sheet.digest[:SHORT_DIGEST]}"
                for sheet in (left, right)
            ),
        )
        for heading in (*headings, "来源 sources"):
            table.add_column(heading, overflow="fold")
        for change in comparison.changes:
            if change.word == word:
                table.add_row(*(escape(cell) for cell in _change_row(change)))
        console.print(table)
    told = f"{len(comparison.changes)} 处不同 differences, {comparison.same} 处相同 the same"
    console.print(told, highlight=False, soft_wrap=True)


def _change_row(change: Change) -> tuple[str, str, str, str]:
    sides = ((change.left, change.left_clause), (change.right, change.right_clause))
    sources = dict.fromkeys(_brief(clause) for _, clause in sides if clause is not None)
    dotted = ".".join((change.name, *change.path))
    role = f"{change.role} {path_of(change.path)}".strip()
    name = dotted if change.name == "rules" else role if role.endswith(dotted) else f"{role}\n{dotted}"
    return (name, change.left or "—", change.right or "—", "\n".join(sources))


def _brief(clause: Clause) -> str:
    return f"{clause.grade} 《{clause.title}》 自 since {clause.effective}"


def _visit_words(visit: Visit) -> str:
    before = f", 此前 after {both(visit.before)} {yuan(BEFORE)}" if visit.before is not None else ""
    case = f", {both(visit.case)}" if visit.case else ""
    return f"{both(visit.status)}, {both(visit.tier)}, {yuan(visit.amount)}{case}{before}"


def print_sensitivity(lineage: Lineage, on: date, outcomes: Sequence[Outcome], console: Console) -> None:
    """Print what each reading changes in what the funds pay, for the visits for which it does."""

    def line(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    line(f"[bold]{escape(lineage.own.name)} {lineage.own.region}[/bold]  {on}  {lineage.digest[:SHORT_DIGEST]}")
    ages = ", ".join(f"{both(status)} {age}" for status, age in AGES.items())
    visits, admissions = (" / ".join(yuan(fen) for fen in amounts) for amounts in (VISITS, ADMISSIONS))
    line(f"标准就诊: 每种身份、一二三级、费用 {visits} 元 (住院 {admissions} 元), 全部在政策范围内; 年龄 {ages};")
    line(f"  当期首次, 或在另一级别 {yuan(BEFORE)} 元之后 (合计支付); 异地等情形各一次")
    line(f"Standard visits: each status, tiers 1 to 3, {visits} yuan (admissions {admissions}), all of it in scope;")
    line(
        f"  the first of its period, or after one of {yuan(BEFORE)} at another tier (paid together); away, each case once"
    )
    for one in outcomes:
        reading = one.interpretation
        line(f"\n[bold]{one.word} {escape(reading.name)}[/bold]: {escape(reading.why)}")
        if len(reading.options) == 1:
            line(f"  原文明确, 只有一种读法 the text is clear: {escape(reading.default)}")
            continue
        line(f"  {one.visits} 个标准就诊中 {len(one.changed)} 个结果不同 of the standard visits come out otherwise")
        if one.changed:
            console.print(_payments(one))
    if not outcomes:
        line("没有待解释之处 nothing is left open")


def _payments(one: Outcome) -> Table:
    """What the funds pay under each reading, and how much that is more or less than under the one taken."""
    table = Table()
    table.add_column("就诊 visit: 基金支付 the funds pay, 元 yuan", overflow="fold")
    default = one.interpretation.default
    others = [option for option in one.interpretation.options if option != default]
    for option in (f"{default} (采用 taken)", *others):
        table.add_column(escape(option), justify="right", overflow="fold")
    for payment in one.changed:
        split = any(len(paid) > 1 for paid in payment.paid.values())
        taken = payment.paid[default]
        cells = [
            f"{_told(payment.paid[option], split)} ({_signed(sum(payment.paid[option].values()) - sum(taken.values()))})"
            for option in others
        ]
        table.add_row(_visit_words(payment.visit), _told(taken, split), *cells)
    return table


def _told(paid: Paid, split: bool) -> str:
    """What is paid altogether, and by which fund where that differs."""
    total = yuan(sum(paid.values()))
    return (
        total + " = " + " + ".join(f"{chinese_of(fund)} {yuan(fen)}" for fund, fen in paid.items()) if split else total
    )


def _signed(fen: int) -> str:
    return f"+{yuan(fen)}" if fen > 0 else yuan(fen) if fen else "="

"""A sheet on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from rich.console import Console
from rich.markup import escape

from gongji.entrances.rules_command.sheet import Section, Sheet, Shown
from gongji.entrances.rules_command.words import both, chinese_of, grade_words, path_of
from gongji.rules.book import SHORT_DIGEST
from gongji.rules.coverage import SHARING
from gongji.rules.grid import Key
from gongji.rules.model import Clause
from gongji.rules.vocabulary import TRUSTED

_NO_RULE = "当日没有规则, 基金不支付 no rule on that day: the funds pay nothing"
_NO_SHARING = "当日没有完整的共济规则, 不能共济 no complete sharing rule on that day: nobody can share"


def print_sheet(sheet: Sheet, console: Console) -> None:
    """Print a sheet: each value with its source, then what is open, in conflict and unknown."""
    _line(console, f"[bold]{escape(sheet.name)} {sheet.region}[/bold]  {sheet.on}  {escape(sheet.pack)}")
    _line(console, f"摘要 digest {sheet.digest[:SHORT_DIGEST]}; 金额单位为元 amounts in yuan")
    for section in sheet.sections:
        _line(console, f"\n[bold]{title(section.word)}[/bold]")
        for value in section.values:
            print_value(value, console)
    if not (sheet.sections or sheet.silent):
        _line(console, "\n规则包里没有这一项 the pack sets nothing of that kind")
    for word in sheet.silent:
        told = _NO_SHARING if word == SHARING else _NO_RULE
        _line(console, f"\n[bold]{title(word)}[/bold]\n  {told}")
    if any(section.interpretations for section in sheet.sections):
        _line(console, "\n[bold]待解释 what the texts leave open[/bold]")
    for section in sheet.sections:
        _print_readings(section, console)
    if sheet.conflicts:
        _line(console, "\n[bold]来源不一致 conflicting sources[/bold]")
    for conflict in sheet.conflicts:
        told = f"{conflict.about}: 采用 held: {conflict.says}; 另有 against: {conflict.against}; {conflict.handling}"
        _line(console, f"  {escape(told)} ({escape(conflict.pack)})")
    if sheet.gaps:
        _line(console, "\n[bold]空白 not known[/bold]")
    for gap in sheet.gaps:
        _line(console, f"  {escape(gap.about)}: {escape(gap.says)}")


def title(word: str) -> str:
    """The title of a section: ``职工普通门诊 employee.outpatient``."""
    if word == "values":
        return "其他数值 plain values"
    return f"{''.join(chinese_of(part) for part in word.split('.'))} {word}"


def print_value(value: Shown, console: Console) -> None:
    """Print one value: its role, its numbers, and the words that they rest on."""
    name = "" if value.role.endswith(value.name) else f"  {value.name}"
    above = "  [承自上级 inherited]" if value.inherited else ""
    _line(console, f"  [cyan]{escape(value.role)}[/cyan]{escape(name + above)}")
    for row in rows(value.cells, plain=value.name == "rules"):
        _line(console, f"    {escape(row)}")
    for text in source_lines(value.clause):
        _line(console, f"      [dim]{escape(text)}[/dim]")


def rows(cells: Mapping[Key, str], *, plain: bool = False) -> list[str]:
    """The numbers of a table, in one row those that differ in their last level; `plain` has a row for each."""
    if plain:
        return [f"{both(path[0])}{' ' + path[1] if path[1:] else ''}: {told}" for path, told in cells.items()]
    groups = groupby(cells.items(), lambda cell: cell[0][:-1])
    return [
        (f"{path_of(level)}: " if level else "")
        + "  ".join(f"{path_of(path[-1:])} {told}".strip() for path, told in group)
        for level, group in groups
    ]


def source_lines(clause: Clause) -> list[str]:
    """Where a value comes from, how far that can be trusted, its words, and what is to be known."""
    published = f", 公布 published {clause.published}" if clause.published else ""
    warning = "" if clause.grade in TRUSTED else "⚠ "
    said = "原文 quote" if clause.verbatim else "概述 summary"
    lines = [
        f"自 since {clause.effective}{published}; {warning}等级 grade {grade_words(clause.grade)}",
        f"《{clause.title}》 {clause.publisher}; {said}: {clause.quote}",
    ]
    return [*lines, f"注 note: {clause.note}"] if clause.note else lines


def _print_readings(section: Section, console: Console) -> None:
    for one in section.interpretations:
        others = [option for option in one.options if option != one.default]
        options = (
            f"采用 taken: {one.default}; 也可 or: {', '.join(others)}" if others else f"{one.default} (原文明确 clear)"
        )
        _line(console, f"  {escape(f'{section.word} {one.name}: {options}; {one.why}')}")


def _line(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True)

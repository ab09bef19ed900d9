"""Drafts and what they would do, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gongji.entrances.assess_command.printing import print_rests
from gongji.entrances.draft_command.weighed import (
    OF_PEOPLE,
    Weighed,
    Weighing,
    amount,
    counted,
    few,
    label,
    name_of,
    part,
    shown,
)
from gongji.entrances.wording import Language, money, signed, text
from gongji.rules.book import RuleBook

#: A draft alone is shown along these; the report shows every one along all.
_ALONG = ("kind", "tier", "status")


def print_changes(one: Weighed, console: Console) -> None:
    """Print each number of a benefit that a draft changes, before and after, and its terms of sharing."""
    draft = one.draft
    _line(console, f"[bold]{one.number}. {escape(draft.title)}[/bold]  {draft.pack}  {draft.effective} 起 from")
    table = Table(show_header=False)
    for moved, words in zip(one.moved, one.words, strict=True):
        before, after = (shown(number, is_ratio=moved.is_ratio) for number in (moved.before, moved.after))
        table.add_row(f"{words}\n[dim]{name_of(moved)}[/dim]", before, "→", after)
    for term in draft.terms:
        value = ", ".join(sorted(term.value)) if isinstance(term.value, frozenset) else str(term.value)
        table.add_row(f"sharing.{term.name}", "", "→", value)
    if table.row_count:
        console.print(table)
    else:
        _line(console, "[yellow]![/yellow] 与现行规则没有差别 nothing is other than today")


def print_weighing(weighing: Weighing, book: RuleBook, console: Console, language: Language) -> None:
    """Print what each draft would do: for the funds, for people; along what claims are where there is one draft."""
    tally = weighing.appraisal.tally
    for one in weighing.drafts:
        print_changes(one, console)
    if weighing.invented:
        _line(console, f"[yellow]![/yellow] {text('office.draft.invented', language)}")
    rejected = f"[red]{tally.rejected:,}[/red]" if tally.rejected else "0"
    _line(console, f"读取 read {tally.read:,}  测算 assessed {tally.assessed:,}  拒绝 rejected {rejected}")
    sums = _sums if len(weighing.drafts) == 1 else _sums_of_many
    console.print(sums(weighing, language))
    console.print(_people(weighing, language))
    if len(weighing.drafts) == 1:
        for name in _ALONG:
            console.print(_along(weighing, name, language))
        for name in OF_PEOPLE:
            console.print(_people_along(weighing, weighing.drafts[0], name, language))
    print_rests({region: digests[0] for region, digests in weighing.appraisal.regions.items()}, book, console)


def _line(console: Console, words: str) -> None:
    console.print(words, highlight=False, soft_wrap=True)


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left")
    return table


def _sums(weighing: Weighing, language: Language) -> Table:
    """Who pays all bills, today and under the one draft."""
    appraisal = weighing.appraisal
    today, after = appraisal.bills(0), appraisal.bills(weighing.drafts[0].number)
    columns = [text(f"office.draft.{word}", language) for word in ("today", "then", "moved")]
    table = _table(text("office.draft.sums", language), ["", *columns, ""])
    for name in ("funds", "borne", *(("own", "shared", "cash") if appraisal.accounts else ())):
        before, then = getattr(today, name), getattr(after, name)
        row = (money(before), money(then), signed(then - before), part(then - before, before))
        table.add_row(text(f"office.draft.sum.{name}", language), *row)
    return table


def _sums_of_many(weighing: Weighing, language: Language) -> Table:
    """What the funds and the people pay of all bills today, and how each draft moves it."""
    appraisal = weighing.appraisal
    today = appraisal.bills(0)
    names = ["funds", "borne", *(("cash",) if appraisal.accounts else ())]
    columns = ["", *(text(f"office.draft.sum.{name}", language) for name in names)]
    table = _table(text("office.draft.sums", language), columns)
    table.add_row(text("office.draft.today", language), *(money(getattr(today, name)) for name in names))
    for one in weighing.drafts:
        bills = appraisal.bills(one.number)
        moved = [getattr(bills, name) - getattr(today, name) for name in names]
        told = [f"{signed(fen)} {part(fen, getattr(today, name))}" for fen, name in zip(moved, names, strict=True)]
        table.add_row(text("office.draft.number", language, number=one.number), *told)
    return table


def _people(weighing: Weighing, language: Language) -> Table:
    """How many bear less and more under each draft."""
    columns = [
        text(f"office.draft.people.{name}", language) for name in ("all", "less", "less_fen", "more", "more_fen")
    ]
    table = _table(text("office.draft.people", language), ["", *columns])
    for one in weighing.drafts:
        moves = weighing.appraisal.moves(one.number)
        table.add_row(
            text("office.draft.number", language, number=one.number),
            counted(moves.people),
            counted(moves.less),
            amount(moves.less, moves.less_fen),
            counted(moves.more),
            amount(moves.more, moves.more_fen),
        )
    return table


def _along(weighing: Weighing, name: str, language: Language) -> Table:
    """What the funds pay along what claims are, today and under the one draft."""
    columns = ["claims", "total", "funds"]
    words = [text(f"office.draft.column.{column}", language) for column in columns]
    table = _table(text(f"office.draft.along.{name}", language), ["", *words, text("office.draft.moved", language)])
    for word, today, after in weighing.bills_along(name, weighing.drafts[0].number):
        if few(today.claims):
            table.add_row(label(name, word, language), counted(today.claims), "–", "–", "–")
            continue
        moved = after.funds - today.funds
        told = f"{signed(moved)} {part(moved, today.funds)}"
        table.add_row(label(name, word, language), f"{today.claims:,}", money(today.total), money(today.funds), told)
    return table


def _people_along(weighing: Weighing, one: Weighed, name: str, language: Language) -> Table:
    """How many bear less and more along what people are, and what it comes to for each of them."""
    columns = [text(f"office.draft.people.{word}", language) for word in ("all", "less", "more", "each")]
    table = _table(text(f"office.draft.along.{name}", language), ["", *columns])
    for word, moves in weighing.appraisal.moves_along(name, one.number).items():
        each = (
            "–"
            if few(moves.people) or few(moves.less) or few(moves.more)
            else signed((moves.more_fen - moves.less_fen) // moves.people)
        )
        table.add_row(
            label(name, word, language), counted(moves.people), counted(moves.less), counted(moves.more), each
        )
    return table

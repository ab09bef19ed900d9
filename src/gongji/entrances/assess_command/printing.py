"""What came of a file, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gongji.entrances import wording
from gongji.entrances.open_rules.atlas import Atlas
from gongji.entrances.wording import Language
from gongji.foundation.money import yuan
from gongji.rules.book import RuleBook
from gongji.rules.model import ENGINE, Grade
from gongji.rules.vocabulary import TRUSTED
from gongji.simulation.receipt import Receipt

_SUMS: Final[Mapping[str, str]] = {
    "total": "总费用 total",
    "fund_pool": "统筹基金支付 pooled fund pays",
    "fund_large": "大额基金支付 large-amount fund pays",
    "patient": "个人负担 the person bears",
    "own": "  本人账户 own account",
    "shared": "  共济账户 shared account",
    "cash": "  现金 cash",
}
_NOTES: Final[Mapping[str, str]] = {
    "no_rule": "没有规则包写明这一待遇，基金不支付 no pack sets a rule: the funds pay nothing",
    "waiting": "参保后的等待期未满，基金不支付 insured late and still waiting: the funds pay nothing",
    "no_prescription": "没有处方，药店买药基金不支付 without a prescription the funds pay nothing at a pharmacy here",
    "offsite_unknown": "规则没有写明异地就医怎么报销，基金不支付 the rule is silent on such care elsewhere: nothing is paid",
}

#: More regions than these are counted, not listed.
_MOST_DIGESTS: Final = 12


def print_receipt(receipt: Receipt, book: RuleBook, console: Console) -> None:
    """Print the counts, the sums, the reasons, and on what the numbers rest; a warning where that is weak."""
    tally = receipt.tally

    def line(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    rejected = f"[red]{tally.rejected:,}[/red]" if tally.rejected else "0"
    line(f"读取 read {tally.read:,}  测算 assessed {tally.assessed:,}  拒绝 rejected {rejected}")
    sums = dict(tally.sums)
    sums["patient"] = sums.get("total", 0) - sums.get("fund_pool", 0) - sums.get("fund_large", 0)
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, label in _SUMS.items():
        if name in sums:
            table.add_row(label, f"¥{int(sums[name]) // 100:,}{yuan(sums[name])[-3:]}")
    console.print(table)
    for note, count in tally.notes.items():
        line(f"[yellow]![/yellow] {count:,}: {_NOTES[note]}")
    for (column, code), count in tally.reasons.most_common():
        line(f"[red]✗[/red] {count:,}: " + escape(f"{code} [{column}]" if column else code))
    if not receipt.in_order:
        line("同一家庭的费用在文件中分散，结果按家庭归并，row 列是原来的行号")
        line("families stood apart in the file: results are grouped by family, column row tells the line")
    print_rests(receipt.digests, book, console)


def print_rests(digests: Mapping[str, str], book: RuleBook, console: Console) -> None:
    """Print on what numbers rest: the digest of each region's packs, and a warning where their sources are weak."""
    shown = "  ".join(f"{region} {digest}" for region, digest in list(digests.items())[:_MOST_DIGESTS])
    more = f" … ({len(digests)} 个地区 regions)" if len(digests) > _MOST_DIGESTS else ""
    console.print(
        f"[dim]规则包摘要 pack digests: {shown}{more}; 引擎 engine {ENGINE}[/dim]", highlight=False, soft_wrap=True
    )
    for grade, named in weak_regions(digests, book).items():
        told = " ".join(wording.text(f"grade.{grade}", language) for language in Language)
        console.print(f"[yellow]⚠[/yellow] 等级 grade {grade}: {named}: {told}", highlight=False, soft_wrap=True)


def weak_regions(regions: Iterable[str], book: RuleBook) -> dict[Grade, str]:
    """The regions whose newest rules rest on a source that needs a warning, by its grade; some of many."""
    found = _weak(regions, Atlas(book))
    return {
        grade: ", ".join(weak[:_MOST_DIGESTS]) + (" …" if len(weak) > _MOST_DIGESTS else "")
        for grade, weak in found.items()
    }


def _weak(regions: Iterable[str], atlas: Atlas) -> dict[Grade, list[str]]:
    """The regions whose newest rules rest on a source that needs a warning, by its grade."""
    found: dict[Grade, list[str]] = {}
    for region in regions:
        grade = atlas.region(region).grade
        if grade is not None and grade not in TRUSTED:
            found.setdefault(grade, []).append(region)
    return dict(sorted(found.items()))

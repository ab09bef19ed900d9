"""Liaoning with a sharing rule that it does not have: money has to be allotted first. For what no shipped pack asks."""

from __future__ import annotations

import re
from pathlib import Path

from gongji.rules.book import SHIPPED, RuleBook

_ENTRY = """
  {name}:
    - effective: 2020-01-01
      value: {value}
      source: {{doc: seed-liaoning-tieling, grade: C, summary: "须先划拨", checked: 2026-11-29}}
"""


#: Everything that some region lets shared money be spent on.
_PURPOSES = "[care, inpatient, deposit, pharmacy, resident_premium]"


def allotting_liaoning(
    folder: Path,
    *,
    parts: str = "per_relative",
    take_back: str = "any_time",
    year_end: str = "returns",
    floor: str | None = "2000.00",
    source: str | None = None,
) -> RuleBook:
    """The shipped packs, but in Liaoning relatives spend only what was allotted to them.

    Args:
        folder: where the pack is written.
        parts, take_back, year_end: how it is allotted.
        floor: yuan that have to stay in the sharer's account; None for none.
        source: which balance may be given; None as Liaoning has it.
    """
    wanted = {"required": "true", "parts": parts, "take_back": take_back, "year_end": year_end}
    entries = {f"allotment_{name}": value for name, value in wanted.items()}
    if floor is not None:
        entries["retained_floor"] = floor
    text = (SHIPPED / "cn/liaoning/pack.yaml").read_text()
    if source is not None:
        text, replaced = re.subn(r"(balance_source:\n.*\n +value: )\w+", rf"\g<1>{source}", text, count=1)
        assert replaced == 1, "Liaoning says which balance is shared"
    text = text.replace("value: [care, inpatient, pharmacy]", f"value: {_PURPOSES}").replace(
        "value: [care, inpatient, pharmacy, resident_premium]", f"value: {_PURPOSES}"
    )
    told = "".join(_ENTRY.format(name=name, value=value).rstrip("\n") for name, value in entries.items())
    text = text.replace("\nsharing:\n", f"\nsharing:{told}\n", 1)
    (folder / "cn/liaoning").mkdir(parents=True, exist_ok=True)
    file = folder / "cn/liaoning/pack.yaml"
    file.write_text(text)
    return RuleBook.load([file])

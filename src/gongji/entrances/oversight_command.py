"""``gongji oversight``: look for what is new now, and say which drugs' supply is measured."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gongji.entrances.alert_words import name_of
from gongji.entrances.platform import open_platform
from gongji.entrances.wording import Language
from gongji.foundation.errors import InvalidInput
from gongji.foundation.settings import load_settings
from gongji.ledger.rollup import roll_up
from gongji.oversight.alerts import drugs
from gongji.oversight.alerts.drugs import MonitoredDrug
from gongji.oversight.alerts.scan import scan

oversight = typer.Typer(no_args_is_help=True, help="Supervision by alerts: scan the books, and what is measured by.")

DataFolder = Annotated[Path | None, typer.Option("--data", help="The installation's data folder.")]

#: The columns of a file of drugs.
COLUMNS = ("area", "item_code", "days", "source")


@oversight.command("scan")
def scan_books(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    data: DataFolder = None,
) -> None:
    """Look at everything that was settled, bound or sent since the last scan; a server does it once an hour."""
    with open_platform(load_settings(data=data)) as platform:
        roll_up(platform.database)
        done = scan(platform.database, platform.clock)
    told = {
        "settlements": done.settlements,
        "authorisations": done.authorisations,
        "new": {str(rule): count for rule, count in done.new.items()},
        "lapsed": done.lapsed,
    }
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"looked at {done.settlements:,} settlements and {done.authorisations:,} authorisations")
    for rule, count in done.new.items():
        console.print(f"  {count:,} × {name_of(rule, Language.ENGLISH)} {name_of(rule, Language.CHINESE)}")
    console.print(f"{sum(done.new.values()):,} new alerts, {done.lapsed:,} lapsed")


@oversight.command("drugs")
def enter_drugs(
    file: Annotated[
        Path, typer.Argument(help=f"A CSV file with the columns {', '.join(COLUMNS)}.", exists=True, dir_okay=False)
    ],
    data: DataFolder = None,
) -> None:
    """Enter how many days a counted unit of a drug lasts; a drug that is known gets the new figure."""
    found = _read(file)
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        print(f"{drugs.put(connection, found)} drugs entered")


def _read(file: Path) -> list[MonitoredDrug]:
    """The drugs of a file.

    Raises:
        InvalidInput: ``monitored_drug.file``, ``monitored_drug.columns``.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            rows, known = list(reader), reader.fieldnames or ()
    except (UnicodeDecodeError, csv.Error) as problem:
        raise InvalidInput(
            "monitored_drug.file",
            f"{file} is no CSV file in UTF-8: {problem}",
            f"{file} 不是 UTF-8 编码的 CSV 文件：{problem}",
            field="file",
            accepted="CSV, UTF-8",
        ) from problem
    if missing := set(COLUMNS) - set(known):
        raise InvalidInput(
            "monitored_drug.columns",
            f"the file has no column {', '.join(sorted(missing))}",
            f"文件缺少列：{'、'.join(sorted(missing))}",
            field="file",
            accepted=", ".join(COLUMNS),
        )
    return [
        MonitoredDrug(row["area"] or "", row["item_code"] or "", _whole(row["days"]), row["source"] or "")
        for row in rows
    ]


def _whole(text: str | None) -> int:
    """A whole number; 0, which is refused with its line, for what is none."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0

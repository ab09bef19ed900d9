"""The drugs whose supply is measured: how many days a counted unit of each lasts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from gongji.foundation.errors import GongjiError, InvalidInput
from gongji.oversight.alerts.tables import monitored_drug

_AREA: Final = re.compile(r"[0-9]{6}", re.ASCII)

#: No pack lasts longer than ten years.
_MOST_DAYS: Final = 3_650

_PUT: Final = """
INSERT INTO monitored_drug (area, item_code, days, source)
SELECT * FROM unnest(CAST(:areas AS text[]), CAST(:codes AS text[]), CAST(:days AS smallint[]), CAST(:sources AS text[]))
    ON CONFLICT (area, item_code) DO UPDATE SET days = excluded.days, source = excluded.source
"""


@dataclass(frozen=True, slots=True)
class MonitoredDrug:
    """A drug: for which area (000000 the nation), its catalogue code, how many whole days a counted unit lasts a patient at
    the usual dose, and who says so."""

    area: str
    item_code: str
    days: int
    source: str


def put(connection: sa.Connection, drugs: Iterable[MonitoredDrug]) -> int:
    """Enter drugs, or change what is known of them; the last line of a drug counts.

    Returns:
        How many.

    Raises:
        InvalidInput: ``monitored_drug.area``, ``….item_code``, ``….days``, ``….source``, with the line that it is in.
    """
    known: dict[tuple[str, str], MonitoredDrug] = {}
    for line, one in enumerate(drugs, start=1):
        _check(one, line)
        known[one.area, one.item_code] = one
    values = list(known.values())
    parameters = {
        "areas": [one.area for one in values],
        "codes": [one.item_code for one in values],
        "days": [one.days for one in values],
        "sources": [one.source for one in values],
    }
    connection.execute(sa.text(_PUT), parameters)
    return len(values)


def listed(connection: sa.Connection) -> list[MonitoredDrug]:
    """All of them, by code and area."""
    rows = connection.execute(sa.select(monitored_drug).order_by(monitored_drug.c.item_code, monitored_drug.c.area))
    return [MonitoredDrug(row.area, row.item_code, row.days, row.source) for row in rows]


def _check(one: MonitoredDrug, line: int) -> None:
    if not _AREA.fullmatch(one.area):
        raise _wrong("area", line, "000000, or a region's six digits", "000000 或六位地区编码")
    if not (0 < len(one.item_code) <= 50 and one.item_code.isprintable()):
        raise _wrong("item_code", line, "1 to 50 characters", "1 到 50 个字")
    if not 0 < one.days <= _MOST_DAYS:
        raise _wrong("days", line, f"a whole number from 1 to {_MOST_DAYS}", f"1 到 {_MOST_DAYS} 的整数")
    if not (0 < len(one.source) <= 200 and one.source.isprintable()):
        raise _wrong("source", line, "who says so, 1 to 200 characters", "写明依据，1 到 200 个字")


def _wrong(field: str, line: int, accepted: str, zh: str) -> GongjiError:
    return InvalidInput(
        f"monitored_drug.{field}",
        f"line {line}: {field} is {accepted}",
        f"第 {line} 行的 {field} 应为：{zh}",
        field=field,
        accepted=accepted,
        details={"line": line},
    )

"""Who can be picked at the demo's log-in: everybody of its world, and an officer for each duty."""

from __future__ import annotations

from typing import Final

from gongji.entrances.demo.identity import Account
from gongji.entrances.demo.world import rows
from gongji.foundation.access import Duty

#: Number, region, what the page says, duties.
_OFFICERS: Final = (
    ("0210", "211200", "铁岭 · 初审", (Duty.REVIEWER,)),
    ("0211", "211200", "铁岭 · 复审", (Duty.SECOND_REVIEWER,)),
    ("0212", "211200", "铁岭 · 窗口", (Duty.CLERK,)),
    ("0213", "211200", "铁岭 · 对账", (Duty.CLEARING_CLERK,)),
    ("0215", "211200", "铁岭 · 稽核", (Duty.INSPECTOR,)),
    ("0810", "370800", "济宁 · 初审", (Duty.REVIEWER,)),
    ("0811", "370800", "济宁 · 税务入库", (Duty.TAX_CLERK,)),
    ("0812", "370800", "济宁 · 对账", (Duty.CLEARING_CLERK,)),
    ("9901", "990000", "先划拨示范 · 初审", (Duty.REVIEWER,)),
    ("2101", "210000", "辽宁省 · 审计", (Duty.AUDITOR,)),
)


def citizens() -> list[Account]:
    """The insured people of the demo's world."""
    return [
        Account(
            f"c{row['certificate']}",
            row["name"],
            row["employer"] or "居民医保",
            {"certificate_number": row["certificate"]},
        )
        for row in rows("people")
    ]


def officers() -> list[Account]:
    """The officers."""
    return [
        Account(
            f"o{number}",
            f"工号 {number}",
            about,
            {"officer_number": number, "region": region, "duties": [str(duty) for duty in duties]},
        )
        for number, region, about, duties in _OFFICERS
    ]

"""A town whose books are scanned: shops to buy in, and what alerts and cases came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.clock import CHINA
from gongji.oversight.alerts import queue, store
from gongji.oversight.alerts.model import Alert, RuleCode
from gongji.oversight.alerts.scan import Scanned, scan
from gongji.oversight.alerts.tables import alert, alert_row
from gongji.registry.entering import add_institutions
from gongji.registry.entries import NewInstitution
from gongji.registry.model import InstitutionKind
from gongji.settlement.model import Settlement
from town import Town

INSPECTOR = Caller(Role.OFFICER, "0215", None, "211200", frozenset({Duty.INSPECTOR}))
SECOND = Caller(Role.OFFICER, "0211", None, "211200", frozenset({Duty.SECOND_REVIEWER}))

#: code, name, region: pharmacies beside the town's own, in Tieling, Shenyang and Jining.
SHOPS = (
    ("P21120200011", "铁岭康宁药房", "211202"),
    ("P21120200012", "银州老百姓药房", "211202"),
    ("P21010200001", "沈阳和平大药房", "210102"),
    ("P21010200002", "沈阳太原街药房", "210102"),
    ("P21010200003", "沈阳中山药房", "210102"),
)


@dataclass
class Watch:
    """The town with its scan."""

    town: Town

    def __post_init__(self) -> None:
        since = date(2020, 1, 1)
        with self.town.database.transaction() as connection:
            shops = [
                NewInstitution(code, name, InstitutionKind.PHARMACY, None, area, since) for code, name, area in SHOPS
            ]
            add_institutions(connection, shops)

    def at(self, *moment: int) -> None:
        """Set the clock, in China's time."""
        self.town.clock.set(datetime(*moment, tzinfo=CHINA))  # type: ignore[arg-type]

    def buy(
        self,
        patient: int,
        shop: str,
        price: str,
        *,
        item: str = "C-A",
        count: int = 1,
        use: str = "2",
        traces: Sequence[str] = (),
        minutes: int = 1,
    ) -> Settlement:
        """A purchase with the accounts; the clock moves on by some minutes."""
        command = self.town.purchase(patient, self.town.institution(shop), (item, count, price), use=use)
        if traces:
            command = replace(command, lines=tuple(replace(line, traces=tuple(traces)) for line in command.lines))
        made = self.town.settled(command)
        self.town.clock.advance(timedelta(minutes=minutes))
        return made

    def take_back(self, settlement: Settlement, shop: str) -> Settlement:
        """The purchase is taken back."""
        return self.town.settled(self.town.reversal(settlement, self.town.institution(shop)))

    def scan(self, **how: Any) -> Scanned:
        """Look at what is new."""
        return scan(self.town.database, self.town.clock, **how)

    def alerts(self, rule: RuleCode | None = None, *, lapsed: bool = False) -> list[Alert]:
        """The alerts there are, those that lapsed left out."""
        with self.town.database.transaction() as connection:
            cases = connection.execute(sa.select(alert.c.case_id)).scalars().all()
            found = [one for some in store.alerts_of(connection, cases).values() for one in some]
        return [one for one in found if (rule is None or one.rule is rule) and (one.lapsed_at is not None) == lapsed]

    def one(self, rule: RuleCode) -> Alert:
        """The only alert of a rule."""
        (found,) = self.alerts(rule)
        return found

    def cases(self) -> list[Any]:
        """The open cases of Tieling."""
        with self.town.database.transaction() as connection:
            return queue.listed(connection, "2112")

    def picture(self) -> set[tuple[Any, ...]]:
        """All that stands found: rule, group, figures and the rows behind it."""
        with self.town.database.transaction() as connection:
            rows = connection.execute(
                sa.select(alert.c.rule, alert.c.key, alert.c.measured, alert_row.c.kind, alert_row.c.row_id)
                .join(alert_row, alert_row.c.alert_id == alert.c.id)
                .where(alert.c.lapsed_at.is_(None))
            ).all()
        return {(row.rule, row.key, repr(sorted(row.measured.items())), row.kind, row.row_id) for row in rows}

    def monitor(self, item: str, days: int) -> None:
        """Say how many days a unit of a drug lasts."""
        with self.town.database.transaction() as connection:
            connection.execute(
                sa.text("INSERT INTO monitored_drug VALUES ('000000', :item, :days, '说明书')"),
                {"item": item, "days": days},
            )

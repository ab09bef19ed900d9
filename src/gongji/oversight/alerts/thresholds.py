"""Which rules are looked for in a region and by what figures: the rules' own, unless an officer of the region changed them.

Changes are only ever added, each with its reason: what held when something was found can be told afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation import audit
from gongji.foundation.access import Caller, Duty
from gongji.oversight.alerts import refusals
from gongji.oversight.alerts.model import RuleCode
from gongji.oversight.alerts.rule import Rule
from gongji.oversight.alerts.rules import RULES
from gongji.oversight.alerts.tables import alert_rule_change

#: Fewest and most characters of why a rule is changed.
WORDS: Final = (4, 200)


@dataclass(frozen=True, slots=True)
class Setting:
    """How a rule is looked for: whether at all, and by what figures."""

    active: bool
    thresholds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a rule: for which region, what holds from then on, why, by whom and when."""

    region: str
    rule: RuleCode
    active: bool
    thresholds: Mapping[str, int]
    reason: str
    holder: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one rule: by region where somebody changed it."""

    rule: type[Rule]
    changed: Mapping[str, Setting]

    def of(self, region: str) -> Setting:
        """What holds in a region: its own change, else its city's, else its province's, else the rule's defaults."""
        for area in (region, f"{region[:4]}00", f"{region[:2]}0000"):
            if area in self.changed:
                return self.changed[area]
        return Setting(True, self.rule.defaults())

    def different(self) -> list[Setting]:
        """Every setting that holds somewhere, each once."""
        found: list[Setting] = []
        for one in (Setting(True, self.rule.defaults()), *self.changed.values()):
            if one not in found:
                found.append(one)
        return found


def settings_of(connection: sa.Connection, code: RuleCode) -> Settings:
    """The settings of a rule everywhere."""
    one = alert_rule_change.c
    newest = sa.select(sa.func.max(one.id)).where(one.rule == code).group_by(one.region)
    rows = connection.execute(sa.select(alert_rule_change).where(one.id.in_(newest)))
    rule = RULES[code]
    return Settings(rule, {row.region: Setting(row.active, rule.defaults() | row.thresholds) for row in rows})


def change(
    connection: sa.Connection,
    code: str,
    *,
    active: bool,
    thresholds: Mapping[str, int],
    reason: str,
    caller: Caller,
    at: datetime,
) -> Setting:
    """Switch a rule off or on in the officer's region, or have it measure by other figures there.

    Args:
        connection: the transaction.
        code: the rule's.
        active: whether it is looked for from now on.
        thresholds: the figures; those left out go back to the rule's own.
        reason: why, for whoever asks later.
        caller: the officer.
        at: now.

    Raises:
        NotAllowed: ``access.duty``. NotFound: ``rule.unknown``. InvalidInput: ``rule.threshold``, ``rule.reason``.
    """
    caller.require_duty(Duty.INSPECTOR)
    rule = rule_of(code)
    known = {one.name: one for one in rule.thresholds}
    for name, value in thresholds.items():
        if name not in known:
            raise refusals.threshold_unknown(name, known)
        if not known[name].least <= value <= known[name].most:
            raise refusals.threshold_beyond(known[name])
    if not WORDS[0] <= len(reason) <= WORDS[1]:
        raise refusals.words("rule.reason", "reason", WORDS)
    assert caller.region is not None, "the database holds no officer without a region"
    # Regions pool by the city: what an officer of a district changes holds for what their city insures.
    area = caller.region if caller.region.endswith("0000") else f"{caller.region[:4]}00"
    others = {name: value for name, value in thresholds.items() if value != known[name].default}
    connection.execute(
        alert_rule_change.insert().values(
            region=area,
            rule=rule.code,
            active=active,
            thresholds=others,
            reason=reason,
            holder=caller.holder,
            at=at,
        )
    )
    audit.record(connection, caller, "alert_rule.change", at=at, rule=str(rule.code), active=active, thresholds=others)
    return Setting(active, rule.defaults() | others)


def rule_of(code: str) -> type[Rule]:
    """A rule by its code.

    Raises:
        NotFound: ``rule.unknown``.
    """
    found = next((rule for one, rule in RULES.items() if one == code), None)
    if found is None:
        raise refusals.rule_unknown()
    return found


def history(connection: sa.Connection, code: RuleCode, region_prefix: str, *, limit: int = 50) -> list[Change]:
    """The changes of a rule in an area, newest first."""
    one = alert_rule_change.c
    rows = connection.execute(
        sa.select(alert_rule_change)
        .where(one.rule == code, one.region.startswith(region_prefix, autoescape=True))
        .order_by(one.id.desc())
        .limit(limit)
    )
    return [
        Change(row.region, RuleCode(row.rule), row.active, row.thresholds, row.reason, row.holder, row.at)
        for row in rows
    ]

"""The rules of supervision and how right they are, and counts of alerts; for officers' programs."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from gongji.entrances.api.alerts import area
from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.people import words
from gongji.entrances.api.problems import RESPONSES, Words
from gongji.entrances.api.shapes import Body
from gongji.foundation.access import Duty, Role
from gongji.oversight.alerts import figures, thresholds
from gongji.oversight.alerts.model import RuleCode
from gongji.oversight.alerts.rule import Rule
from gongji.oversight.alerts.rules import RULES

router = APIRouter(prefix="/v1/oversight", tags=["oversight"], responses=RESPONSES)

At = Annotated[Door, Depends()]
RuleName = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$", description=", ".join(RuleCode))]


class ThresholdOut(BaseModel):
    """A figure that a rule measures against."""

    name: str
    label: Words
    unit: str
    value: int
    default: int
    least: int
    most: int
    source: str = Field(description='the fact that gives the default; "" where it is ours')


class RuleOut(BaseModel):
    """A rule as it holds in the officer's region, and how right it was there."""

    rule: RuleCode
    words: Words
    about: Words
    source: str
    active: bool
    thresholds: list[ThresholdOut]
    found: int
    open: int
    decided: int
    founded: int
    precision_percent: int | None = Field(description="founded of decided; null while nothing was decided")


class RuleIn(Body):
    """How a rule shall be looked for in the officer's region from now on."""

    active: bool
    thresholds: dict[Annotated[str, Field(max_length=40)], int] = Field(
        default={}, description="those left out go back to the rule's own"
    )
    reason: Annotated[str, Field(max_length=500)] = Field(description="4 to 200 characters, kept for good")


class CountOut(BaseModel):
    """Alerts of a rule in a city and month; null where there are fewer than five."""

    rule: RuleCode
    region: str
    month: str = Field(examples=["2026-11"])
    alerts: int | None
    founded: int | None


@router.get("/rules")
def read_rules(door: At) -> list[RuleOut]:
    """Every rule with its thresholds in the officer's region, and its precision."""
    with door.open(Role.OFFICER) as call:
        call.caller.require_duty(Duty.INSPECTOR, Duty.AUDITOR)
        call.note("alert_rule.read_list")
        return [_rule(call, one) for one in figures.precisions(call.connection, area(call))]


@router.put("/rules/{rule}")
def change_rule(rule: RuleName, body: RuleIn, door: At) -> RuleOut:
    """Switch a rule off or on in the officer's region, or have it measure by other figures there, with a reason."""
    with door.open(Role.OFFICER) as call:
        known = thresholds.rule_of(rule)
        thresholds.change(
            call.connection,
            rule,
            active=body.active,
            thresholds=body.thresholds,
            reason=body.reason.strip(),
            caller=call.caller,
            at=call.now,
        )
        found = figures.precisions(call.connection, area(call))
        return next(_rule(call, one) for one in found if one.rule is known.code)


@router.get("/counts")
def read_counts(
    door: At, since: Annotated[date, Query(description="from this day on", examples=["2026-01-01"])]
) -> list[CountOut]:
    """Alerts by rule, city and month; fewer than five are not told."""
    with door.open(Role.OFFICER) as call:
        call.caller.require_duty(Duty.INSPECTOR, Duty.AUDITOR)
        call.note("alert.read_counts")
        return [
            CountOut(
                rule=one.rule, region=one.region, month=f"{one.month:%Y-%m}", alerts=one.found, founded=one.founded
            )
            for one in figures.counts(call.connection, area(call), since)
        ]


def _rule(call: Call, one: figures.Precision) -> RuleOut:
    rule: type[Rule] = RULES[one.rule]
    setting = thresholds.settings_of(call.connection, one.rule).of(call.caller.region or "")
    return RuleOut(
        rule=one.rule,
        words=words(f"alert.rule.{one.rule}"),
        about=words(f"alert.about.{one.rule}"),
        source=rule.source,
        active=setting.active,
        thresholds=[
            ThresholdOut(
                name=each.name,
                label=words(f"alert.threshold.{one.rule}.{each.name}"),
                unit=each.unit,
                value=setting.thresholds[each.name],
                default=each.default,
                least=each.least,
                most=each.most,
                source=each.source,
            )
            for each in rule.thresholds
        ],
        found=one.found,
        open=one.open,
        decided=one.decided,
        founded=one.founded,
        precision_percent=one.share,
    )

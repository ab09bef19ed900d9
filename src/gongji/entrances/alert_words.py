"""What an alert says, in words: its rule's sentence with the figures that were measured."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from gongji.entrances import wording
from gongji.entrances.wording import Language
from gongji.foundation.errors import NotFound
from gongji.oversight.alerts.model import Alert, RuleCode
from gongji.rules.book import RuleBook

#: Figures that are days.
_DAYS = ("day", "died_on")


def name_of(rule: RuleCode, language: Language) -> str:
    """A rule's short name."""
    return wording.text(f"alert.rule.{rule}", language)


def told(alert: Alert, rules: RuleBook, language: Language) -> str:
    """The sentence of an alert."""
    key = f"alert.told.{alert.rule}"
    if alert.rule is RuleCode.AGE_OR_SEX:
        key += f".{alert.measured['what']}"
    return wording.text(key, language, **_values(alert.measured, rules))


def _values(measured: Mapping[str, Any], rules: RuleBook) -> dict[str, Any]:
    values = dict(measured)
    for name in _DAYS:
        if name in values:
            values[name] = date.fromisoformat(values[name])
    if "city" in values:
        values["city"] = _city(rules, values["city"])
    return values


def _city(rules: RuleBook, region: str) -> str:
    """A city's name; its code where no pack knows it."""
    try:
        return rules.name(region)
    except NotFound:
        return region

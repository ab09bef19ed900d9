"""The rules of supervision: how right each is, switched off and on, its figures changed with a reason, its history; and the
counts for analysts."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Final

from starlette.responses import Response

from gongji.entrances.alert_words import name_of
from gongji.entrances.web.office.alerts import READERS
from gongji.entrances.web.office.pages import area_prefix, for_duties, show
from gongji.entrances.web.visits import Visit, whole
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.errors import GongjiError
from gongji.oversight.alerts import figures, refusals, thresholds
from gongji.oversight.alerts.rule import Rule
from gongji.oversight.alerts.rules import RULES

#: Months that the counts go back.
_MONTHS: Final = 12


@for_duties(*READERS)
def rules(visit: Visit) -> Response:
    """``GET /alerts/rules``: every rule with how right it was."""
    audit.record(visit.connection, visit.caller, "alert_rule.read_list", at=visit.now)
    region = visit.caller.region or ""
    return show(
        visit,
        "alert_rules.html",
        rows=[
            (
                one,
                name_of(one.rule, visit.reader.language),
                thresholds.settings_of(visit.connection, one.rule).of(region),
            )
            for one in figures.precisions(visit.connection, area_prefix(visit))
        ],
    )


@for_duties(*READERS)
def rule(visit: Visit) -> Response:
    """``GET /alerts/rules/{rule}``."""
    return _page(visit, thresholds.rule_of(visit.part("rule")))


@for_duties(Duty.INSPECTOR)
def change(visit: Visit) -> Response:
    """``POST /alerts/rules/{rule}``: switch it, or change its figures, with a reason."""
    one, form = thresholds.rule_of(visit.part("rule")), visit.form
    try:
        thresholds.change(
            visit.connection,
            one.code,
            active=form.text("active") != "off",
            thresholds=_figures(visit, one),
            reason=form.text("reason"),
            caller=visit.caller,
            at=visit.now,
        )
    except GongjiError as problem:
        return _page(visit, one, {problem.field or "reason": visit.reader.sentence(problem)}, problem.status)
    return visit.go(f"/alerts/rules/{one.code}?notice=rule_changed")


def _figures(visit: Visit, one: type[Rule]) -> dict[str, int]:
    """The figures of the form; amounts are typed in yuan."""
    found = {}
    for threshold in one.thresholds:
        figure = whole(visit.form.text(threshold.name), 9)
        if figure is None:
            raise refusals.threshold_beyond(threshold)
        found[threshold.name] = figure * (100 if threshold.unit == "fen" else 1)
    return found


def _page(visit: Visit, one: type[Rule], errors: dict[str, str] | None = None, status: int = 200) -> Response:
    setting = thresholds.settings_of(visit.connection, one.code).of(visit.caller.region or "")
    text, form = visit.reader.text, visit.form
    rows = []
    for threshold in one.thresholds:
        by = 100 if threshold.unit == "fen" else 1
        unit = text(f"alert.unit.{threshold.unit}")
        hint = text(
            "office.rule.hint" if threshold.source else "office.rule.hint.ours",
            unit=unit,
            least=threshold.least // by,
            most=threshold.most // by,
            default=threshold.default // by,
            source=threshold.source,
        )
        value = form.text(threshold.name) or str(setting.thresholds[threshold.name] // by)
        rows.append((threshold.name, text(f"alert.threshold.{one.code}.{threshold.name}"), value, hint))
    precision = next(
        found for found in figures.precisions(visit.connection, area_prefix(visit)) if found.rule is one.code
    )
    return show(
        visit,
        "alert_rule.html",
        status=status,
        rule=one,
        name=name_of(one.code, visit.reader.language),
        setting=setting,
        rows=rows,
        precision=precision,
        history=thresholds.history(visit.connection, one.code, area_prefix(visit)),
        switches=[(value, text(f"office.rule.{value}"), "") for value in ("on", "off")],
        switched=form.text("active") or ("on" if setting.active else "off"),
        may_change=Duty.INSPECTOR in visit.caller.duties,
        errors=errors or {},
        form=form,
    )


@for_duties(*READERS)
def counts(visit: Visit) -> Response:
    """``GET /alerts/counts``: alerts by rule, city and month, small cells hidden; ``?as=csv`` as a file."""
    since = _months_before(visit.now.date())
    found = figures.counts(visit.connection, area_prefix(visit), since)
    audit.record(visit.connection, visit.caller, "alert.read_counts", at=visit.now)
    if visit.query("as") == "csv":
        out = io.StringIO()
        csv.writer(out).writerows(figures.as_lines(found))
        name = f"alerts-{since:%Y-%m}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        # The mark at the beginning is for the spreadsheet that officers open it with.
        return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
    return show(
        visit,
        "alert_counts.html",
        rows=[(one, name_of(one.rule, visit.reader.language)) for one in found],
        fewest=figures.FEWEST,
        known=len(RULES),
    )


def _months_before(on: date) -> date:
    year, month = divmod(on.year * 12 + on.month - 1 - (_MONTHS - 1), 12)
    return date(year, month + 1, 1)

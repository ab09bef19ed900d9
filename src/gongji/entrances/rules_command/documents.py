"""What the commands say as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import msgspec

from gongji.benefit.sensitivity import Outcome
from gongji.entrances.rules_command.comparison import Comparison
from gongji.entrances.rules_command.examination import Report
from gongji.entrances.rules_command.sheet import Sheet
from gongji.foundation.money import yuan
from gongji.rules.coverage import Coverage
from gongji.rules.lineage import Lineage
from gongji.rules.model import Clause, Conflict


def coverage_json(rows: Iterable[Coverage], others: Iterable[Conflict]) -> dict[str, Any]:
    """The registry, a row for each year; `other_conflicts` are about no benefit."""
    return {
        "coverage": [
            {
                "region": row.region,
                "name": row.name,
                "benefit": row.benefit,
                "year": row.first,
                "state": row.state,
                "days": row.days,
                "best_grade": row.best,
                "worst_grade": row.worst,
                "conflicts": row.conflicts,
                "checked": row.checked.isoformat() if row.checked else None,
                "digest": row.digest,
                "gap": row.gap or None,
            }
            for row in rows
        ],
        "other_conflicts": [{"pack": one.pack, "about": one.about} for one in others],
    }


def _clause_json(clause: Clause | None) -> dict[str, Any] | None:
    if clause is None:
        return None
    told: dict[str, Any] = msgspec.to_builtins(clause)
    return told


def sheet_json(sheet: Sheet) -> dict[str, Any]:
    """A sheet; cells by their dotted path."""
    return {
        "region": sheet.region,
        "name": sheet.name,
        "pack": sheet.pack,
        "on": sheet.on.isoformat(),
        "digest": sheet.digest,
        "sections": {
            section.word: {
                "values": [
                    {
                        "name": value.name,
                        "role": value.role,
                        "value": _cells_json(value.cells),
                        "inherited": value.inherited,
                        "source": _clause_json(value.clause),
                    }
                    for value in section.values
                ],
                "interpretations": [asdict(one) for one in section.interpretations],
            }
            for section in sheet.sections
        },
        "no_rule": list(sheet.silent),
        "conflicts": [asdict(one) for one in sheet.conflicts],
        "gaps": [{"about": gap.about, "says": gap.says} for gap in sheet.gaps],
    }


def _cells_json(cells: Mapping[tuple[str, ...], str]) -> str | dict[str, str]:
    return cells[()] if tuple(cells) == ((),) else {".".join(path): told for path, told in cells.items()}


def report_json(report: Report) -> dict[str, Any]:
    """What came of an examination."""
    return {
        "passed": report.passed,
        "packs": report.packs,
        "examples": report.examples,
        "visits": report.visits,
        "problems": [{"code": one.code, "at": str(one.at), "en": one.en, "zh": one.zh} for one in report.problems],
        "differences": [
            {
                "example": one.example,
                "at": str(one.at),
                "what": one.what,
                "expected": yuan(one.expected),
                "got": yuan(one.got),
            }
            for one in report.differences
        ],
        "findings": [
            {"code": one.code, "at": str(one.at), "en": one.en, "zh": one.zh, "names": list(one.names)}
            for one in report.findings
        ],
    }


def comparison_json(left: Sheet, right: Sheet, comparison: Comparison) -> dict[str, Any]:
    """What differs between two sheets."""
    return {
        **{
            side: {"region": sheet.region, "name": sheet.name, "on": sheet.on.isoformat(), "digest": sheet.digest}
            for side, sheet in (("left", left), ("right", right))
        },
        "same": comparison.same,
        "changes": [
            {
                "section": one.word,
                "value": ".".join((one.name, *one.path)),
                "left": one.left,
                "right": one.right,
                "left_source": _clause_json(one.left_clause),
                "right_source": _clause_json(one.right_clause),
            }
            for one in comparison.changes
        ],
    }


def sensitivity_json(lineage: Lineage, on: date, outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """What each reading changes; amounts in yuan."""
    return {
        "region": lineage.own.region,
        "name": lineage.own.name,
        "on": on.isoformat(),
        "digest": lineage.digest,
        "readings": [
            {
                "benefit": one.word,
                "interpretation": one.interpretation.name,
                "default": one.interpretation.default,
                "options": list(one.interpretation.options),
                "visits": one.visits,
                "changed": [
                    {
                        "status": payment.visit.status,
                        "tier": payment.visit.tier,
                        "in_scope": yuan(payment.visit.amount),
                        "before": payment.visit.before,
                        "case": payment.visit.case or None,
                        "paid": {
                            option: {fund: yuan(fen) for fund, fen in paid.items()}
                            for option, paid in payment.paid.items()
                        },
                    }
                    for payment in one.changed
                ],
            }
            for one in outcomes
        ],
    }

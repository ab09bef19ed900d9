"""What an institution's system has shown: passed, failed, not run, and what it does against the letter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

from gongji.entrances.platform import Platform
from gongji.entrances.sandbox.conformance.director import Director, scenarios_for
from gongji.entrances.sandbox.conformance.model import Outcome, Run, Scenario
from gongji.entrances.sandbox.institutions import InventedInstitution
from gongji.registry.conformance import Deviation, conformance
from gongji.registry.service import institution_by_code


@dataclass(frozen=True, slots=True)
class Line:
    """One scenario of a report; without a run it was not run."""

    scenario: Scenario
    run: Run | None

    @property
    def outcome(self) -> Outcome:
        """How it stands."""
        return Outcome.NOT_RUN if self.run is None else self.run.outcome


@dataclass(frozen=True, slots=True)
class Report:
    """A report.

    Attributes:
        institution: whose system.
        made_at: the sandbox's moment.
        lines: all scenarios that the institution can run.
        deviations: what the door counted against the letter of the interface.
    """

    institution: InventedInstitution
    made_at: datetime
    lines: tuple[Line, ...]
    deviations: tuple[Deviation, ...]

    def tally(self) -> Mapping[Outcome, int]:
        """How many stand how."""
        counted = Counter(line.outcome for line in self.lines)
        return {outcome: counted[outcome] for outcome in Outcome}

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "program": f"gongji {version('gongji')}",
            "institution": {"code": self.institution.code, "name": self.institution.name},
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "tally": {str(outcome): count for outcome, count in self.tally().items()},
            "scenarios": [_line(line) for line in self.lines],
            "deviations": [
                {
                    "infno": one.infno,
                    "kind": one.kind,
                    "field": one.field,
                    "count": one.count,
                    "example": one.example,
                }
                for one in self.deviations
            ],
        }


def _line(line: Line) -> dict[str, Any]:
    arrived = line.run.messages if line.run is not None else []
    steps = [
        {
            "infno": step.infno,
            "says": step.says,
            "msgid": arrived[number].request.text("msgid") if number < len(arrived) else None,
            "message": arrived[number].number if number < len(arrived) else None,
        }
        for number, step in enumerate(line.scenario.steps)
    ]
    zh, en = line.scenario.title
    return {
        "key": line.scenario.key,
        "title": {"zh": zh, "en": en},
        "outcome": str(line.outcome),
        "problem": line.run.problem if line.run is not None and line.run.problem else None,
        "steps": steps,
    }


def make_report(
    director: Director, institution: InventedInstitution, at: datetime, deviations: list[Deviation]
) -> Report:
    """The report of an institution as it stands now."""
    lines = tuple(Line(each, director.run_of(institution.code, each)) for each in scenarios_for(institution))
    return Report(institution, at, lines, tuple(deviations))


def deviations_of(platform: Platform, institution: InventedInstitution) -> list[Deviation]:
    """What the door has counted of an institution's system."""
    with platform.database.transaction() as connection:
        registered = institution_by_code(connection, institution.code)
        return conformance(connection, registered) if registered is not None else []

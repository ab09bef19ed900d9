"""What one visit writes down as it is worked out: counters as it finds and moves them, and the lines of explanation."""

from __future__ import annotations

from datetime import date

from gongji.benefit.model import CounterMove, Counters, Step
from gongji.rules.model import BenefitRule, Clause


class Sheet:
    """The working sheet of one visit; never leaves the assessment."""

    def __init__(self, rule: BenefitRule, on: date, counters: Counters) -> None:
        self._rule = rule
        self._on = on
        self._values = dict(counters)
        self.moves: list[CounterMove] = []
        self.steps: list[Step] = []

    def value(self, counter: str) -> int:
        """Where a counter stands, what this visit has added included."""
        return self._values.get(counter, 0)

    def period(self, counter: str) -> str:
        """The period in which a counter stands on the day of the visit (``2024``, ``2024-Q3``)."""
        return self._rule.counters[counter].period(self._on)

    def add(self, counter: str, added: int, limit: int | None) -> None:
        """Move a counter; nothing is written for a move by nothing."""
        if added:
            self._values[counter] = self.value(counter) + added
            self.moves.append(CounterMove(counter, self.period(counter), added, limit))

    def line(self, code: str, amount: int, clause: Clause | None, **inputs: int | str) -> None:
        """Write a line of the explanation."""
        self.steps.append(Step(code, amount, clause, inputs))

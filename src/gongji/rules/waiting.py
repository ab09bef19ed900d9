"""How long somebody who was insured late waits before the funds pay.

    waiting:
      resident:
        - effective: 2025-01-01
          value: {outside_window: 3, interrupted: 3, each_further_year: 1, less_each_repaid_year: 1,
                  long_gap_years: 4, long_gap_least: 6}
          source: …
      employee:
        - {effective: 2024-01-01, value: {flexible: 6}, source: …}

All numbers are whole months but ``long_gap_years``. What a city leaves out comes from its parent, the whole value at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gongji.rules.node import Node
from gongji.rules.sources import Clause
from gongji.rules.vocabulary import Late

#: What a gap of several years adds.
GAP_TERMS: Final = ("each_further_year", "less_each_repaid_year", "long_gap_years", "long_gap_least")


@dataclass(frozen=True, slots=True)
class WaitingTerms:
    """Months to wait, as a text says them.

    Attributes:
        fixed: by what made somebody late; who is late in a way not named waits not at all.
        each_further_year: months more for every missed year after the first.
        less_each_repaid_year: months less for every missed year that is paid afterwards, of those only.
        long_gap_years: from how many missed years on `long_gap_least` holds; 0 where it never does.
        long_gap_least: the least somebody waits after a long gap, however much is repaid.
    """

    fixed: Mapping[Late, int]
    each_further_year: int = 0
    less_each_repaid_year: int = 0
    long_gap_years: int = 0
    long_gap_least: int = 0

    def months(self, late: Late, missed_years: int = 0, repaid_years: int = 0) -> int:
        """How many months somebody waits from the day the insurance begins (again).

        Args:
            late: what made them late.
            missed_years: years without insurance since the last, for `INTERRUPTED`.
            repaid_years: how many of those were paid afterwards.
        """
        fixed = self.fixed.get(late, 0)
        if late is not Late.INTERRUPTED:
            return fixed
        more = self.each_further_year * max(0, missed_years - 1)
        waits = fixed + max(0, more - self.less_each_repaid_year * repaid_years)
        long = 0 < self.long_gap_years <= missed_years
        return max(waits, self.long_gap_least) if long else waits


@dataclass(frozen=True, slots=True)
class WaitingRule:
    """The terms in force with their source."""

    terms: WaitingTerms
    clause: Clause


def read_waiting(node: Node) -> WaitingTerms:
    """Read the months, by what makes somebody late, and what a gap of several years adds."""
    found = node.fields((), (*Late, *GAP_TERMS))
    months = {name: child.whole() for name, child in found.items()}
    fixed = {late: months[late] for late in Late if late in months}
    if not fixed:
        raise node.problems.refuse("pack.missing_key", node.at, "nobody waits", "未写明何人等待")
    return WaitingTerms(fixed, **{name: months[name] for name in GAP_TERMS if name in months})

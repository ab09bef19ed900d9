"""What a rule is: a pattern of misuse, its source, its thresholds, and the one statement that finds it around what is new.

A rule puts rows into groups that do not depend on when they are read (a person's drug in a quarter, a till's day), and its
statement judges every group that something new belongs to, whole, as the books stand. So it does not matter in what slices
or in what order the news comes: the last to touch a group sees all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from gongji.oversight.alerts.model import Found, RowBehind, RowKind, RuleCode, Subject


@dataclass(frozen=True, slots=True)
class Threshold:
    """A figure that a rule measures against.

    Attributes:
        name: as the statement's parameter.
        default: where no region has another.
        unit: ``times``, ``days``, ``hours``, ``minutes``, ``months``, ``people``, ``places``, ``fen`` or ``percent``.
        least, most: what it may be set to.
        source: the fact that gives it, as the sources of a rule; "" when no text gives one and it is ours.
    """

    name: str
    default: int
    unit: str
    least: int
    most: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """What a scan has read anew; ids only.

    Attributes:
        settlements: settlements that were made, or taken back, or restored.
        authorisations: authorisations that began or ended, or under which money was shared in these settlements.
        dead: people whose death was recorded.
        transfers: transfers between wallets.
        claims: claims on which money was decided, or that was taken back.
        since: the lowest id of a settlement that has to be looked at together with these.
    """

    settlements: Sequence[int] = ()
    authorisations: Sequence[int] = ()
    dead: Sequence[int] = ()
    transfers: Sequence[int] = ()
    claims: Sequence[int] = ()
    since: int = 0

    @property
    def parameters(self) -> dict[str, Any]:
        """What statements take."""
        return {
            "settlements": list(self.settlements),
            "authorisations": list(self.authorisations),
            "dead": list(self.dead),
            "transfers": list(self.transfers),
            "claims": list(self.claims),
            "since": self.since,
        }


class Rule:
    """A pattern. Each rule is a class in a module of `gongji.oversight.alerts.rules`, and its docstring says what it means.

    Attributes:
        code: stable.
        subject: what its alerts are about.
        source: where the pattern comes from.
        thresholds: what it measures against.
        statement: SQL that takes `News.parameters` and the thresholds by name, and gives one row for each row behind an
            alert: ``key, subject, region, row_kind, row_id, facts, measured``.
    """

    code: ClassVar[RuleCode]
    subject: ClassVar[Subject]
    source: ClassVar[str]
    thresholds: ClassVar[tuple[Threshold, ...]]
    statement: ClassVar[str]

    @classmethod
    def defaults(cls) -> dict[str, int]:
        """The thresholds where no region has others."""
        return {one.name: one.default for one in cls.thresholds}

    @classmethod
    def find(cls, connection: sa.Connection, news: News, thresholds: Mapping[str, int]) -> list[Found]:
        """The groups that something new belongs to and that match, whole."""
        behind: dict[str, list[RowBehind]] = {}
        heads: dict[str, sa.Row[Any]] = {}
        for row in connection.execute(sa.text(cls.statement), {**news.parameters, **thresholds}):
            heads.setdefault(row.key, row)
            behind.setdefault(row.key, []).append(RowBehind(RowKind(row.row_kind), row.row_id, row.facts))
        return [
            Found(key, cls.subject, head.subject, head.region, head.measured, tuple(behind[key]))
            for key, head in heads.items()
        ]

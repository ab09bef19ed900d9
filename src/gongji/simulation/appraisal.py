"""What drafts of a change to the rules would do to the people of a file of claims: sums and counts, to be read any way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gongji.rules import layout
from gongji.rules.model import Scheme
from gongji.simulation.columns import KINDS
from gongji.simulation.cube import Cube, Dimension
from gongji.simulation.receipt import Tally

#: Full years at which a class of ages begins; `UNTOLD` where the file tells no age.
AGES: Final = (0, 18, 45, 60, 70, 80)
#: Fen of a person's bills in the file at which a class begins.
COSTS: Final = (0, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
#: Fen by which a person bears more or less at which a class begins; below the first it is the same.
CHANGES: Final = (1, 5_000, 20_000, 100_000, 500_000)
#: Fen that a person bears of the file's bills at which it is counted how many bear as much.
BURDENS: Final = (100_000, 500_000, 1_000_000, 3_000_000, 10_000_000)

UNTOLD: Final = "untold"

#: Who pays a bill; the last three where the file tells accounts.
PAYERS: Final = ("fund_pool", "fund_large", "own", "shared", "cash")

FIRST_YEAR: Final = 2000
_MONTHS: Final = tuple(f"{FIRST_YEAR + month // 12}-{month % 12 + 1:02d}" for month in range(1_200))
_STATUSES: Final = tuple(str(status) for status in layout.STATUS_PLACES)
_TIERS: Final = (UNTOLD, *(str(tier) for tier in layout.TIER_PLACES))
_AGE_WORDS: Final = (UNTOLD, *(str(edge) for edge in AGES))

CLAIM_DIMENSIONS: Final = (
    Dimension("scheme", tuple(str(one) for one in Scheme)),
    Dimension("kind", tuple(str(one) for one in KINDS)),
    Dimension("tier", _TIERS),
    Dimension("status", _STATUSES),
    Dimension("age", _AGE_WORDS),
    Dimension("away", ("local", "elsewhere")),
    Dimension("month", _MONTHS),
)
PEOPLE_DIMENSIONS: Final = (
    Dimension("status", _STATUSES),
    Dimension("age", _AGE_WORDS),
    Dimension("cost", tuple(str(edge) for edge in COSTS)),
)


def paid_column(variant: int, payer: str) -> str:
    """The column of `Appraisal.claims` with what one payer pays; variant 0 is today."""
    return f"{payer}_{variant}"


def moved_column(draft: int, sign: int) -> str:
    """The column of `Appraisal.people` with what people bear more (`sign` 1) or less (-1) under a draft, counted from 1."""
    return f"{'more' if sign > 0 else 'less'}_{draft}"


def change_column(draft: int, sign: int, edge: int) -> str:
    """The column of `Appraisal.people` with how many bear more or less by `edge` fen up to the next of `CHANGES`."""
    return f"{moved_column(draft, sign)}_{edge}"


def burden_column(variant: int, edge: int) -> str:
    """The column of `Appraisal.people` with how many bear `edge` fen or more."""
    return f"burden_{edge}_{variant}"


@dataclass(frozen=True, slots=True)
class Bills:
    """Some claims and who pays them under one set of rules, fen."""

    claims: int
    total: int
    fund_pool: int
    fund_large: int
    own: int
    shared: int
    cash: int

    @property
    def funds(self) -> int:
        """What all funds pay."""
        return self.fund_pool + self.fund_large

    @property
    def borne(self) -> int:
        """What the funds leave to the patients, whoever pays that."""
        return self.total - self.funds


@dataclass(frozen=True, slots=True)
class Moves:
    """What a draft moves among some people.

    Attributes:
        people: how many there are.
        less, more: how many bear less, and more.
        less_fen, more_fen: what that comes to.
        by: how many bear less and more by so much, by the fen at which a class of `CHANGES` begins.
        heavy: how many bear so much and more (`BURDENS`), today and under the draft.
    """

    people: int
    less: int
    more: int
    less_fen: int
    more_fen: int
    by: Mapping[int, tuple[int, int]]
    heavy: Mapping[int, tuple[int, int]]

    @property
    def same(self) -> int:
        """How many bear the same."""
        return self.people - self.less - self.more


@dataclass(frozen=True, slots=True)
class Appraisal:
    """What came of it. Variant 0 is today, drafts count from 1.

    Attributes:
        tally: of the claims, under today's rules.
        claims: the claims by what they are (`CLAIM_DIMENSIONS`).
        people: the people by what they are (`PEOPLE_DIMENSIONS`).
        drafts: how many.
        accounts: whether the file tells accounts.
        regions: codes of the regions of the claims, each with the digests of its rules: today's, then each draft's.
    """

    tally: Tally
    claims: Cube
    people: Cube
    drafts: int
    accounts: bool
    regions: Mapping[str, tuple[str, ...]]

    def bills(self, variant: int) -> Bills:
        """All claims and who pays them."""
        return _bills(self.claims.whole(), variant)

    def bills_along(self, dimension: str, variant: int) -> dict[str, Bills]:
        """The same by the words of one of `CLAIM_DIMENSIONS`."""
        return {word: _bills(sums, variant) for word, sums in self.claims.along(dimension).items()}

    def moves(self, draft: int) -> Moves:
        """What a draft moves among all people."""
        return _moves(self.people.whole(), draft)

    def moves_along(self, dimension: str, draft: int) -> dict[str, Moves]:
        """The same by the words of one of `PEOPLE_DIMENSIONS`."""
        return {word: _moves(sums, draft) for word, sums in self.people.along(dimension).items()}


def _bills(sums: Mapping[str, int], variant: int) -> Bills:
    return Bills(sums["claims"], sums["total"], *(sums[paid_column(variant, payer)] for payer in PAYERS))


def _moves(sums: Mapping[str, int], draft: int) -> Moves:
    less, more = ({edge: sums[change_column(draft, sign, edge)] for edge in CHANGES} for sign in (-1, 1))
    return Moves(
        people=sums["people"],
        less=sum(less.values()),
        more=sum(more.values()),
        less_fen=sums[moved_column(draft, -1)],
        more_fen=sums[moved_column(draft, 1)],
        by={edge: (less[edge], more[edge]) for edge in CHANGES},
        heavy={edge: (sums[burden_column(0, edge)], sums[burden_column(draft, edge)]) for edge in BURDENS},
    )

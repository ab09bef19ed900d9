"""What goes into an assessment and what comes out of it. Amounts are fen, ratios per ten thousand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeAlias

import msgspec

from gongji.foundation.errors import InvalidInput
from gongji.rules.model import Attribute, Clause, OffSite, Status, Tier
from gongji.rules.vocabulary import Late

#: Counter values of the present period by counter name (``deductible_borne``, ``fund_paid``, …), in fen.
Counters: TypeAlias = Mapping[str, int]


class Bill(msgspec.Struct, frozen=True, gc=False):
    """One visit's bill in fen: total = self_paid + over_limit + first_self_pay + in_scope.

    Raises:
        InvalidInput: ``bill.negative`` when a part is below zero, ``bill.parts`` when they do not add up.
    """

    total: int
    self_paid: int
    over_limit: int
    first_self_pay: int
    in_scope: int

    def __post_init__(self) -> None:
        if min(self.total, self.self_paid, self.over_limit, self.first_self_pay, self.in_scope) < 0:
            raise InvalidInput(
                "bill.negative",
                "a part of the bill is below zero",
                "费用的某一部分是负数",
                field="bill",
                accepted="0.00 or more in every part",
            )
        parts = self.self_paid + self.over_limit + self.first_self_pay + self.in_scope
        if parts != self.total:
            raise InvalidInput(
                "bill.parts",
                "self-paid, over-limit, first-self-pay and in-scope do not add up to the total",
                "全自费、超限价、先行自付、政策范围内四部分相加不等于总费用",
                field="bill",
                accepted="parts that add up to the total",
                details={"total": self.total, "parts": parts},
            )

    @classmethod
    def of_all(cls, bills: Sequence[Bill]) -> Bill:
        """What several bills come to."""
        return cls(
            total=sum(one.total for one in bills),
            self_paid=sum(one.self_paid for one in bills),
            over_limit=sum(one.over_limit for one in bills),
            first_self_pay=sum(one.first_self_pay for one in bills),
            in_scope=sum(one.in_scope for one in bills),
        )


class Circumstances(msgspec.Struct, frozen=True):
    """Whose visit, where and when.

    Attributes:
        status: insurance status.
        tier: tier of the institution.
        on: day of the visit; of the discharge for an admission.
        age: full years on that day.
        offsite: where the patient is treated, and how it came to that.
        attributes: what else a rule may ask about the visit.
        months_covered: months of unbroken cover, for somebody insured late those since then.
        current_account: fen in the patient's current-year account (for regions where it pays first).
        days: length of an admission.
        disease: the special-disease entitlement or its sub-item, in the pack's word; empty without.
        prescriber: tier of the hospital whose prescription a pharmacy fills; None without a prescription.
        late: what made the patient be insured late; None for whoever was insured in time.
        missed_years: years without insurance before the last return to it.
        repaid_years: how many of those were paid afterwards.
    """

    status: Status
    tier: Tier
    on: date
    age: int
    offsite: OffSite = OffSite.LOCAL
    attributes: frozenset[Attribute] = frozenset()
    months_covered: int = 0
    current_account: int = 0
    days: int = 1
    disease: str = ""
    prescriber: Tier | None = None
    late: Late | None = None
    missed_years: int = 0
    repaid_years: int = 0

    @property
    def cases(self) -> frozenset[str]:
        """The words under which a modifier can name this visit."""
        return frozenset({str(self.status), str(self.offsite), *self.attributes})


class CounterMove(msgspec.Struct, frozen=True, gc=False):
    """What a visit adds to a counter.

    Attributes:
        counter: the counter's name.
        period: the period it counts in (``"2024"``).
        added: fen, above zero; a number of times for a counter of charges or admissions.
        cap: the limit that the counter may not pass by this move; None where there is none.
    """

    counter: str
    period: str
    added: int
    cap: int | None


class FundPayment(msgspec.Struct, frozen=True, gc=False):
    """What one fund pays, in fen (above zero): ``fund.pool``, ``fund.large``, ``fund.civil``, ``fund.aid``."""

    fund: str
    amount: int


class Step(msgspec.Struct, frozen=True):
    """One line of the explanation.

    Attributes:
        code: one of the codes that `gongji.benefit.assess` lists.
        amount: the step's result in fen (in-scope cost, deductible borne now, fund's share, paid by the fund …).
        clause: the source of the rule applied; None where there is none to cite.
        inputs: the numbers it was worked out from, by name.
    """

    code: str
    amount: int
    clause: Clause | None
    inputs: Mapping[str, int | str]


class Assessment(msgspec.Struct, frozen=True):
    """What the funds pay for one visit and why.

    Attributes:
        deductible: fen of the deductible borne in this visit.
        ratio: the fund's ratio, per ten thousand, of the first band the visit reached; 0 without a rule.
        funds: payments above zero, pooled fund first.
        moves: what the visit adds to the counters.
        steps: the explanation, in the order of the arithmetic.
        digest: digest of the pack the numbers rest on; empty when no pack says anything.
        interpretations: the readings they rest on.
    """

    deductible: int
    ratio: int
    funds: tuple[FundPayment, ...]
    moves: tuple[CounterMove, ...]
    steps: tuple[Step, ...]
    digest: str
    interpretations: Mapping[str, str]

    @property
    def fund_total(self) -> int:
        """What all funds pay together, in fen."""
        return sum(payment.amount for payment in self.funds)

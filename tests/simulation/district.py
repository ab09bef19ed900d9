"""A few families under random rules, their claims as objects for the reference and as rows of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any, cast

from msgspec.structs import replace as altered

from benefit.forms import Claim, random_bill, random_circumstances, random_rule
from gongji.benefit import entitlement
from gongji.benefit.assess import assess
from gongji.ledger.model import personal_account
from gongji.rules.book import RuleBook
from gongji.rules.compile import Span, rule_at
from gongji.rules.model import (
    AccountScope,
    BalanceSource,
    BenefitRule,
    CareKind,
    Measure,
    OffSite,
    Purpose,
    Reset,
    Scheme,
    SharingRule,
)
from gongji.settlement.model import AccountUse
from gongji.settlement.waterfall import OWN_ORDER, Offer, offered_kinds, pay, purse_of

REGIONS = ("110100", "220200", "330300")
#: The day on which every region's rule changes.
REFORM = date(2025, 3, 10)


class Book:
    """What a rule book tells of a few regions: one rule until the reform, another from then on."""

    def __init__(self, random: Random) -> None:
        shipped = RuleBook.shipped()
        known = shipped.sharing("211200", date(2024, 6, 1))
        assert known is not None
        self._benefits: dict[str, tuple[Span[BenefitRule], ...]] = {}
        self._sharing: dict[str, tuple[Span[SharingRule], ...]] = {}
        for region in REGIONS:
            before, after = (replace(random_rule(random.randrange(2**32)), region=region) for _ in range(2))
            first = Span(date(2024, 2, 1), REFORM - timedelta(days=random.choice((1, 20))), before)
            self._benefits[region] = (first, Span(REFORM, None, after))
            terms = replace(
                known,
                account_scope=random.choice(list(AccountScope)),
                balance_source=random.choice(list(BalanceSource)),
                retained_floor=random.choice((0, 50_000)),
                purposes=random.choice((known.purposes, frozenset({Purpose.PHARMACY}))),
                interpretations={"first_self_pay": random.choice(("payable", "not_payable"))},
            )
            self._sharing[region] = random.choice(((), (Span(date(2024, 7, 1), None, terms),)))

    def regions(self) -> tuple[str, ...]:
        """The regions that have rules."""
        return REGIONS

    def pooling(self, region: str) -> str:
        """Every county belongs to its city."""
        return f"{region[:4]}00"

    def digest(self, region: str) -> str:
        """Some digest."""
        return f"{region}abcdef"

    def timeline(self, region: str, scheme: Scheme, kind: CareKind) -> tuple[Span[BenefitRule], ...]:
        """Only outpatient care of employees has rules."""
        if (scheme, kind) != (Scheme.EMPLOYEE, CareKind.OUTPATIENT):
            return ()
        return self._benefits.get(self.pooling(region), ())

    def sharing_timeline(self, region: str) -> tuple[Span[SharingRule], ...]:
        """The terms of sharing."""
        return self._sharing.get(self.pooling(region), ())

    def as_book(self) -> RuleBook:
        """The same, for callers that want a rule book and ask it nothing else."""
        return cast(RuleBook, self)


@dataclass(frozen=True)
class Visit:
    """A claim of somebody."""

    number: int
    family: int
    person: int
    sharer: int | None
    region: str
    claim: Claim


class District:
    """Families with claims, sorted by family and day; a family may move from one region to another."""

    def __init__(self, seed: int, families: int = 6) -> None:
        random = Random(seed)
        self.book = Book(random)
        self.accounts: dict[int, tuple[int, int]] = {}
        self.visits: list[Visit] = []
        for family in range(families):
            self._family(random, family)

    def _family(self, random: Random, family: int) -> None:
        members = [10 * family + member for member in range(random.choice((1, 2, 4, 10)))]
        for member in members:
            self.accounts[member] = (random.choice((0, random.randint(0, 300_000))), random.randint(0, 200_000))
        sharer = {member: members[0] if member != members[0] and random.random() < 0.7 else None for member in members}
        homes = random.sample(REGIONS, 2)
        visits = []
        for _ in range(random.randint(1, 12)):
            person = random.choice(members)
            region = homes[0] if random.random() < 0.8 else homes[1]
            bill = random_bill(random)
            visits.append((person, region, Claim(bill, random_circumstances(random))))
        for person, region, claim in sorted(visits, key=lambda visit: visit[2].person.on):
            self.visits.append(Visit(len(self.visits), family, person, sharer[person], region, claim))

    def rows(self) -> list[dict[str, Any]]:
        """The claims as rows of a file, amounts in fen."""
        return [self._row(visit) for visit in self.visits]

    def _row(self, visit: Visit) -> dict[str, Any]:
        person, bill = visit.claim.person, visit.claim.bill
        current, historical = self.accounts[visit.person]
        shared = self.accounts[visit.sharer] if visit.sharer is not None else (None, None)
        return {
            "claim": visit.number,
            "family": visit.family,
            "person": visit.person,
            "date": person.on,
            "region": visit.region,
            "status": str(person.status),
            "tier": str(person.tier),
            "prescriber": None if person.prescriber is None else str(person.prescriber),
            "age": person.age,
            "months_covered": person.months_covered,
            "late": None if person.late is None else str(person.late),
            "missed_years": person.missed_years,
            "repaid_years": person.repaid_years,
            "offsite": str(person.offsite),
            **{
                name: int(name in person.attributes)
                for name in ("grade_2", "family_doctor", "essential_drugs", "pre_1949")
            },
            "selected_provider": int("selected_provider" in person.attributes),
            "days": person.days,
            "disease": person.disease,
            "total_fen": bill.total,
            "self_paid_fen": bill.self_paid,
            "over_limit_fen": bill.over_limit,
            "first_self_pay_fen": bill.first_self_pay,
            "in_scope_fen": bill.in_scope,
            "current_account_fen": current,
            "historical_account_fen": historical,
            "sharer": visit.sharer,
            "sharer_current_account_fen": shared[0],
            "sharer_historical_account_fen": shared[1],
        }


def expected(district: District) -> dict[int, dict[str, Any]]:
    """By the number of each claim what comes out, worked out by the readable reference and the settlement's waterfall."""
    balances = {
        personal_account(kind, person): balance
        for person, both in district.accounts.items()
        for kind, balance in zip(OWN_ORDER, both, strict=True)
    }
    counters: dict[tuple[Any, ...], int] = {}
    return {visit.number: _settle(district.book, visit, balances, counters) for visit in district.visits}


def _settle(book: Book, visit: Visit, balances: dict[int, int], counters: dict[tuple[Any, ...], int]) -> dict[str, Any]:
    on, bill = visit.claim.person.on, visit.claim.bill
    person = altered(visit.claim.person, current_account=balances[personal_account(OWN_ORDER[0], visit.person)])
    rule = rule_at(book.timeline(visit.region, Scheme.EMPLOYEE, CareKind.OUTPATIENT), on)
    note = "" if rule is not None else "no_rule"
    if rule is not None and rule.by_prescriber and person.prescriber is None:
        rule, note = None, "no_prescription"
    spoken_of = (
        {OffSite.LOCAL, *(case for modifier in rule.share.modifiers for case in modifier.cases)} if rule else set()
    )
    if rule is not None and person.offsite not in spoken_of:
        rule, note = None, "offsite_unknown"
    if rule is not None and (held := entitlement.withheld(rule, person)) is not None:
        rule, note = None, held.code
    keep = (visit.region, visit.person)
    now = {name: (*keep, name, one.period(on)) for name, one in (rule.counters if rule else {}).items()}
    outcome = assess(rule, bill, person, {name: counters.get(place, 0) for name, place in now.items()})
    for move in outcome.moves:
        place = (*keep, move.counter, move.period)
        counters[place] = counters.get(place, 0) + move.added
    sharing = rule_at(book.sharing_timeline(visit.region), on)
    offers: Sequence[Offer] = []
    if visit.sharer is not None and sharing is not None:
        purse = purse_of(visit.sharer, offered_kinds(sharing), balances, sharing.retained_floor)
        withheld = None if Purpose.CARE in sharing.purposes else "shared.none.purpose"
        offers = [Offer(visit.sharer, 1, purse, None, withheld)]
    payment = pay(bill, outcome, sharing, AccountUse.SHARERS, purse_of(visit.person, OWN_ORDER, balances), offers)
    for draw in payment.draws:
        balances[draw.account] -= draw.amount
    paid: dict[str, int] = {}
    for fund in outcome.funds:
        paid[fund.fund] = paid.get(fund.fund, 0) + fund.amount
    after = {name: counters.get(place, 0) for name, place in now.items()}
    return {
        "deductible_fen": outcome.deductible,
        "fund_pool_fen": paid.get("fund.pool", 0),
        "fund_large_fen": sum(fen for fund, fen in paid.items() if fund != "fund.pool"),
        "patient_fen": bill.total - outcome.fund_total,
        "cap_used_fen": cap_used(rule, person.disease, after),
        "own_fen": payment.own,
        "shared_fen": payment.shared,
        "cash_fen": payment.cash,
        "note": note,
        "counters": after,
    }


def cap_used(rule: BenefitRule | None, disease: str, after: Mapping[str, int]) -> int | None:
    """What stands in the counter of the pooled fund's own limit over the longest period."""
    caps = [cap for cap in rule.layers[0].caps if cap.counter and cap.measure is Measure.FUND] if rule else []
    if rule is None or not caps:
        return None
    lengths = {Reset.MONTH: 1, Reset.QUARTER: 3}
    names = [cap.counter_of(disease) for cap in caps]
    longest = max(names, key=lambda name: lengths.get(rule.counters[name].reset, 12))
    return after[longest]

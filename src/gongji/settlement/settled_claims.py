"""What was settled for a person, as claims that can be worked out anew from nothing but themselves: pure.

A claim is a settlement that stands; of a stay in hospital all settlements of one year, on the day whose rules held
(docs/decisions/0019). The desk knew more than a claim can tell: other regions, bills paid in cash, what was taken back since.
Where that may make a difference the claim says so (docs/decisions/0056).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from gongji.benefit.entitlement import with_funds_for
from gongji.benefit.model import Bill, Circumstances
from gongji.foundation.errors import GongjiError
from gongji.registry.filings import Filed
from gongji.registry.model import Enrolment, Institution
from gongji.rules.book import RuleBook
from gongji.rules.model import BenefitRule, CareKind, Scheme, Status, Tier
from gongji.settlement.books import PatientFacts, VisitFacts
from gongji.settlement.kinds import FILINGS, disease_without_rule, entitled_disease, kind_of_care
from gongji.settlement.standing import Visited, circumstances_of, offsite_of
from gongji.settlement.stays import AdmissionState, Stay


class Otherwise(StrEnum):
    """Why a claim worked out anew may come to another sum than was paid, the narrower reason first.

    Funds that are open to some people only; the own account pays first; no disease that the rule names; counters from months
    that were archived, or from before the span; insured elsewhere in the same period; a bill paid in cash that was counted;
    something taken back since; settled in another order than that of the days; a stay settled in parts; insurance corrected
    since; rules that read otherwise now; after a claim that may differ, in the same period.
    """

    FUNDS_FOR_SOME = "funds_for_some"
    ACCOUNT_FIRST = "account_first"
    NO_DISEASE = "no_disease"
    ARCHIVED = "archived"
    BEFORE_SPAN = "before_span"
    ELSEWHERE = "elsewhere"
    CASH = "cash"
    TAKEN_BACK = "taken_back"
    ORDER = "order"
    IN_PARTS = "in_parts"
    INSURANCE = "insurance"
    RULES = "rules"
    FOLLOWS = "follows"


class Settled(msgspec.Struct, frozen=True):
    """A settlement that stands, as it is stored.

    Attributes:
        at: when it was made.
        bill, funds: fen; the funds are the pooled one, the large-amount one, civil servants' aid and medical aid.
        digest: of the pack that it rests on.
        essential_drugs: whether every line is an essential drug.
        admitted_at, discharged_at: of the stay that it is of; None where it is of none, or the patient is still there.
        closed: whether the stay was settled to its end.
    """

    id: int
    visit_id: int
    institution: Institution
    at: datetime
    region: str
    scheme: Scheme
    status: Status
    psn_type: str
    civil_servant: bool
    med_type: str
    disease: str
    prescriber: Tier | None
    bill: Bill
    funds: tuple[int, int, int, int]
    digest: str
    essential_drugs: bool
    admitted_at: datetime | None = None
    discharged_at: datetime | None = None
    closed: bool = False


class History(msgspec.Struct):
    """What the books know of a person.

    Attributes:
        settled: oldest first.
        enrolments: every insurance of theirs.
        filings: with the moment at which each was filed.
        undone: from when until when something was in the books that was taken back, or missing that was restored.
        cash: of decisions on bills paid in cash: when, and the day of the bill.
    """

    person_id: int
    born_on: date
    settled: list[Settled] = []
    enrolments: Sequence[Enrolment] = ()
    filings: list[tuple[datetime, Filed]] = []
    undone: list[tuple[datetime, datetime]] = []
    cash: list[tuple[datetime, date]] = []


class SettledClaim(msgspec.Struct, frozen=True):
    """A claim; `why` is empty where working it out anew has to give `funds`, in the order of `Settled.funds`."""

    person_id: int
    region: str
    scheme: Scheme
    kind: CareKind
    circumstances: Circumstances
    bill: Bill
    funds: tuple[int, int, int, int]
    why: tuple[Otherwise, ...]


class Span(msgspec.Struct, frozen=True):
    """The claims that are wanted: of people insured in a pooling region, from the first day to the last."""

    region: str
    begins: date
    until: date

    def takes_in(self, region: str, on: date, rules: RuleBook) -> bool:
        """Whether a claim of a region and day is wanted."""
        return self.begins <= on <= self.until and rules.pooling(region) == self.region


class _Claim(msgspec.Struct):
    """A claim in the making."""

    parts: list[Settled]
    on: date
    kind: CareKind | None
    rule: BenefitRule | None
    circumstances: Circumstances
    why: set[Otherwise]

    @property
    def last(self) -> Settled:
        return self.parts[-1]


_MONTHS: Final = 12


def counted_since(rules: RuleBook, region: str, begins: date) -> date:
    """The day from which settlements have to be looked at: where the year begins, or earlier a period of a counter that a
    day lies in."""
    since = begins.replace(month=1, day=1)
    counters = {
        counter
        for scheme in Scheme
        for kind in CareKind
        if (rule := rules.benefit(region, scheme, kind, begins)) is not None
        for counter in rule.counters.values()
    }
    months = [date(since.year - 1, month, 1) for month in range(1, _MONTHS + 1)]
    together = (day for day in months for one in counters if one.period(day) == one.period(begins))
    return min(together, default=since)


def claims_of(
    history: History, rules: RuleBook, span: Span, kept_from: date | None = None
) -> tuple[list[SettledClaim], int]:
    """The claims of a person in the order in which they are worked out.

    Args:
        history: from `counted_since` on.
        rules: the rule book.
        span: which claims are wanted.
        kept_from: the first day of which everything is in the history, where earlier months were archived.

    Returns:
        The claims, and how many there are besides that no kind of benefit is kept for: no file can tell these, and the funds
        pay nothing for them.
    """
    made = [_claim(history, on, parts, rules) for on, parts in _parts(history.settled)]
    made.sort(key=lambda one: (one.on, one.last.at, one.last.id))
    _compare(made, span, rules)
    _look_around(history, made, kept_from)
    _pass_on(made)
    wanted = [one for one in made if span.takes_in(one.last.region, one.on, rules)]
    told = [_told(history.person_id, one, one.kind) for one in wanted if one.kind is not None]
    return told, len(wanted) - len(told)


def _parts(settled: Iterable[Settled]) -> list[tuple[date, list[Settled]]]:
    """The settlements that are one claim, with the day whose rules they followed: each by itself, those of a stay together by
    the year that they belong to."""
    stays: dict[int, list[Settled]] = {}
    groups: list[tuple[date, list[Settled]]] = []
    for one in settled:
        if one.admitted_at is None:
            groups.append((one.at.date(), [one]))
        else:
            stays.setdefault(one.visit_id, []).append(one)
    for parts in stays.values():
        years: dict[int, list[tuple[date, Settled]]] = {}
        for one in parts:
            # The one that closed the stay follows the day of the discharge, whenever it was made.
            left = one.discharged_at if one is parts[-1] and one.closed else None
            day = (left or one.at).date()
            years.setdefault(day.year, []).append((day, one))
        groups += [(dated[-1][0], [one for _, one in dated]) for dated in years.values()]
    return groups


def _claim(history: History, on: date, parts: list[Settled], rules: RuleBook) -> _Claim:
    one = parts[-1]
    enrolment = next((known for known in history.enrolments if _runs(known, on)), None)
    insured = _as_settled(one, enrolment, on)
    filings = tuple(filed for filed_at, filed in history.filings if filed_at <= one.at)
    patient = PatientFacts(history.person_id, history.born_on, None, insured, False, filings)
    kind = CareKind.INPATIENT if one.admitted_at is not None else kind_of_care(one.institution.kind, one.med_type)
    rule = rules.benefit(insured.region, insured.scheme, kind, on) if kind is not None else None
    why = {Otherwise.INSURANCE} if insured != enrolment else set()
    disease = ""
    try:
        disease = entitled_disease(kind, one.disease, filings, on)
    except GongjiError:
        # The filing was there when it was settled and was ended since, or belongs to an earlier day than it says now.
        why.add(Otherwise.NO_DISEASE)
    days = 1
    if one.admitted_at is not None:
        days = Stay(AdmissionState.DISCHARGED, one.admitted_at, one.discharged_at, insured).length(on)
    visit = VisitFacts(
        one.visit_id,
        history.person_id,
        one.institution.id,
        one.med_type,
        False,
        prescriber=one.prescriber,
        essential_drugs=one.essential_drugs,
    )
    circumstances = circumstances_of(
        Visited(patient, visit, one.institution, one.med_type),
        insured,
        offsite_of(patient, insured.region, one.institution, kind, on),
        on,
        disease=disease,
        days=days,
    )
    return _Claim(parts, on, kind, rule, circumstances, why | _of_the_rule(one, insured, kind, rule, disease))


def _runs(enrolment: Enrolment, on: date) -> bool:
    return enrolment.since <= on and (enrolment.until is None or on <= enrolment.until)


def _as_settled(one: Settled, enrolment: Enrolment | None, on: date) -> Enrolment:
    """The insurance as the settlement kept it, with what only the register knows of it."""
    known = enrolment or Enrolment(one.scheme, one.region, one.status, one.psn_type, "1", "", False, on, None)
    return replace(
        known,
        scheme=one.scheme,
        region=one.region,
        status=one.status,
        psn_type=one.psn_type,
        civil_servant=one.civil_servant,
    )


def _of_the_rule(
    one: Settled, insured: Enrolment, kind: CareKind | None, rule: BenefitRule | None, disease: str
) -> set[Otherwise]:
    """What the rule asks that no claim can tell, and whether it reads as it did."""
    if rule is None:
        return {Otherwise.RULES} if any(one.funds) else set()
    why = {Otherwise.RULES} if one.digest != rule.digest else set()
    if with_funds_for(rule, civil_servant=insured.civil_servant, aided=insured.aided) is not rule:
        why.add(Otherwise.FUNDS_FOR_SOME)
    if rule.account_first:
        why.add(Otherwise.ACCOUNT_FIRST)
    if kind in FILINGS and disease_without_rule(rule, disease) is not None:
        why.add(Otherwise.NO_DISEASE)
    return why


def _compare(made: Sequence[_Claim], span: Span, rules: RuleBook) -> None:
    """What a claim's counters held beside what the claims before it in the file put there."""
    outside: list[tuple[_Claim, Otherwise]] = []
    latest: datetime | None = None
    for place, one in enumerate(made):
        if len(one.parts) > 1:
            one.why.add(Otherwise.IN_PARTS)
        one.why.update(why for before, why in outside if _counts_before(before, one))
        if latest is not None and latest > one.parts[0].at:
            for before in made[:place]:
                if before.last.at > one.parts[0].at and _counts_before(before, one):
                    one.why.add(Otherwise.ORDER)
                    before.why.add(Otherwise.ORDER)
        latest = max(latest or one.last.at, one.last.at)
        if rules.pooling(one.last.region) != span.region:
            outside.append((one, Otherwise.ELSEWHERE))
        elif one.on < span.begins:
            outside.append((one, Otherwise.BEFORE_SPAN))


def _counts_before(before: _Claim, one: _Claim) -> bool:
    return before.last.scheme is one.last.scheme and _counts_together(before.on, one)


def _look_around(history: History, made: Sequence[_Claim], kept_from: date | None) -> None:
    """What stood in the books while a claim was settled and is in no file: what was taken back since, bills paid in cash, months
    that were archived."""
    for one in made:
        first, last = one.parts[0].at, one.last.at
        if any(began <= last and first <= ended for began, ended in history.undone):
            one.why.add(Otherwise.TAKEN_BACK)
        if any(decided <= last and _counts_together(on, one) for decided, on in history.cash):
            one.why.add(Otherwise.CASH)
        if kept_from is not None and _counts_together(kept_from - timedelta(1), one):
            one.why.add(Otherwise.ARCHIVED)


def _pass_on(made: Sequence[_Claim]) -> None:
    """Where a claim may differ, the counters may from then on."""
    doubtful: list[_Claim] = []
    for one in made:
        if any(_counts_before(before, one) for before in doubtful):
            one.why.add(Otherwise.FOLLOWS)
        if one.why:
            doubtful.append(one)


def _counts_together(on: date, one: _Claim) -> bool:
    """Whether care of a day moved a counter that a claim's rule looks at."""
    counters = one.rule.counters.values() if one.rule is not None else ()
    return any(counter.period(on) == counter.period(one.on) for counter in counters)


def _told(person_id: int, one: _Claim, kind: CareKind) -> SettledClaim:
    first, *others = one.parts
    bill = Bill.of_all([part.bill for part in one.parts]) if others else first.bill
    pool, large, civil, aid = (sum(amounts) for amounts in zip(*(part.funds for part in one.parts), strict=True))
    why = tuple(reason for reason in Otherwise if reason in one.why)
    return SettledClaim(
        person_id,
        one.last.region,
        one.last.scheme,
        kind,
        one.circumstances,
        bill,
        (pool, large, civil, aid),
        why,
    )

"""A claim of a chunk as the objects that the readable reference takes, for its explanation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from gongji.benefit.model import Bill, Circumstances
from gongji.rules import layout
from gongji.rules.model import Attribute, CareKind, OffSite, Scheme, Status, Tier
from gongji.simulation import flow
from gongji.simulation.chunk import Chunk
from gongji.simulation.columns import KINDS, SCHEMES
from gongji.simulation.plan import PLACES, Plan

_EPOCH = date(1970, 1, 1)
_STATUSES = {place: status for status, place in layout.STATUS_PLACES.items()}
_LATE = tuple(flow.LATE_PLACES)
_TIERS = {place: tier for tier, place in layout.TIER_PLACES.items()}


@dataclass(frozen=True, slots=True)
class ToldClaim:
    """A claim.

    Attributes:
        region, scheme, kind: which rule it falls under.
        bill: what was not said apart is in scope or self-paid; neither makes a difference to who pays.
        person: who and where; `age` and `months_covered` are 0 where not told.
        age, months_covered: None where not told.
    """

    region: str
    scheme: Scheme
    kind: CareKind
    bill: Bill
    person: Circumstances
    age: int | None
    months_covered: int | None


def told_claim(chunk: Chunk, row: int, plan: Plan) -> ToldClaim:
    """A claim that could be read."""
    claims = chunk.claims
    place = int(claims.place[row])
    visit = [int(column[row]) for column in claims.visits]
    cases = visit[layout.CASES]
    total, first_self_pay, in_scope = (int(one[row]) for one in (claims.total, claims.first_self_pay, claims.in_scope))
    age, months = visit[layout.AGE], visit[layout.COVERED]
    word, prescriber, late = int(claims.word[row]), int(claims.prescriber[row]), int(claims.late[row])
    person = Circumstances(
        status=Status(_STATUSES[visit[layout.STATUS]]),
        tier=Tier(_TIERS[max(visit[layout.TIER], 0)]),
        on=_EPOCH + timedelta(days=int(claims.day[row])),
        age=max(age, 0),
        offsite=next((way for way in OffSite if cases & layout.CASE_BITS.get(str(way), 0)), OffSite.LOCAL),
        attributes=frozenset(one for one in Attribute if cases & layout.CASE_BITS[str(one)]),
        months_covered=max(months, 0),
        days=visit[layout.DAYS],
        prescriber=Tier(_TIERS[prescriber]) if prescriber >= 0 else None,
        late=_LATE[late] if late >= 0 else None,
        missed_years=int(claims.missed_years[row]),
        repaid_years=int(claims.repaid_years[row]),
        disease=plan.diseases[word] if word != flow.NONE else "",
    )
    return ToldClaim(
        region=plan.regions[place // PLACES],
        scheme=SCHEMES[place % PLACES // len(KINDS)],
        kind=KINDS[place % len(KINDS)],
        bill=Bill(total, total - first_self_pay - in_scope, 0, first_self_pay, in_scope),
        person=person,
        age=None if age < 0 else age,
        months_covered=None if months < 0 else months,
    )

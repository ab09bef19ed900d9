"""The rules, open to everyone: which there are, what holds where and when, and what a bill comes to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request

from gongji.entrances.api import rule_shapes as shapes
from gongji.entrances.api.explained import payers_out, steps_out
from gongji.entrances.api.problems import RESPONSES, Words
from gongji.entrances.api.shapes import ClauseOut
from gongji.entrances.open_rules import question as asking
from gongji.entrances.open_rules.atlas import Atlas, Region, weakest
from gongji.entrances.open_rules.cautions import cautions
from gongji.entrances.open_rules.figures import Figure, figures, shown, terms
from gongji.entrances.open_rules.known import Known, known
from gongji.entrances.open_rules.question import Accounts, Answer, Question
from gongji.entrances.open_rules.registry import covered
from gongji.entrances.open_rules.year import Earlier, answers
from gongji.entrances.wording import Language
from gongji.foundation.errors import InvalidInput
from gongji.rules.compile import Span
from gongji.rules.coverage import Coverage
from gongji.rules.model import BenefitRule, Interpretation, Scheme, SharingRule
from gongji.rules.node import Leaf
from gongji.rules.pack import benefit_word
from gongji.rules.particulars import Fen

_ANSWERS: dict[int | str, dict[str, Any]] = {status: RESPONSES[status] for status in (404, 422)}

router = APIRouter(prefix="/v1", tags=["rules"], responses=_ANSWERS)

Code = Annotated[str, Path(description="six-digit code of a region, or of a county in it")]


def _atlas(request: Request) -> Atlas:
    atlas: Atlas = request.app.state.atlas
    return atlas


def _today(request: Request) -> date:
    today: date = request.app.state.platform.clock.now().date()
    return today


Rules = Annotated[Atlas, Depends(_atlas)]
Today = Annotated[date, Depends(_today)]


@router.get("/rules")
def read_regions(atlas: Rules) -> shapes.RegionsOut:
    """All regions with a pack, what each sets, since when, and how far its sources can be trusted. No token needed."""
    return shapes.RegionsOut(items=[_region(atlas, one) for one in atlas.regions()])


def _region(atlas: Atlas, region: Region) -> shapes.RegionOut:
    return shapes.RegionOut(
        region=region.code,
        name=region.name,
        benefits=[
            shapes.BenefitOut(scheme=one.scheme, kind=one.kind, spans=[_span(span) for span in one.spans])
            for one in region.benefits
        ],
        sharing=[_span(span) for span in atlas.sharing(region.code)],
        grade=region.grade,
        gaps=len(region.gaps),
        conflicts=region.conflicts,
        digest=region.digest,
    )


def _span(span: Span[BenefitRule] | Span[SharingRule]) -> shapes.SpanOut:
    return shapes.SpanOut(effective=span.begins, until=span.until)


@router.get("/rules/{region}")
def read_rules(
    region: Code,
    atlas: Rules,
    today: Today,
    on: Annotated[date | None, Query(description="the day; today when left out")] = None,
) -> shapes.RegionRulesOut:
    """What holds in a region on a day: every number with its clause, the sharing rule, what the texts leave open, where
    sources disagree and what nobody knows. No token needed."""
    found, day = atlas.region(region), on or today
    book = atlas.book
    rules = [(one, book.benefit(found.code, one.scheme, one.kind, day)) for one in found.benefits]
    sharing = book.sharing(found.code, day)
    return shapes.RegionRulesOut(
        region=found.code,
        name=found.name,
        on=day,
        benefits=[
            _benefit(rule, list(asking.readings_of(atlas, found.code, one.scheme, one.kind).values()))
            for one, rule in rules
            if rule is not None
        ],
        sharing=_sharing(sharing) if sharing else None,
        known=[_known(one) for one in known(book.lineage(found.code), day, with_terms=sharing is None)],
        conflicts=[shapes.ConflictOut.model_validate(one, from_attributes=True) for one in book.conflicts(found.code)],
        gaps=[shapes.GapOut.model_validate(one, from_attributes=True) for one in found.gaps],
        grade=weakest(
            clause for rule in (*(rule for _, rule in rules), sharing) if rule for clause in rule.clauses.values()
        ),
        coverage=[_coverage(one) for one in covered(atlas, found.code, day.year)],
        timeline=[
            *(
                shapes.TimelineOut(benefit=f"{one.scheme}.{one.kind}", spans=[_span(span) for span in one.spans])
                for one in found.benefits
            ),
            shapes.TimelineOut(benefit="sharing", spans=[_span(span) for span in atlas.sharing(found.code)]),
        ],
        digest=found.digest,
    )


def _coverage(one: Coverage) -> shapes.CoverageOut:
    return shapes.CoverageOut.model_validate(
        {
            "benefit": one.benefit,
            "year": one.first,
            "state": one.state.name.lower(),
            "days": one.days,
            "best": one.best,
            "worst": one.worst,
            "conflicts": one.conflicts,
            "checked": one.checked,
        }
    )


def _benefit(rule: BenefitRule, readings: Sequence[Interpretation]) -> shapes.BenefitRuleOut:
    return shapes.BenefitRuleOut(
        scheme=rule.scheme,
        kind=rule.kind,
        effective=rule.effective,
        until=rule.until,
        pack=rule.pack,
        counts_as=rule.as_tier,
        account_first=rule.account_first,
        counters=sorted(rule.counters),
        numbers=[_number(figure) for figure in figures(rule)],
        interpretations=dict(rule.interpretations),
        readings=[shapes.ReadingOut.model_validate(one, from_attributes=True) for one in readings],
    )


def _number(figure: Figure) -> shapes.NumberOut:
    return shapes.NumberOut(
        section=figure.section,
        name=figure.name,
        about=figure.about,
        case={str(dimension): word for dimension, word in figure.case.items()},
        only=list(figure.only),
        number=figure.number,
        unit=figure.unit,
        clause=ClauseOut.of(figure.clause),
    )


def _known(one: Known) -> shapes.KnownOut:
    value: object
    unit = None
    if isinstance(one.value, Leaf):
        value, unit = one.value.amount, "ratio" if one.value.is_ratio else "fen"
    else:
        value = one.value if isinstance(one.value, date) else shown(one.value)
        unit = "fen" if isinstance(one.value, Fen) else None
    return shapes.KnownOut.model_validate(
        {
            "section": one.section,
            "name": one.name,
            "path": list(one.path),
            "value": list(value) if isinstance(value, tuple) else value,
            "unit": unit,
            "clause": ClauseOut.of(one.clause),
        }
    )


def _sharing(rule: SharingRule) -> shapes.SharingOut:
    return shapes.SharingOut(
        terms=[
            shapes.TermOut(
                name=term.name,
                value=list(term.value) if isinstance(term.value, tuple) else term.value,
                clause=ClauseOut.of(term.clause),
            )
            for term in terms(rule)
        ],
        interpretations=dict(rule.interpretations),
    )


@router.post("/assess")
def assess(body: shapes.AssessIn, atlas: Rules, today: Today) -> shapes.AssessOut:
    """What a bill comes to: what the funds, the patient's accounts and the relatives' pay, why, and what stays in cash.
    The arithmetic is that of a settlement; nothing is stored and no token is needed."""
    question = _question(body, today)
    earlier = sorted((_earlier(one) for one in body.earlier), key=lambda one: one.on)
    return _assessed(atlas, question, earlier, answers(atlas, question, earlier))


def _earlier(one: shapes.EarlierIn) -> Earlier:
    bill = asking.bill_of(one.in_scope_fen, 0, 0, 0, None)
    return Earlier(one.on, one.kind, one.tier, bill, one.days, one.disease)


def _question(body: shapes.AssessIn, today: date) -> Question:
    return Question(
        region=body.region,
        scheme=body.scheme,
        kind=body.kind,
        on=body.on or today,
        status=body.status,
        tier=body.tier,
        bill=asking.bill_of(
            body.total_fen, body.self_paid_fen, body.over_limit_fen, body.first_self_pay_fen, body.in_scope_fen
        ),
        age=body.age,
        months_covered=body.months_covered,
        offsite=body.offsite,
        attributes=frozenset(body.attributes),
        days=body.days,
        disease=body.disease,
        prescriber=body.prescriber,
        late=body.late,
        missed_years=body.missed_years,
        repaid_years=body.repaid_years,
        counters=body.counters,
        own=_own(body),
        sharers=tuple(_accounts(one) for one in body.sharers),
        use=body.account_use,
        readings=body.readings,
    )


def _own(body: shapes.AssessIn) -> Accounts | None:
    if body.own is None:
        return None if body.scheme is Scheme.RESIDENT else Accounts()
    if body.scheme is Scheme.RESIDENT:
        raise InvalidInput(
            "own.resident",
            "the resident scheme has no personal account: leave `own` out",
            "居民医保没有个人账户，请不要填写本人账户",
            field="own",
            accepted="null",
        )
    return _accounts(body.own)


def _accounts(one: shapes.AccountsIn) -> Accounts:
    return Accounts(one.current_fen, one.historical_fen, one.limit_fen)


def _assessed(atlas: Atlas, question: Question, earlier: Sequence[Earlier], year: Sequence[Answer]) -> shapes.AssessOut:
    found = year[-1]
    visits = [*((one.on, one.kind, one.bill) for one in earlier), (question.on, question.kind, question.bill)]
    word = benefit_word((question.scheme, question.kind))
    known = [one for one in covered(atlas, found.region, question.on.year) if one.benefit == word]
    assessment, payment = found.assessment, found.payment
    noted = zip(*(cautions(found, language) for language in Language), strict=True)
    return shapes.AssessOut(
        region=found.region,
        name=found.name,
        on=question.on,
        applies=found.rule is not None,
        total_fen=question.bill.total,
        in_scope_fen=question.bill.in_scope,
        deductible_fen=assessment.deductible,
        ratio=assessment.ratio,
        funds=[shapes.FundOut(fund=one.fund, amount_fen=one.amount) for one in assessment.funds],
        fund_fen=assessment.fund_total,
        own_fen=payment.own,
        shared_fen=payment.shared,
        cash_fen=payment.cash,
        counters=[shapes.MoveOut.model_validate(move, from_attributes=True) for move in assessment.moves],
        payers=payers_out(found.explanation),
        steps=steps_out(found.explanation),
        cautions=[Words(zh=zh, en=en) for zh, en in noted],
        interpretations=dict(found.readings),
        year=[
            shapes.VisitOut(on=on, kind=kind, total_fen=bill.total, fund_fen=one.assessment.fund_total)
            for (on, kind, bill), one in zip(visits, year, strict=True)
        ]
        if earlier
        else [],
        grade=weakest(found.rule.clauses.values()) if found.rule else None,
        coverage=_coverage(known[0]) if known else None,
        timeline=[_span(span) for span in atlas.book.timeline(found.region, question.scheme, question.kind)],
        digest=assessment.digest,
    )

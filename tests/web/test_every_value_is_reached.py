"""Every dated value of every shipped pack can be met by somebody who asks: in the calculator's answer, or on the region's page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from itertools import product

import pytest
from starlette.datastructures import QueryParams

from gongji.entrances import wording
from gongji.entrances.open_rules.atlas import Atlas
from gongji.entrances.web.pages import Reader
from gongji.entrances.web.rules.calculator import calculate
from gongji.entrances.web.rules.region import RegionPages
from gongji.entrances.wording import Language
from gongji.rules.book import RuleBook
from gongji.rules.entries import Dated
from gongji.rules.grid import lower_bound
from gongji.rules.lineage import Lineage
from gongji.rules.model import STATUSES, Attribute, CareKind, Dimension, OffSite, Tier
from gongji.rules.pack import BenefitEntries, BenefitKey, in_force
from gongji.rules.structure import Shape

ATLAS = Atlas(RuleBook.shipped())
READER = Reader(Language.CHINESE, elder=False)
TODAY = date(2026, 11, 25)

#: Bills that stay below a deductible, that pass it, and that pass every limit; yuan.
TOTALS = ("50", "9000", "90000000")

#: A value's id and the day from which it holds.
Cited = tuple[str, date]

BENEFITS = [(lineage, key) for lineage in RuleBook.shipped().lineages() for key in lineage.own.benefits]


#: Values that no answer can ever show, and why.
NEVER_SHOWN = {
    "cn/fujian/quanzhou#outpatient.essential_drugs_less.tier_2": "takes nothing off the deductible",
    "cn/fujian/quanzhou#outpatient.essential_drugs_less.tier_3": "takes nothing off the deductible",
    "cn/shandong/weifang#outpatient.unsigned_limit.selected": "never less than what the yearly limit leaves",
}


@pytest.mark.parametrize(
    ("lineage", "key"), BENEFITS, ids=[f"{one.own.region}-{'-'.join(key)}" for one, key in BENEFITS]
)
def test_the_answer_to_some_question_uses_every_value_of_a_benefit(lineage: Lineage, key: BenefitKey) -> None:
    benefit = lineage.own.benefits[key]
    never = {rule for rule in NEVER_SHOWN if rule.startswith(f"{lineage.own.id}#{benefit.section}.")}
    wanted = dict(values_of(lineage, benefit))
    # All of them are asked while a value is missing; in an order of chance most values are met within the first hundred.
    asked = list(questions(lineage, key, benefit))
    random.Random(benefit.section).shuffle(asked)
    for query in asked:
        if not wanted:
            break
        sentences, cited = used(query)
        for place, words in list(wanted.items()):
            # A later admission's number rests on a whole table (``repeat``), the edge of a band stands in its sentence.
            if any(place[0] == rule or place[0].startswith(f"{rule}.") for rule, on in cited if on == place[1]) or (
                "_edges." in place[0] and words in sentences
            ):
                del wanted[place]
    assert {rule for rule, _ in wanted} == never


def values_of(lineage: Lineage, benefit: BenefitEntries) -> Iterator[tuple[Cited, str]]:
    """Every number of every table of a benefit in words, and its structure."""
    stem = f"{lineage.own.id}#{benefit.section}"
    for shape in benefit.shapes:
        yield (f"{stem}.rules", shape.effective), ""
    for name, entries in benefit.values.items():
        for entry in entries:
            for path, leaf in entry.value.items():
                yield (".".join((f"{stem}.{name}", *path)), entry.effective), wording.money(leaf.amount)


def questions(lineage: Lineage, key: BenefitKey, benefit: BenefitEntries) -> Iterator[dict[str, str]]:
    """Questions about every case that the tables of a benefit tell apart, on every day from which something else holds."""
    kinds = [key[1]]
    if key[1] is CareKind.OUTPATIENT and (key[0], CareKind.PHARMACY) not in lineage.own.benefits:
        kinds.append(CareKind.PHARMACY)
    words = {word for entries in benefit.values.values() for one in entries for path in one.value for word in path}
    ages = sorted({40, 68, *(lower_bound(word) for word in words if not word.endswith("_months"))})
    months = sorted({24, *(lower_bound(word) for word in words if word.endswith("_months"))})
    tiers = [tier for tier in Tier if tier in words or tier.base is tier]
    readings = [{}, *({f"r.{one.name}": option} for one in benefit.interpretations.values() for option in one.options)]
    for shape in benefit.shapes:
        both = f"{Attribute.GRADE_2} {Attribute.SELECTED_PROVIDER}"
        cases = [{}, *({"with": one} for one in (*Attribute, both)), *({"offsite": one} for one in OffSite)]
        diseases = sorted(_diseases(shape.value, benefit)) or [""]
        for on, kind, status, tier, age, covered, case, disease, reading in product(
            days(shape, benefit), kinds, STATUSES[key[0]], tiers, ages, months, cases, diseases, readings
        ):
            if case and (reading or tier is not Tier.TIER_3 or age != ages[-1]) and age != ages[0]:
                continue  # a case of its own is met at one tier and two ages as well as at all of them
            for total, admissions in product(TOTALS, ("", "1", "2") if kind is CareKind.INPATIENT else ("",)):
                yield {
                    "region": lineage.own.region,
                    "on": on.isoformat(),
                    "kind": kind,
                    "status": status,
                    "tier": tier,
                    "age": str(age),
                    "months_covered": str(covered),
                    "disease": disease,
                    "total": total,
                    "admissions": admissions,
                    **case,
                    **reading,
                }


def days(shape: Dated[Shape], benefit: BenefitEntries) -> list[date]:
    """The days within a shape's span on which a value begins."""
    begun = {one.effective for entries in benefit.values.values() for one in entries} | {shape.effective}
    return sorted(day for day in begun if in_force(benefit.shapes, day) is shape)


def _diseases(shape: Shape, benefit: BenefitEntries) -> set[str]:
    found = set()
    for layer in shape.layers:
        if layer.cap is not None and Dimension.DISEASE in layer.cap.table.by:
            found |= {path[-1] for one in benefit.values[layer.cap.table.value] for path in one.value}
    return found


def used(query: dict[str, str]) -> tuple[str, set[Cited]]:
    """What the answer to a question says, and the values that it cites."""
    told = [(name, word) for name, words in query.items() for word in (words.split() if name == "with" else [words])]
    form, result = calculate(ATLAS, QueryParams(told), TODAY, READER)
    assert result is not None, (query, form.errors)
    steps = result.explained.steps
    cited = {(clause.rule, clause.effective) for step in steps for clause in step.clauses}
    return " ".join(step.sentence for step in steps), cited


def test_every_other_value_is_on_its_regions_page() -> None:
    """Premiums, credits and terms of sharing, on the first day of each."""
    pages = RegionPages(ATLAS)
    for lineage in RuleBook.shipped().lineages():
        own = lineage.own
        held = [(f"values.{name}", one) for name, entries in own.values.items() for one in entries]
        held += [(f"accrual.{name}", one) for name, entries in own.accrual.items() for one in entries]  # type: ignore[misc]
        held += [(f"sharing.{name}", one) for name, entries in own.sharing.items() for one in entries]  # type: ignore[misc]
        for name, entry in held:
            cards = pages.cards(ATLAS.region(own.region), entry.effective, Language.CHINESE)
            shown = {row.clause.rule for card in cards for row in card.block.rows if row.clause is not None}
            stem = f"{own.id}#{name}"
            assert any(rule == stem or rule.startswith(f"{stem}.") for rule in shown), f"{stem} from {entry.effective}"

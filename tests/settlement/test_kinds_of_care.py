"""Every kind of care is settled by its own rule: who is entitled, who waits, whose prescription it is, where it was."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from rulebooks import kinds_of_care

from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.registry.entering import add_institutions
from gongji.registry.entries import NewInstitution
from gongji.registry.filings import FilingKind, FilingState, NewFiling, file
from gongji.registry.model import InstitutionKind
from gongji.rules.model import Tier
from gongji.rules.vocabulary import Late
from gongji.settlement.model import AccountUse, ReversePart, Settlement
from gongji.settlement.part_return import PartReturned
from gongji.settlement.visits import record_diagnoses
from sent import statements_sent
from town import Town

CENTRAL, COMMUNITY, PHARMACY = "H21120200001", "H21120200002", "P21120200003"
HYPERTENSION, DIABETES, DIALYSIS = "M03900", "M01600", "M07801"


@pytest.fixture
def kinds(town: Town, tmp_path: Path) -> Town:
    town.rules = kinds_of_care(tmp_path)
    return town


def see(
    town: Town, patient: int, place: str, yuan: str, med_type: str = "11", disease: str = "", prescriber: str = ""
) -> Settlement | GongjiError:
    """A visit from its registration to its settlement, or to the refusal."""
    institution = town.institution(place)
    visit, total = town.visit(patient, institution, ("C-A", 1, yuan))
    told = {"dise_codg": disease, "rxfixmedinsCode": prescriber}
    with town.database.transaction() as connection:
        record_diagnoses(connection, institution.id, patient, visit, med_type, told, [])
    command = replace(town.settle_visit(patient, institution, visit, total), med_type=med_type)
    (outcome,) = town.do(command)
    return outcome


def paid(town: Town, *visit: Any, **told: Any) -> tuple[int, str]:
    """What the pooled fund paid, and why."""
    outcome = see(town, *visit, **told)
    assert isinstance(outcome, Settlement), outcome
    line = outcome.explanation.payers[0]
    assert (line.payer, line.amount) == ("fund.pool", outcome.fund_pool)
    return outcome.fund_pool, line.because


def refused(town: Town, *visit: Any, **told: Any) -> str:
    outcome = see(town, *visit, **told)
    assert isinstance(outcome, GongjiError), outcome
    return outcome.code


def filed(town: Town, person: int, kind: FilingKind, subject: str, **more: Any) -> None:
    values = {"since": date(2024, 1, 1), "state": FilingState.GRANTED} | more
    with town.database.transaction() as connection:
        file(connection, town.database.serials, NewFiling(person, kind, subject, **values), town.clock.now())


def says(outcome: Settlement) -> str:
    """Why no rule was applied."""
    (step,) = [step for step in outcome.explanation.steps if step.code == "no_rule"]
    return str(step.inputs["says"])


class TestWaiting:
    def test_a_flexible_worker_waits_six_months_and_is_told_so(self, kinds: Town) -> None:
        worker = kinds.person("刘洋", "1990-05-01", "active", balance=0, since=date(2024, 3, 15), late=Late.FLEXIBLE)
        kinds.clock.set(datetime(2024, 9, 14, 9, tzinfo=CHINA))
        early = see(kinds, worker, COMMUNITY, "100.00")
        assert isinstance(early, Settlement)
        assert (early.fund_pool, early.explanation.payers[0].because) == (0, "fund.none.waiting")
        (step,) = [step for step in early.explanation.steps if step.code == "waiting"]
        assert step.inputs == {"late": "flexible", "months": 6, "covered": 5}
        assert early.explanation.payers[0].clause == step.clause
        kinds.clock.set(datetime(2024, 9, 15, 9, tzinfo=CHINA))
        assert paid(kinds, worker, COMMUNITY, "100.00") == (70_00, "fund.paid")

    def test_cover_before_this_enrolment_counts(self, kinds: Town) -> None:
        insured = {"since": date(2024, 6, 1), "covered_since": date(2023, 12, 12), "late": Late.FLEXIBLE}
        worker = kinds.person("刘洋", "1990-05-01", "active", balance=0, **insured)
        assert paid(kinds, worker, COMMUNITY, "100.00") == (70_00, "fund.paid")

    def test_a_resident_who_missed_three_years_waits_by_the_nations_rule(self, town: Town) -> None:
        """Tieling's residents in 2025 with the two diseases: 3 months and 1 for each of the second and third year."""
        town.clock.set(datetime(2025, 5, 31, 9, tzinfo=CHINA))
        missed = {"since": date(2025, 1, 1), "late": Late.INTERRUPTED, "missed_years": 3}
        she = town.person("王秀兰", "1960-05-01", "resident", **missed)
        repaid = town.person("王秀芝", "1960-05-01", "resident", **missed, repaid_years=2)
        for one in (she, repaid):
            filed(town, one, FilingKind.TWO_DISEASES, HYPERTENSION, since=date(2025, 1, 1))
        assert paid(town, she, COMMUNITY, "100.00", "9901", HYPERTENSION) == (0, "fund.none.waiting")
        assert paid(town, repaid, COMMUNITY, "100.00", "9901", HYPERTENSION) == (60_00, "fund.paid")
        town.clock.set(datetime(2025, 6, 1, 9, tzinfo=CHINA))
        assert paid(town, she, COMMUNITY, "100.00", "9901", HYPERTENSION) == (60_00, "fund.paid")


class TestSpecialDiseases:
    def test_an_entitlement_is_paid_by_its_own_rule_and_counts_apart(self, kinds: Town) -> None:
        li = kinds.person("李建国", "1960-03-09", "retired", balance=0)
        filed(kinds, li, FilingKind.SPECIAL_DISEASE, HYPERTENSION, word="hypertension")
        filed(kinds, li, FilingKind.SPECIAL_DISEASE, DIALYSIS, word="dialysis")
        assert paid(kinds, li, CENTRAL, "800.00", "14", HYPERTENSION) == (720_00, "fund.paid")
        # 800 a year: 80.00 of 180.00 are left; dialysis has a limit of its own
        assert paid(kinds, li, CENTRAL, "200.00", "14", HYPERTENSION) == (80_00, "fund.paid")
        assert paid(kinds, li, CENTRAL, "200.00", "14", HYPERTENSION) == (0, "fund.none.cap_used")
        assert paid(kinds, li, CENTRAL, "1000.00", "14", DIALYSIS) == (900_00, "fund.paid")
        # ordinary care has its deductible untouched: (500 − 400) × 50 %
        assert paid(kinds, li, CENTRAL, "500.00") == (50_00, "fund.paid")

    def test_without_a_granted_filing_it_is_refused_and_says_what_to_do(self, kinds: Town) -> None:
        li = kinds.person("李建国", "1960-03-09", "retired", balance=0)
        outcome = see(kinds, li, CENTRAL, "800.00", "14", HYPERTENSION)
        assert isinstance(outcome, GongjiError)
        assert outcome.code == "settlement.not_entitled"
        assert "2503" in outcome.zh
        assert "11" in outcome.zh
        assert refused(kinds, li, CENTRAL, "800.00", "14") == "settlement.disease"
        filed(kinds, li, FilingKind.SPECIAL_DISEASE, HYPERTENSION, state=FilingState.FILED)
        assert refused(kinds, li, CENTRAL, "800.00", "14", HYPERTENSION) == "settlement.under_review"
        assert refused(kinds, li, CENTRAL, "800.00", "14", DIALYSIS) == "settlement.not_entitled"

    def test_it_holds_on_its_own_days_only(self, kinds: Town) -> None:
        li = kinds.person("李建国", "1960-03-09", "retired", balance=0)
        days = {"since": date(2024, 6, 12), "until": date(2024, 6, 12), "word": "hypertension"}
        filed(kinds, li, FilingKind.SPECIAL_DISEASE, HYPERTENSION, **days)
        assert paid(kinds, li, CENTRAL, "100.00", "14", HYPERTENSION) == (90_00, "fund.paid")
        for day in (11, 13):
            kinds.clock.set(datetime(2024, 6, day, 9, tzinfo=CHINA))
            assert refused(kinds, li, CENTRAL, "100.00", "14", HYPERTENSION) == "settlement.not_entitled"

    def test_a_disease_that_the_rules_do_not_name_pays_nothing_and_says_so(self, kinds: Town) -> None:
        li = kinds.person("李建国", "1960-03-09", "retired", balance=0)
        filed(kinds, li, FilingKind.SPECIAL_DISEASE, "M02000", word="haemophilia")
        outcome = see(kinds, li, CENTRAL, "100.00", "14", "M02000")
        assert isinstance(outcome, Settlement)
        assert outcome.explanation.payers[0].because == "fund.none.no_rule"
        assert "haemophilia" in says(outcome)

    def test_a_region_without_a_rule_pays_nothing_and_says_so(self, town: Town) -> None:
        li = town.person("李建国", "1960-03-09", "retired", balance=0)
        filed(town, li, FilingKind.SPECIAL_DISEASE, HYPERTENSION)
        assert paid(town, li, CENTRAL, "100.00", "14", HYPERTENSION) == (0, "fund.none.no_rule")

    def test_at_a_pharmacy_it_is_bought_under_the_same_rule(self, kinds: Town) -> None:
        li, pharmacy = kinds.person("李建国", "1960-03-09", "retired", balance=0), kinds.institution(PHARMACY)
        filed(kinds, li, FilingKind.SPECIAL_DISEASE, HYPERTENSION, word="hypertension")
        sale = replace(kinds.purchase(li, pharmacy, ("C-A", 1, "100.00")), med_type="14", disease=HYPERTENSION)
        bought = kinds.settled(sale)
        assert (bought.fund_pool, bought.disease) == (90_00, HYPERTENSION)


def test_two_diseases_have_one_limit_together(town: Town) -> None:
    """Tieling's residents in 2025: 60 % at a community centre, 300 for hypertension alone, 600 with diabetes too."""
    town.clock.set(datetime(2025, 6, 12, 9, tzinfo=CHINA))
    she, both = (town.person("王秀兰", "1960-05-01", "resident") for _ in range(2))
    filed(town, she, FilingKind.TWO_DISEASES, HYPERTENSION)
    for code in (HYPERTENSION, DIABETES):
        filed(town, both, FilingKind.TWO_DISEASES, code)
    assert paid(town, she, COMMUNITY, "600.00", "9901", HYPERTENSION) == (300_00, "fund.paid")
    assert paid(town, both, COMMUNITY, "600.00", "9901", HYPERTENSION) == (360_00, "fund.paid")
    assert paid(town, both, COMMUNITY, "600.00", "9901", DIABETES) == (240_00, "fund.paid")
    assert refused(town, she, COMMUNITY, "600.00", "9901", DIABETES) == "settlement.not_entitled"


class TestOtherCategories:
    def test_an_emergency_is_paid_where_the_text_speaks_of_it(self, town: Town) -> None:
        """Xiong'an pays both alike: (1,000 − 900) × 60 %; Tieling's text does not speak of emergencies."""
        with town.database.transaction() as connection:
            place = NewInstitution(
                "H13310000001", "雄安宣武医院", InstitutionKind.HOSPITAL, Tier.TIER_3, "133100", date(2020, 1, 1)
            )
            add_institutions(connection, [place])
        there = town.person("高翔", "1980-05-01", "active", balance=0, region="133100")
        here = town.person("刘洋", "1980-05-01", "active", balance=0)
        assert paid(town, there, "H13310000001", "1000.00", "13") == (60_00, "fund.paid")
        assert paid(town, there, "H13310000001", "100.00", "11") == (60_00, "fund.paid"), "one deductible for both"
        assert paid(town, here, CENTRAL, "1000.00", "13") == (0, "fund.none.no_rule")

    @pytest.mark.parametrize("med_type", ["18", "51", "990101"])
    def test_what_no_rule_is_kept_for_pays_nothing_and_says_so(self, town: Town, med_type: str) -> None:
        she = town.person("刘洋", "1990-05-01", "active", balance=500_00)
        outcome = see(town, she, CENTRAL, "1000.00", med_type)
        assert isinstance(outcome, Settlement)
        assert (outcome.fund_total, outcome.own, outcome.med_type) == (0, 500_00, med_type)
        assert outcome.explanation.payers[0].because == "fund.none.no_rule"


class TestPharmacies:
    """Shenyang's pharmacies are paid as the hospital that prescribed: at a tier 3 one (500 − 400) × 55 %."""

    @pytest.fixture
    def shenyang(self, town: Town) -> Town:
        since = date(2020, 1, 1)
        hospital, pharmacy = InstitutionKind.HOSPITAL, InstitutionKind.PHARMACY
        with town.database.transaction() as connection:
            add_institutions(
                connection,
                [
                    NewInstitution("H21010200001", "沈阳市第一人民医院", hospital, Tier.TIER_3, "210102", since),
                    NewInstitution("P21010200002", "和平大药房", pharmacy, None, "210102", since),
                ],
            )
        return town

    def test_with_a_prescription_the_fund_pays_as_the_hospital(self, shenyang: Town) -> None:
        zhao = shenyang.person("赵明", "1980-05-01", "active", balance=0, region="210100")
        pharmacy = shenyang.institution("P21010200002")
        sale = shenyang.purchase(zhao, pharmacy, ("C-A", 5, "100.00"))
        without = shenyang.settled(sale)
        assert without.explanation.payers[0].because == "fund.none.no_prescription"
        with_it = shenyang.settled(replace(sale, key=shenyang.key(pharmacy, "2102"), prescriber=Tier.TIER_3))
        assert (with_it.deductible, with_it.fund_pool, with_it.prescriber) == (400_00, 55_00, Tier.TIER_3)

    def test_what_is_left_of_a_return_keeps_the_prescription(self, shenyang: Town) -> None:
        """Of 900 yuan 300 go back: (600 − 400) × 55 % = 110 stay paid."""
        zhao = shenyang.person("赵明", "1980-05-01", "active", balance=0, region="210100")
        pharmacy = shenyang.institution("P21010200002")
        sale = replace(shenyang.purchase(zhao, pharmacy, ("C-A", 9, "100.00")), prescriber=Tier.TIER_3)
        bought = shenyang.settled(sale)
        assert bought.fund_pool == 275_00
        key = shenyang.key(pharmacy, "2103")
        returned = {bought.lines[0].line.sn: 3 * 10**4}
        part = ReversePart(key, pharmacy, zhao, bought.visit_id, bought.id, returned, AccountUse.OWN)
        (kept,) = shenyang.do(part)
        assert isinstance(kept, PartReturned)
        assert (kept.rest.fund_pool, kept.rest.prescriber) == (110_00, Tier.TIER_3)

    def test_a_registered_visit_names_the_hospital(self, shenyang: Town) -> None:
        zhao = shenyang.person("赵明", "1980-05-01", "active", balance=0, region="210100")
        visit = (zhao, "P21010200002", "500.00")
        assert paid(shenyang, *visit) == (0, "fund.none.no_prescription")
        assert paid(shenyang, *visit, prescriber="H21010200001") == (55_00, "fund.paid")


class TestFilings:
    def test_the_chosen_institution_and_the_family_doctor_count_where_they_are(self, kinds: Town) -> None:
        li = kinds.person("李建国", "1960-03-09", "retired", balance=0)
        here = kinds.institution(COMMUNITY).id
        assert paid(kinds, li, COMMUNITY, "100.00") == (70_00, "fund.paid")
        filed(kinds, li, FilingKind.PROVIDER, "1", institution_id=here)
        assert paid(kinds, li, COMMUNITY, "100.00") == (75_00, "fund.paid")
        filed(kinds, li, FilingKind.FAMILY_DOCTOR, "1", institution_id=here)
        assert paid(kinds, li, COMMUNITY, "100.00") == (85_00, "fund.paid")
        filed(kinds, li, FilingKind.FAMILY_DOCTOR, "2", institution_id=kinds.institution(CENTRAL).id + 99)
        assert paid(kinds, li, CENTRAL, "500.00") == (50_00, "fund.paid"), "not signed with this one"

    def test_care_elsewhere_goes_by_what_was_filed(self, kinds: Town) -> None:
        """In Jining, 20 points less for whoever filed; an emergency there is a kind of care without a rule."""
        li = kinds.person("李建国", "1960-03-09", "retired", balance=0)
        jining = kinds.institution("H37080000001")
        filed(kinds, li, FilingKind.ELSEWHERE, "370800")
        outcome = see(kinds, li, jining.code, "500.00")
        assert isinstance(outcome, Settlement)
        assert outcome.fund_pool == 30_00
        (step,) = [step for step in outcome.explanation.steps if step.code == "modifier"]
        assert "filed" in str(step.inputs["cases"])

    def test_a_referral_is_to_one_hospital(self, town: Town) -> None:
        li = town.person("李建国", "1960-03-09", "retired", balance=0)
        filed(town, li, FilingKind.REFERRAL, "H37080000001")
        outcome = see(town, li, "H37080000001", "500.00")
        assert isinstance(outcome, Settlement)
        assert "转诊" in says(outcome)


@pytest.mark.one_server("counts statements")
def test_a_batch_of_one_takes_at_most_twelve_statements(kinds: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is filed, what makes wait and whose prescription it is ride along: nobody asks once more for them."""
    li = kinds.person("李建国", "1960-03-09", "retired", balance=500_00, late=Late.FLEXIBLE, since=date(2022, 1, 1))
    filed(kinds, li, FilingKind.SPECIAL_DISEASE, HYPERTENSION, word="hypertension")
    central, pharmacy = kinds.institution(CENTRAL), kinds.institution(PHARMACY)
    visit, total = kinds.visit(li, central, ("C-A", 1, "100.00"))
    with kinds.database.transaction() as connection:
        told = {"dise_codg": HYPERTENSION}
        record_diagnoses(connection, central.id, li, visit, "14", told, [])
    of_visit = replace(kinds.settle_visit(li, central, visit, total), med_type="14")
    of_sale = replace(kinds.purchase(li, pharmacy, ("C-A", 1, "10.00")), prescriber=Tier.TIER_1)
    kinds.settled(kinds.purchase(li, pharmacy, ("C-A", 1, "10.00")))
    sent = statements_sent(monkeypatch, kinds.clerk._connection)
    for command in (of_visit, of_sale):
        sent.clear()
        paid = kinds.settled(command)
        assert paid.fund_pool > 0
        assert 6 <= len(sent) <= 12

"""Stays in hospital at the desk: Xi'an's and Anqing's own examples, families that help, mid-stay bills, and the way back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from gongji.accrual.year_end import turn_year
from gongji.foundation.access import Caller, Role
from gongji.foundation.errors import GongjiError
from gongji.foundation.money import yuan
from gongji.foundation.questions import ask
from gongji.rules.book import RuleBook
from gongji.rules.cases import Example, example_files, load_examples
from gongji.rules.model import CareKind, OffSite, Scheme, Tier
from gongji.rules.pack_files import SHIPPED
from gongji.settlement.admissions import find_admission
from gongji.settlement.desk import Desk
from gongji.settlement.lists import paid_question
from gongji.settlement.model import Settlement
from gongji.settlement.queries import counters_of, find_settlement, settlements_of
from town import JINING, TIELING, Town
from ward import ANQING, XIAN, Ward, moment

ANSHAN = "210300"


@pytest.fixture
def xian(town: Town) -> Ward:
    """西安市中心医院, tier 3."""
    return Ward.built(town, "H61010300001", "西安市中心医院", "610103")


@pytest.fixture
def anqing(town: Town) -> Ward:
    """安庆市立医院, tier 3."""
    return Ward.built(town, "H34080300001", "安庆市立医院", "340803")


@pytest.fixture
def tieling(town: Town) -> Ward:
    """铁岭市中心医院."""
    return Ward(town, town.institution("H21120200001"))


def counters(town: Town, person: int, year: str = "2024") -> dict[str, int]:
    """A person's benefit counters of a year, those at zero left out."""
    with town.database.transaction() as connection:
        return {name: value for name, value in counters_of(connection, person, year).items() if value}


def refusal(outcome: Any) -> str:
    """The code of a refusal."""
    assert isinstance(outcome, GongjiError), outcome
    return outcome.code


def paid(one: Settlement) -> tuple[int, int, int, int, int]:
    """deductible, pooled fund, own account, relatives, cash (yuan)."""
    figures = (one.deductible, one.fund_pool, one.own, one.shared, one.cash)
    assert all(amount % 100 == 0 for amount in figures), figures
    deductible, pool, own, shared, cash = (amount // 100 for amount in figures)
    return deductible, pool, own, shared, cash


def test_three_stays_of_qin_lan_in_a_year_as_the_texts_example_has_them(town: Town, xian: Ward) -> None:
    """Tier 3 twice: 1,200 and then 960 of deductible at 80 %; tier 1: 200 at 90 %. Her husband's account pays the rest."""
    lan = town.person("秦岚", "1988-01-05", "active", balance=1_000_00, region=XIAN, gender=2)
    husband = town.person("雷鸣", "1986-04-02", "active", balance=3_000_00, region=XIAN)
    town.share(husband, lan, relation="spouse", region=XIAN, purposes=["care", "inpatient"])
    town.clock.set(moment("2025-02-01"))
    first = xian.stayed(lan, "2025-02-03", "2025-02-10", ("C-A", 1, "6200.00"))
    assert paid(first) == (1200, 4000, 1000, 1200, 0)
    second = xian.stayed(lan, "2025-06-01", "2025-06-10", ("C-A", 1, "2960.00"))
    assert paid(second) == (960, 1600, 0, 1360, 0)
    clinic = Ward.built(town, "H61010300002", "社区卫生服务中心", "610103", Tier.TIER_1)
    third = clinic.stayed(lan, "2025-09-01", "2025-09-10", ("C-A", 1, "1200.00"))
    assert paid(third) == (200, 900, 0, 300, 0)
    assert counters(town, lan, "2025")["310.admissions"] == 3
    assert town.balance(husband) == 140_00
    with town.database.transaction() as connection:
        assert [one.amount for one in ask(connection, paid_question(husband, 20))] == [300_00, 1_360_00, 1_200_00]
        assert [one.settlement.inpatient for one in settlements_of(connection, lan)] == [True] * 3


def test_the_pages_example_with_a_deposit(town: Town, xian: Ward) -> None:
    """docs/how-a-settlement-is-computed.md: 4,000 of the fund, 800 of the deposit, 200 of hers, 1,200 of her husband's."""
    lan = town.person("秦岚", "1988-01-05", "active", balance=1_000_00, region=XIAN, gender=2)
    husband = town.person("雷鸣", "1986-04-02", "active", balance=3_000_00, region=XIAN)
    town.share(husband, lan, relation="spouse", region=XIAN, purposes=["inpatient"])
    stay = xian.admit(lan, "2025-02-03")
    xian.deposit(stay, 800_00)
    xian.treat(stay, ("C-A", 1, "6200.00"))
    xian.discharge(stay, "2025-02-10")
    made = xian.settle(stay, 6_200_00)
    assert [(line.payer, line.amount) for line in made.explanation.payers if line.amount] == [
        ("fund.pool", 4_000_00),
        ("own", 800_00),
        ("own", 200_00),
        ("shared", 1_200_00),
    ]
    assert paid(made) == (1200, 4000, 1000, 1200, 0)


def test_a_stay_across_new_year_follows_the_day_of_discharge(town: Town, anqing: Ward) -> None:
    """Anqing, tier 3: 600 for the first stay of a year. In hospital over 31 December, discharged in 2024: the first of 2024."""
    guiying = town.person("查桂英", "1973-01-01", "active", balance=0, region=ANQING, gender=2)
    old = anqing.stayed(guiying, "2023-07-01", "2023-07-05", ("C-A", 1, "1600.00"))
    assert paid(old) == (600, 900, 0, 0, 700)
    over = anqing.stayed(guiying, "2023-12-28", "2024-01-04", ("C-A", 1, "5600.00"))
    assert paid(over) == (600, 4500, 0, 0, 1100)
    assert (counters(town, guiying, "2023")["310.admissions"], counters(town, guiying)["310.admissions"]) == (1, 1)


def test_settled_later_the_rules_and_counters_of_the_discharge_hold(town: Town, anqing: Ward) -> None:
    """Discharged on 30 December, settled on 3 January: it is the second stay of the old year, with 500 to bear."""
    guiying = town.person("查桂英", "1973-01-01", "active", balance=0, region=ANQING, gender=2)
    anqing.stayed(guiying, "2023-07-01", "2023-07-05", ("C-A", 1, "1600.00"))
    stay = anqing.admit(guiying, "2023-12-20")
    anqing.treat(stay, ("C-A", 1, "2500.00"))
    anqing.discharge(stay, "2023-12-30")
    town.clock.set(moment("2024-01-03"))
    assert paid(anqing.settle(stay, 2_500_00)) == (500, 1800, 0, 0, 700)
    assert counters(town, guiying) == {}


def test_where_no_text_is_known_the_funds_pay_nothing_and_the_family_pays(town: Town) -> None:
    """Anshan's pack keeps no rule for stays: the answer says so; a daughter's account pays what is in the catalogue."""
    anshan = Ward.built(town, "H21030300001", "鞍山市中心医院", "210303")
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=200_00, region=ANSHAN, gender=2)
    daughter = town.person("李梅", "1982-05-01", "active", balance=5_000_00, region=ANSHAN, gender=2)
    town.share(daughter, mother, region=ANSHAN, purposes=["care", "inpatient"])
    made = anshan.stayed(mother, "2024-06-03", "2024-06-10", ("C-A", 1, "1800.00"), ("C-C", 1, "68.00"))
    assert paid(made) == (0, 0, 200, 1600, 68)
    because = {line.payer: line.because for line in made.explanation.payers}
    assert (because["fund.pool"], because["cash"]) == ("fund.none.no_rule", "cash.out_of_scope")


def test_who_shares_for_care_only_does_not_pay_for_a_stay(town: Town, tieling: Ward) -> None:
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=200_00, gender=2)
    daughter = town.person("李梅", "1982-05-01", "active", balance=5_000_00, gender=2)
    town.share(daughter, mother, purposes=["care", "pharmacy"])
    made = tieling.stayed(mother, "2024-06-03", "2024-06-10", ("C-A", 1, "1800.00"))
    assert paid(made) == (800, 880, 200, 0, 720)
    assert "shared.none.purpose" in {line.because for line in made.explanation.payers}


def test_a_stay_settled_in_the_middle_bears_one_deductible(town: Town, xian: Ward) -> None:
    """6,200 in two bills of 1,000 and 5,200: the funds pay 0 and 4,000 as they do for one bill; one admission counts."""
    lan = town.person("秦岚", "1988-01-05", "active", balance=0, region=XIAN, gender=2)
    stay = xian.admit(lan, "2024-02-01")
    xian.treat(stay, ("C-A", 1, "1000.00"))
    town.clock.set(moment("2024-02-05"))
    middle = xian.settle(stay, 1_000_00, mid_stay=True)
    assert paid(middle) == (1000, 0, 0, 0, 1000)
    assert xian.state(stay) == "admitted"
    xian.treat(stay, ("C-A", 1, "5200.00"))
    xian.discharge(stay, "2024-02-10")
    last = xian.settle(stay, 5_200_00)
    assert paid(last) == (200, 4000, 0, 0, 1200)
    assert [step.code for step in last.explanation.steps][-1] == "stay_before"
    assert counters(town, lan) == {"310.admissions": 1, "310.inpatient_fund_paid": 4_000_00}
    # The later bill rests on the earlier one: back in the other order only.
    assert refusal(town.do(xian.reversal(middle))[0]) == "admission.later_settlement"
    town.settled(xian.reversal(last))
    town.settled(xian.reversal(middle))
    assert counters(town, lan) == {}


def test_a_mid_stay_bill_of_the_old_year_stays_the_old_years(town: Town, xian: Ward) -> None:
    """6,200 up to December bear 1,200; what comes after New Year is an admission of 2025 and bears 1,200 once more."""
    lan = town.person("秦岚", "1988-01-05", "active", balance=0, region=XIAN, gender=2)
    stay = xian.admit(lan, "2024-12-20")
    xian.treat(stay, ("C-A", 1, "6200.00"))
    town.clock.set(moment("2024-12-31"))
    assert paid(xian.settle(stay, 6_200_00, mid_stay=True)) == (1200, 4000, 0, 0, 2200)
    xian.discharge(stay, "2025-01-10")
    xian.treat(stay, ("C-A", 1, "2200.00"))
    last = xian.settle(stay, 2_200_00)
    assert paid(last) == (1200, 800, 0, 0, 1400)
    assert (counters(town, lan)["310.admissions"], counters(town, lan, "2025")["310.admissions"]) == (1, 1)


def test_a_stay_taken_back_in_the_next_year_leaves_everything_as_it_was(town: Town, xian: Ward) -> None:
    """Each leg goes home: what left the husband's current account last year is savings now; his limit is free again."""
    lan = town.person("秦岚", "1988-01-05", "active", balance=1_000_00, region=XIAN, gender=2)
    husband = town.person("雷鸣", "1986-04-02", "active", balance=3_000_00, region=XIAN)
    shared = town.share(husband, lan, relation="spouse", region=XIAN, purposes=["inpatient"], limit_total=2_000_00)
    made = xian.stayed(lan, "2024-12-01", "2024-12-10", ("C-A", 1, "6200.00"))
    assert paid(made) == (1200, 4000, 1000, 1200, 0)
    town.clock.set(moment("2025-01-01 00:30"))
    turn_year(town.database, town.clock, XIAN, 2024, caller=Caller(Role.OPERATOR, "test"))
    town.clock.set(moment("2025-02-01"))
    back = town.settled(xian.reversal(made))
    assert (back.total, back.fund_pool, back.own, back.shared, back.balance_after) == (
        -6_200_00, -4_000_00, -1_000_00, -1_200_00, 1_000_00,
    )  # fmt: skip
    assert (town.balance(lan), town.balance(husband)) == (1_000_00, 3_000_00)
    assert counters(town, lan) == {}
    with town.database.transaction() as connection:
        used = connection.execute(
            sa.text("SELECT used FROM authorisation_usage WHERE authorisation_id = :id AND period = 'total'"),
            {"id": shared},
        )
        assert used.scalar_one() == 0
    again = find_stay_and_settle(town, xian, made)
    assert paid(again) == (1200, 4000, 1000, 1200, 0)


def find_stay_and_settle(town: Town, ward: Ward, made: Settlement) -> Settlement:
    """Settle a stay anew whose settlement was taken back: it is discharged again, its lines wait."""
    with town.database.transaction() as connection:
        stay = find_admission(connection, made.visit_id)
    assert stay is not None
    assert str(stay.state) == "discharged"
    return ward.settle(stay, made.total)


def test_of_many_2304_of_one_stay_one_goes_through(town: Town, xian: Ward) -> None:
    lan = town.person("秦岚", "1988-01-05", "active", balance=1_000_00, region=XIAN, gender=2)
    stay = xian.admit(lan, "2024-02-01")
    xian.treat(stay, ("C-A", 1, "6200.00"))
    xian.discharge(stay, "2024-02-10")
    desk = Desk(town.database, RuleBook.shipped(), town.clock, desks=3)
    gate = threading.Barrier(12)

    def one(number: int) -> str:
        gate.wait()
        try:
            desk.submit(xian.bill(stay, 6_200_00)).result()
        except GongjiError as problem:
            return problem.code
        return "settled"

    with ThreadPoolExecutor(12) as callers:
        outcomes = list(callers.map(one, range(12)))
    desk.close()
    assert sorted(outcomes) == ["admission.state"] * 11 + ["settled"]
    assert town.balance(lan) == 0
    assert counters(town, lan)["310.admissions"] == 1


def test_the_same_2304_again_gives_the_same_answer(town: Town, xian: Ward) -> None:
    lan = town.person("秦岚", "1988-01-05", "active", balance=1_000_00, region=XIAN, gender=2)
    stay = xian.admit(lan, "2024-02-01")
    xian.treat(stay, ("C-A", 1, "6200.00"))
    xian.discharge(stay, "2024-02-10")
    command = xian.bill(stay, 6_200_00, msgid="H61010300001202402100900000001")
    first = town.settled(command)
    assert town.settled(command) == first
    assert refusal(town.do(replace(command, key=replace(command.key, digest=b"x" * 32)))[0]) == "key.other_content"
    with town.database.transaction() as connection:
        stored = find_settlement(connection, first.id)
    assert stored is not None
    assert stored.settlement == first


def test_a_stay_is_settled_once_discharged_and_only_as_a_stay(town: Town, xian: Ward) -> None:
    lan = town.person("秦岚", "1988-01-05", "active", balance=1_000_00, region=XIAN, gender=2)
    stay = xian.admit(lan, "2024-02-01")
    xian.treat(stay, ("C-A", 1, "100.00"))
    assert refusal(town.do(xian.bill(stay, 100_00))[0]) == "admission.state"
    (quoted,) = town.clerk.handle([(replace(xian.bill(stay, 100_00), quote=True), True)])
    assert isinstance(quoted, Settlement)
    assert refusal(town.do(town.settle_visit(lan, xian.hospital, stay.id, 100_00))[0]) == "admission.inpatient"
    visit, total = town.visit(lan, xian.hospital, ("C-A", 1, "80.00"))
    assert refusal(town.do(replace(xian.bill(stay, total), visit_id=visit))[0]) == "admission.outpatient"
    xian.discharge(stay, "2024-02-03")
    made = xian.settle(stay, 100_00)
    assert refusal(town.do(town.reversal(made, xian.hospital))[0]) == "admission.inpatient"
    assert refusal(town.do(xian.bill(stay, 100_00, mid_stay=True))[0]) == "admission.state"


def test_who_dies_in_hospital_is_settled_afterwards(town: Town, xian: Ward) -> None:
    """The insurance of the day of discharge pays; nothing new is bought after the death."""
    lan = town.person("秦岚", "1988-01-05", "active", balance=500_00, region=XIAN, gender=2)
    stay = xian.admit(lan, "2024-02-01")
    xian.treat(stay, ("C-A", 1, "6200.00"))
    xian.discharge(stay, "2024-02-10")
    with town.database.transaction() as connection:
        connection.execute(sa.text("UPDATE person SET died_on = '2024-02-10' WHERE id = :id"), {"id": lan})
    town.clock.set(moment("2024-02-12"))
    assert paid(xian.settle(stay, 6_200_00)) == (1200, 4000, 500, 0, 1700)


def test_jining_and_its_place_of_care_are_told_apart(town: Town) -> None:
    """A patient of Jining in Xi'an: insured elsewhere, nothing filed, so nothing is known and nothing is paid."""
    xian = Ward.built(town, "H61010300001", "西安市中心医院", "610103")
    father = town.person("孔繁森", "1960-02-02", "retired", balance=300_00, region=JINING)
    made = xian.stayed(father, "2024-02-03", "2024-02-10", ("C-A", 1, "1000.00"))
    assert paid(made) == (0, 0, 300, 0, 700)
    assert TIELING != JINING


def test_a_long_wait_for_the_settlement_changes_nothing(town: Town, xian: Ward) -> None:
    lan = town.person("秦岚", "1988-01-05", "active", balance=0, region=XIAN, gender=2)
    stay = xian.admit(lan, "2024-02-01")
    xian.treat(stay, ("C-A", 1, "6200.00"))
    xian.discharge(stay, "2024-02-10")
    town.clock.advance(timedelta(days=400))
    assert paid(xian.settle(stay, 6_200_00)) == (1200, 4000, 0, 0, 2200)
    assert counters(town, lan)["310.admissions"] == 1


def whole_and_local(example: Example) -> bool:
    """An example of stays at home, of one status and default readings: the registry's own facts can tell it."""
    return (
        example.kind is CareKind.INPATIENT
        and example.scheme is Scheme.EMPLOYEE
        and not example.readings
        and len({visit.status for visit in example.visits}) == 1
        and all(
            visit.kind in (None, CareKind.INPATIENT)
            and visit.offsite is OffSite.LOCAL
            and not (visit.attributes or visit.over_limit or visit.first_self_pay or visit.current_account)
            and set(visit.funds) <= {"fund.pool", "fund.large"}
            for visit in example.visits
        )
    )


EXAMPLES = [one for file in example_files(SHIPPED) for one in load_examples(file) if whole_and_local(one)]


def test_the_packs_examples_of_stays_come_out_at_the_desk(town: Town) -> None:
    """Each example's stays, admitted, discharged on the example's day and settled: deductible and funds to the fen."""
    assert len(EXAMPLES) >= 15
    assert len({example.region[:4] for example in EXAMPLES}) >= 8
    for number, example in enumerate(EXAMPLES):
        first = example.visits[0]
        city = RuleBook.shipped().pooling(example.region)
        born = date(first.on.year - first.age, 1, 1).isoformat()
        patient = town.person(example.name[:20], born, str(first.status), region=city)
        wards: dict[Tier, Ward] = {}
        for visit in example.visits:
            if visit.tier not in wards:
                code = f"H{example.region}{number:02d}{len(wards):03d}"
                wards[visit.tier] = Ward.built(town, code, example.name[:20], example.region, visit.tier)
            came = visit.on - timedelta(days=visit.days)
            stay = wards[visit.tier].admit(patient, came.isoformat())
            parts = (("C-A", visit.in_scope), ("C-C", visit.self_paid))
            wards[visit.tier].treat(stay, *((code, 1, yuan(fen)) for code, fen in parts if fen))
            wards[visit.tier].discharge(stay, visit.on.isoformat())
            made = wards[visit.tier].settle(stay, visit.total)
            funds = {"fund.pool": made.fund_pool, "fund.large": made.fund_large}
            wanted = (visit.deductible, {fund: visit.funds.get(fund, 0) for fund in funds}, visit.patient)
            assert (made.deductible, funds, made.personal_total) == wanted, example.name


def test_a_ward_and_a_pharmacy_at_one_desk(town: Town, xian: Ward) -> None:
    """Stays, deposits, purchases and refunds of four families in threads: what goes through adds up, and the books prove it."""
    pharmacy = town.institution("P21120200003")
    people = [
        town.person(f"患者{n}", f"198{n}-01-05", "active", balance=2_000_00, region=XIAN, household=f"家{n}")
        for n in range(4)
    ]
    stays = [xian.admit(person, "2025-02-01") for person in people]
    for stay in stays:
        xian.deposit(stay, 1_000_00)
        xian.treat(stay, ("C-A", 1, "2200.00"))
    for stay in stays:
        xian.discharge(stay, "2025-02-10")
    desk = Desk(town.database, RuleBook.shipped(), town.clock, desks=3)

    def stay_of(number: int) -> Settlement:
        made = desk.submit(xian.bill(stays[number], 2_200_00)).result()
        return desk.submit(xian.reversal(made)).result() if number % 2 else made

    def purchase_of(number: int) -> Settlement:
        return desk.submit(town.purchase(people[number % 4], pharmacy, ("C-A", 1, "10.00"))).result()

    with ThreadPoolExecutor(12) as callers:
        settled = callers.map(stay_of, range(4))
        bought = [one for one in callers.map(purchase_of, range(40)) if one.cash == 0]
    made = list(settled)
    desk.close()
    assert [one.kind for one in made] == ["settle", "reverse", "settle", "reverse"]
    # 800 from the fund (2,200 − 1,200 at 80 %), 1,400 from the patient's account as far as purchases left it.
    assert all(one.fund_pool in (800_00, -800_00) for one in made)
    left = [town.balance(person) for person in people]
    spent = [sum(one.own for one in bought if one.person_id == person) for person in people]
    assert [2_000_00 - balance for balance in left] == [
        cost + (0 if one.kind == "reverse" else one.own) for cost, one in zip(spent, made, strict=True)
    ]

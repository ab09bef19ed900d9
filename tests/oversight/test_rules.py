"""Each rule has a case that it finds and one near it that it leaves alone, told as a family's."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from watched import Watch

from gongji.accrual.closing import close_at_death
from gongji.family import service as family
from gongji.family.kinship_store import record_kinship
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.ledger.rollup import roll_up
from gongji.oversight.alerts.model import RuleCode, Subject
from gongji.settlement.desk import Desk
from gongji.wallet import answering, service
from gongji.wallet.model import Source, Transfer
from gongji.wallet.service import Wallets
from town import TIELING

HUIMIN, KANGNING, LAOBAIXING = "P21120200003", "P21120200011", "P21120200012"
HOSPITAL = "H21120200001"
AGENCY = Caller(Role.OPERATOR, "test", None, "210000")


def test_half_a_years_pills_in_one_quarter_are_too_many_and_two_months_are_not(watch: Watch) -> None:
    """A box of 阿托伐他汀 lasts 30 days. Mr Wang takes home 7 boxes in the first quarter of 2025 (90 days): 210 days, 2.3
    times what he can use; Mrs Zhao takes 6, exactly twice. With his 16th box it is an alarm too."""
    watch.monitor("C-B", 30)
    wang = watch.town.person("王强", "1962-04-01", "retired", balance=20_000_00)
    zhao = watch.town.person("赵敏", "1963-04-01", "retired", balance=20_000_00, gender=2)
    for shop in (HUIMIN, KANGNING):
        watch.buy(wang, shop, "195.00", item="C-B", count=3)
        watch.buy(zhao, shop, "195.00", item="C-B", count=3)
        watch.town.clock.advance(timedelta(days=9))
    watch.scan()
    assert watch.alerts(RuleCode.OVER_VOLUME) == []
    watch.buy(wang, HUIMIN, "195.00", item="C-B")
    watch.scan()
    found = watch.one(RuleCode.OVER_VOLUME)
    assert (found.measured["supply"], found.measured["days"]) == (210, 90)
    assert found.measured["item"] == "阿托伐他汀"
    assert len(found.rows) == 3
    watch.buy(wang, LAOBAIXING, "195.00", item="C-B", count=9)
    watch.scan()
    assert [one.measured["supply"] for one in watch.alerts(RuleCode.OVER_VOLUME)] == [480, 480]
    assert {one.key.rsplit(":", 1)[1] for one in watch.alerts(RuleCode.OVER_VOLUME)} == {"watch", "alarm"}
    assert len(watch.cases()) == 1


def test_what_a_hospital_dispenses_counts_too_and_what_was_brought_back_does_not(watch: Watch) -> None:
    """Three boxes at the hospital and four at the pharmacy are 210 days; the pharmacy's go back, 90 are left."""
    watch.monitor("C-B", 30)
    wang = watch.town.person("王强", "1962-04-01", "retired", balance=20_000_00)
    hospital = watch.town.institution(HOSPITAL)
    visit = watch.town.visit(wang, hospital, ("C-B", 3, "195.00"))
    watch.town.settled(watch.town.settle_visit(wang, hospital, *visit))
    watch.scan()
    bought = watch.buy(wang, HUIMIN, "195.00", item="C-B", count=4)
    watch.scan()
    assert watch.one(RuleCode.OVER_VOLUME).measured["supply"] == 210
    watch.take_back(bought, HUIMIN)
    done = watch.scan()
    assert done.lapsed == 1
    assert watch.alerts(RuleCode.OVER_VOLUME) == []


def test_the_same_drug_at_three_pharmacies_in_a_week_is_told_of_and_at_two_is_not(watch: Watch) -> None:
    """Monday to Wednesday at three pharmacies; her husband at two of them, and at the third a week later."""
    liu = watch.town.person("刘梅", "1970-04-01", "active", balance=5_000_00, gender=2)
    husband = watch.town.person("陈刚", "1969-04-01", "active", balance=5_000_00)
    for shop in (HUIMIN, KANGNING, LAOBAIXING):
        if shop == LAOBAIXING:
            watch.buy(husband, HUIMIN, "30.00")
        watch.buy(liu, shop, "45.00")
        watch.buy(husband, KANGNING, "30.00")
        watch.town.clock.advance(timedelta(days=1))
    watch.town.clock.advance(timedelta(days=7))
    watch.buy(husband, LAOBAIXING, "30.00")
    watch.scan()
    found = watch.one(RuleCode.REPEAT_PURCHASE)
    assert (found.measured["places"], found.measured["times"]) == (3, 3)
    assert {row.facts["person"] for row in found.rows} == {liu}


def test_a_packs_trace_code_in_two_settlements_is_told_to_both_pharmacies(watch: Watch) -> None:
    """81000001 is sold on Monday and again on Tuesday elsewhere; 81000002 is sold, brought back and sold again."""
    one = watch.town.person("孙丽", "1980-04-01", "active", balance=1_000_00, gender=2)
    other = watch.town.person("周海", "1981-04-01", "active", balance=1_000_00)
    watch.buy(one, HUIMIN, "60.00", traces=["81000001"])
    back = watch.buy(one, HUIMIN, "60.00", traces=["81000002"])
    watch.take_back(back, HUIMIN)
    watch.scan()
    watch.buy(other, KANGNING, "60.00", traces=["81000001"])
    watch.buy(other, KANGNING, "60.00", traces=["81000002"])
    watch.scan()
    found = watch.alerts(RuleCode.TRACE_CODE_REUSED)
    assert [one.measured for one in found] == [{"code": "81000001", "times": 2, "places": 2}] * 2
    institutions = {watch.town.institution(code).id for code in (HUIMIN, KANGNING)}
    assert {(case.subject_kind, case.subject_id) for case in watch.cases()} == {
        (Subject.INSTITUTION, number) for number in institutions
    }


def test_a_purchase_after_a_death_is_found_once_the_death_is_known(watch: Watch) -> None:
    """Mr Gao died on 1 March. On the 3rd somebody buys with his code; on the 10th his death is recorded. What his wife
    buys is nobody's business, and so is what was settled for him the day before he died."""
    watch.at(2025, 2, 28, 9, 0)
    gao = watch.town.person("高远", "1950-04-01", "retired", balance=900_00)
    wife = watch.town.person("高妻", "1952-04-01", "retired", balance=900_00, gender=2)
    watch.buy(gao, HUIMIN, "20.00")
    watch.at(2025, 3, 3, 15, 0)
    watch.buy(gao, HUIMIN, "348.00")
    watch.buy(wife, HUIMIN, "48.00")
    watch.scan()
    assert watch.alerts() == []
    watch.at(2025, 3, 10, 9, 0)
    close_at_death(watch.town.database, watch.town.clock, gao, date(2025, 3, 1), [], caller=AGENCY)
    watch.scan()
    found = watch.one(RuleCode.USE_AFTER_DEATH)
    assert (found.measured["times"], found.measured["fen"], found.measured["died_on"]) == (1, 348_00, "2025-03-01")
    (row,) = found.rows
    assert row.facts["accounts"] == 348_00


def test_three_relatives_of_one_sharer_within_minutes_and_three_in_a_day(watch: Watch) -> None:
    """Mr He shares with parents and wife: at 惠民 all three are served in ten minutes; at 康宁 they come hours apart."""
    he = watch.town.person("何平", "1985-04-01", "active", balance=9_000_00)
    relatives = [
        watch.town.person(name, "1958-04-01", "resident", household=f"何{name}") for name in ("何父", "何母", "何妻")
    ]
    for one, relation in zip(relatives, ("parent", "parent", "spouse"), strict=True):
        watch.town.share(he, one, relation=relation)
    for one in relatives:
        watch.buy(one, KANGNING, "80.00", minutes=180)
    watch.scan()
    assert watch.alerts(RuleCode.RELATIVES_AT_ONE_TILL) == []
    watch.at(2025, 3, 4, 10, 0)
    for one in relatives:
        watch.buy(one, HUIMIN, "298.00", minutes=4)
    watch.scan()
    found = watch.one(RuleCode.RELATIVES_AT_ONE_TILL)
    assert (found.measured["relatives"], found.measured["fen"]) == (3, 894_00)
    assert watch.cases()[0].subject_id == he


def test_six_peoples_accounts_pay_round_hundreds_in_an_hour_and_six_pay_what_medicine_costs(watch: Watch) -> None:
    people = [
        watch.town.person(f"客{n}", "1975-04-01", "active", balance=2_000_00, household=f"客{n}") for n in range(6)
    ]
    for one in people:
        watch.buy(one, KANGNING, "287.50", minutes=5)
    for one in people[:5]:
        watch.buy(one, HUIMIN, "500.00", minutes=5)
    watch.scan()
    assert watch.alerts(RuleCode.ROUND_SUMS_AT_ONE_TILL) == []
    watch.buy(people[5], HUIMIN, "300.00")
    watch.scan()
    found = watch.one(RuleCode.ROUND_SUMS_AT_ONE_TILL)
    assert (found.measured["people"], found.measured["fen"]) == (6, 2_800_00)
    assert watch.cases()[0].subject_id == watch.town.institution(HUIMIN).id


@pytest.mark.parametrize(("price", "days", "alerts"), [("960.00", 2, 1), ("800.00", 2, 0), ("960.00", 20, 0)])
def test_a_new_relation_that_empties_the_account(watch: Watch, price: str, days: int, alerts: int) -> None:
    """¥1,000.00 stand in the account; a relation of two days takes ¥960.00 of it. ¥800.00 are not all, and after three weeks
    it is no new relation. What the account does afterwards changes nothing."""
    sharer = watch.town.person("马骏", "1985-04-01", "active", balance=700_00, historical=300_00)
    user = watch.town.person("马母", "1958-04-01", "resident", household="马母")
    began = watch.town.clock.now() - timedelta(days=days)
    watch.town.share(sharer, user, since=began)
    watch.buy(user, HUIMIN, price)
    watch.buy(sharer, HUIMIN, "10.00")
    watch.scan()
    found = watch.alerts(RuleCode.WHOLE_BALANCE)
    assert len(found) == alerts
    if alerts:
        assert found[0].measured == {"fen": 960_00, "held": 1_000_00, "hours": 48}
        assert watch.cases()[0].subject_kind is Subject.AUTHORISATION


@pytest.mark.parametrize(("hours", "alerts"), [(3, 1), (30, 0)])
def test_a_relation_that_spends_and_ends(watch: Watch, hours: int, alerts: int) -> None:
    """Bound at ten, ¥420.00 spent, unbound three hours later; or the day after next."""
    sharer = watch.town.person("马骏", "1985-04-01", "active", balance=5_000_00)
    user = watch.town.person("马母", "1958-04-01", "resident", household="马母")
    under = watch.town.share(sharer, user, since=watch.town.clock.now())
    watch.town.clock.advance(timedelta(minutes=20))
    watch.buy(user, HUIMIN, "420.00")
    watch.town.clock.advance(timedelta(hours=hours))
    watch.scan()
    with watch.town.database.transaction() as connection:
        family.unbind(connection, under, person_id=sharer, actor="citizen", at=watch.town.clock.now())
    watch.scan()
    found = watch.alerts(RuleCode.BIND_DRAIN_UNBIND)
    assert [(one.measured["fen"], len(one.rows)) for one in found] == [(420_00, 1)] * alerts


def test_a_man_with_a_pregnancy_and_a_woman_with_one(watch: Watch) -> None:
    hospital = watch.town.institution(HOSPITAL)
    for name, gender in (("吴刚", 1), ("吴月", 2)):
        patient = watch.town.person(name, "1990-04-01", "active", balance=500_00, gender=gender, household=name)
        number, total = watch.town.visit(patient, hospital, ("C-A", 1, "120.00"))
        with watch.town.database.transaction() as connection:
            connection.execute(
                sa.text("UPDATE visit SET diagnoses = CAST(:told AS jsonb) WHERE id = :id"),
                {"id": number, "told": '[{"diag_code": "O80.900", "diag_name": "单胎顺产"}]'},
            )
        watch.town.settled(watch.town.settle_visit(patient, hospital, number, total))
    watch.scan()
    found = watch.one(RuleCode.AGE_OR_SEX)
    assert (found.measured["what"], found.measured["name"]) == ("sex", "单胎顺产")


def test_three_pharmacies_of_a_strange_city_in_a_day_and_of_ones_own(watch: Watch) -> None:
    """Tieling's Mr Xu never was in Shenyang: three pharmacies there take ¥450.00 on one day. His sister was at one of them
    in February."""
    shenyang = ("P21010200001", "P21010200002", "P21010200003")
    xu = watch.town.person("徐明", "1985-04-01", "active", balance=3_000_00)
    sister = watch.town.person("徐芳", "1987-04-01", "active", balance=3_000_00, gender=2)
    watch.at(2025, 2, 10, 10, 0)
    watch.buy(sister, shenyang[0], "20.00")
    watch.at(2025, 3, 3, 10, 0)
    for one in (xu, sister):
        for shop in shenyang:
            watch.buy(one, shop, "150.00", minutes=40)
    watch.scan()
    found = watch.one(RuleCode.STRANGE_AREA)
    assert (found.measured["places"], found.measured["fen"], found.measured["city"]) == (3, 450_00, "210100")
    assert {row.facts["person"] for row in found.rows} == {xu}


@pytest.mark.parametrize(("minutes", "alerts"), [(12, 1), (95, 0)])
def test_tieling_and_shenyang_within_minutes(watch: Watch, minutes: int, alerts: int) -> None:
    """Seventy kilometres: twelve minutes are too few, an hour and a half is a train."""
    xu = watch.town.person("徐明", "1985-04-01", "active", balance=3_000_00)
    watch.buy(xu, HUIMIN, "30.00", minutes=minutes)
    watch.buy(xu, "P21010200001", "40.00")
    watch.scan()
    found = watch.alerts(RuleCode.IMPOSSIBLE_TRAVEL)
    assert [(one.measured["minutes"], len(one.rows)) for one in found] == [(12, 2)] * alerts


def test_five_sharers_bind_one_person_in_a_year(watch: Watch) -> None:
    """Four are a large family; the fifth within the year is told of. One of last year does not count."""
    user = watch.town.person("钱老", "1950-04-01", "resident")

    def bind(name: str, since: datetime) -> None:
        sharer = watch.town.person(name, "1980-04-01", "active", balance=100_00, household=name)
        under = watch.town.share(sharer, user, since=since, relation="child")
        with watch.town.database.transaction() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO authorisation_event (authorisation_id, state, actor, at) VALUES (:id, 'active', 'x', :at)"
                ),
                {"id": under, "at": watch.town.clock.now()},
            )

    bind("旧一", datetime(2024, 5, 1, tzinfo=CHINA))
    for n in range(4):
        bind(f"甲{n}", datetime(2025, 2, 1 + n, tzinfo=CHINA))
    watch.scan()
    assert watch.alerts(RuleCode.BOUND_BY_MANY) == []
    bind("第五", datetime(2025, 3, 2, tzinfo=CHINA))
    watch.scan()
    found = watch.one(RuleCode.BOUND_BY_MANY)
    assert (found.measured["sharers"], found.measured["year"], len(found.rows)) == (5, 2025, 5)


@pytest.mark.parametrize(("returned", "alerts"), [(280_00, 1), (120_00, 0)])
def test_money_that_goes_to_a_wallet_and_comes_back(watch: Watch, returned: int, alerts: int) -> None:
    """¥300.00 from the son's account to his mother's wallet, and ¥280.00 back to his a week later; ¥120.00 are a share of
    the medicine. Before the mother has accepted there is nothing to come back."""
    watch.at(2025, 6, 11, 10, 30)
    mother = watch.town.person("李秀英", "1955-08-13", "active", balance=10_00, gender=2)
    son = watch.town.person("张建国", "1980-03-01", "active", balance=9_000_00)
    desk = Desk(watch.town.database, watch.town.rules, watch.town.clock, desks=1)
    wallets = Wallets(watch.town.database, watch.town.rules, watch.town.clock, desk, opened=frozenset({TIELING}))
    with watch.town.database.transaction() as connection:
        fact = KinshipFact(FactKind.PARENT, mother, son, date(1980, 3, 1), None, "户口簿")
        record_kinship(connection, [fact], watch.town.clock.now())
    for one in (mother, son):
        service.open_wallet(wallets, person_id=one, area=TIELING, caller=AGENCY)

    def send(sender: int, receiver: int, amount: int) -> Transfer:
        return service.send(
            wallets,
            sender_id=sender,
            receiver_id=receiver,
            amount=amount,
            source=Source.WALLET if sender == mother else Source.ACCOUNT,
            key=f"transfer-{sender}",
            caller=AGENCY,
        )

    def accept(one: Transfer) -> None:
        answering.accept(wallets, one.id, receiver_id=one.receiver_id, caller=AGENCY)

    try:
        accept(send(son, mother, 300_00))
        watch.town.clock.advance(timedelta(days=7))
        back = send(mother, son, returned)
        watch.scan()
        assert watch.alerts(RuleCode.WALLET_ROUND_TRIP) == []
        accept(back)
    finally:
        desk.close()
    watch.scan()
    found = watch.alerts(RuleCode.WALLET_ROUND_TRIP)
    assert [(one.measured["fen"], one.measured["sent"], len(one.rows)) for one in found] == [
        (280_00, 300_00, 2)
    ] * alerts
    assert [case.subject_id for case in watch.cases()] == [son] * alerts


@pytest.mark.parametrize(("december", "alerts"), [(9, 1), (4, 0)])
def test_a_december_of_several_months(watch: Watch, december: int, alerts: int) -> None:
    """From June to November ¥20,000.00 a month; in December ¥90,000.00 or ¥40,000.00. Three times the mean are looked for."""
    rich = watch.town.person("大户", "1970-04-01", "active", balance=900_000_00)
    for month in range(6, 12):
        watch.at(2024, month, 12, 10, 0)
        watch.buy(rich, HUIMIN, "19990.00")
    for _ in range(december):
        watch.at(2024, 12, 12, 10, 0)
        watch.buy(rich, HUIMIN, "10010.00")
    roll_up(watch.town.database)
    watch.scan()
    found = watch.alerts(RuleCode.YEAR_END_RUSH)
    assert [(one.measured["fen"], one.measured["usual"], len(one.rows)) for one in found] == [
        (90_090_00, 19_990_00, 7)
    ] * alerts

"""What officers do with cases: alerts join, somebody is asked and answers, it is concluded, and nobody handles their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from watched import INSPECTOR, SECOND, Watch

from gongji.family import freezes_store
from gongji.family.casework_store import know_officer
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.errors import GongjiError
from gongji.foundation.files import FileStore
from gongji.foundation.inbox import messages_of
from gongji.foundation.workdays import WEEKDAYS
from gongji.oversight import freezes
from gongji.oversight.alerts import casework, figures, letters, thresholds
from gongji.oversight.alerts.model import LetterKind, Outcome, Reader, RuleCode, Step
from gongji.oversight.service import readings_of
from gongji.settlement.queries import find_settlement

HUIMIN, KANGNING, LAOBAIXING = "P21120200003", "P21120200011", "P21120200012"
CITIZEN = Caller(Role.CITIZEN, "citizen")


class Desk:
    """The officers' desk over a town: each step in a transaction of its own."""

    def __init__(self, watch: Watch, folder: Path) -> None:
        self.watch, self.files = watch, FileStore(folder, watch.town.vault)

    def do(self, work: Callable[..., Any], *args: Any, **named: Any) -> Any:
        with self.watch.town.database.transaction() as connection:
            return work(connection, *args, **named)

    @property
    def now(self) -> dict[str, Any]:
        return {"caller": INSPECTOR, "at": self.watch.town.clock.now()}

    def claim(self, number: int, caller: Caller = INSPECTOR) -> None:
        self.do(casework.claim, number, caller, self.watch.town.clock.now())

    def ask(self, number: int, reader: str, words: str = "请说明这几笔") -> None:
        self.do(casework.ask, WEEKDAYS, number, reader=reader, words=words, **self.now)

    def conclude(self, number: int, outcome: str, reason: str, founded: tuple[int, ...] = (), **more: Any) -> None:
        shown = [one.id for one in self.watch.alerts() if one.case_id == number]
        named = {"words": "请按规定使用" if founded else "", "note": "", "shown": shown} | more
        self.do(
            casework.conclude, WEEKDAYS, number, outcome=outcome, reason=reason, founded=founded, **named, **self.now
        )

    def letters(self, reader: Reader, whose: int) -> list[Any]:
        return list(self.do(letters.letters_to, self.watch.town.vault, reader, whose))

    def answer(self, one: Any, words: str) -> Any:
        vault = self.watch.town.vault
        return self.do(
            letters.answer, vault, self.files, one, words=words, document=None, caller=CITIZEN, at=self.now["at"]
        )


@pytest.fixture
def desk(watch: Watch, tmp_path: Path) -> Desk:
    return Desk(watch, tmp_path)


def shopper(watch: Watch) -> int:
    """Mrs Liu buys the same plaster at three pharmacies in a week, and 7 boxes of a drug of 30 days."""
    watch.monitor("C-B", 30)
    liu = watch.town.person("刘梅", "1970-04-01", "active", balance=9_000_00, gender=2)
    for shop in (HUIMIN, KANGNING, LAOBAIXING):
        watch.buy(liu, shop, "45.00")
    watch.scan()
    watch.buy(liu, HUIMIN, "195.00", item="C-B", count=7)
    watch.scan()
    return liu


def refused(work: Callable[[], Any], code: str) -> GongjiError:
    with pytest.raises(GongjiError) as caught:
        work()
    assert caught.value.code == code
    return caught.value


def test_alerts_on_one_person_join_into_one_open_case_and_a_new_one_comes_after_its_end(desk: Desk) -> None:
    liu = shopper(desk.watch)
    (case,) = desk.watch.cases()
    assert (case.subject_id, len(desk.watch.alerts())) == (liu, 2)
    assert case.due_on == (case.opened_at + timedelta(days=30)).date()
    desk.claim(case.id)
    desk.conclude(case.id, "explained", "long_term_supply")
    assert desk.watch.cases() == []
    desk.watch.scan()
    assert desk.watch.cases() == [], "what was decided is not found again"
    desk.watch.town.clock.advance(timedelta(days=9))
    for shop in (HUIMIN, KANGNING, LAOBAIXING):
        desk.watch.buy(liu, shop, "45.00")
    desk.watch.scan()
    (again,) = desk.watch.cases()
    assert again.id != case.id
    steps = [one.step for one in desk.do(casework.steps_of, case.id)]
    assert steps == [Step.OPEN, Step.ALERT, Step.ALERT, Step.CLAIM, Step.CONCLUDE]


def test_she_is_asked_and_answers_once_and_is_told_how_it_ended(desk: Desk) -> None:
    liu = shopper(desk.watch)
    (case,) = desk.watch.cases()
    refused(lambda: desk.ask(case.id, f"person:{liu}"), "alert_case.not_in_charge")
    desk.claim(case.id)
    desk.ask(case.id, f"person:{liu}")
    refused(lambda: desk.ask(case.id, f"person:{liu}"), "alert_letter.asked_already")
    refused(lambda: desk.ask(case.id, "person:1"), "alert_letter.reader")
    (asked,) = desk.letters(Reader.PERSON, liu)
    assert (asked.kind, asked.waits, asked.outcome) == (LetterKind.ASK, True, None)
    assert [row.facts["person"] for row in desk.do(letters.rows_for, asked)] == [liu] * 4
    refused(lambda: desk.answer(asked, "嗯"), "alert_letter.answer")
    answered = desk.answer(asked, "我有三家店的会员，每家凑满减")
    assert (answered.waits, answered.answer) == (False, "我有三家店的会员，每家凑满减")
    refused(lambda: desk.answer(asked, "再说一句"), "alert_letter.answered")
    sealed = desk.do(
        lambda connection: connection.execute(sa.text("SELECT answer_sealed FROM alert_letter")).scalar_one()
    )
    assert "会员".encode() not in bytes(sealed)
    desk.ask(case.id, f"person:{liu}", "请交处方照片")
    desk.conclude(case.id, "explained", "proven_otherwise")
    decision, open_question, _ = desk.letters(Reader.PERSON, liu)
    assert (decision.kind, decision.outcome) == (LetterKind.DECISION, Outcome.EXPLAINED)
    assert (open_question.over, open_question.waits) == (True, False)
    refused(lambda: desk.answer(open_question, "处方在这里"), "alert_letter.over")
    refused(lambda: desk.answer(decision, "谢谢，知道了"), "alert_letter.asks_nothing")
    kinds = [one.kind for one in desk.do(messages_of, liu, 10)]
    assert {"money.asked", "money.explained"} <= set(kinds)
    actions = [one.action for one in desk.do(readings_of, liu)]
    assert {"alert_case.claim", "alert_case.ask", "alert_case.conclude"} <= set(actions)


def test_money_is_to_be_taken_back_and_the_pharmacy_is_told_which(desk: Desk) -> None:
    """The week's three purchases were found founded; 惠民 is told of its own one of ¥45.00, and takes it back."""
    liu = shopper(desk.watch)
    (case,) = desk.watch.cases()
    repeat = desk.watch.one(RuleCode.REPEAT_PURCHASE)
    desk.claim(case.id)
    desk.conclude(case.id, "take_back", "more_than_needed", (repeat.id,))
    huimin = desk.watch.town.institution(HUIMIN)
    (told,) = desk.letters(Reader.INSTITUTION, huimin.id)
    assert told.outcome is Outcome.TAKE_BACK
    rows = desk.do(letters.rows_for, told)
    assert {row.facts["institution"] for row in rows} == {huimin.id}
    assert desk.do(letters.taken_back, rows) == set()
    found = desk.watch.alerts(RuleCode.REPEAT_PURCHASE)[0]
    bought = next(row for row in found.rows if row.facts["institution"] == huimin.id)
    stored = desk.do(find_settlement, bought.id)
    desk.watch.take_back(stored.settlement, HUIMIN)
    assert desk.do(letters.taken_back, rows) == {bought.id}
    desk.watch.scan()
    assert [one.founded for one in desk.watch.alerts(RuleCode.REPEAT_PURCHASE)] == [True], "a concluded case stands"
    precision = {one.rule: one for one in desk.do(figures.precisions, "2112")}
    assert (precision[RuleCode.REPEAT_PURCHASE].share, precision[RuleCode.OVER_VOLUME].share) == (100, 0)
    assert desk.letters(Reader.PERSON, liu)[0].words == "请按规定使用"


def test_a_freeze_waits_for_the_second_officer_and_no_institution_learns_of_it(desk: Desk) -> None:
    liu = shopper(desk.watch)
    (case,) = desk.watch.cases()
    huimin = desk.watch.town.institution(HUIMIN)
    desk.claim(case.id)
    desk.ask(case.id, f"institution:{huimin.id}", "请说明 3 月 3 日的这笔")
    founded = tuple(one.id for one in desk.watch.alerts())
    desk.conclude(case.id, "frozen", "cashed_out", founded)
    on = desk.watch.town.clock.now().date()
    standing = desk.do(freezes_store.standing, [liu], on)[liu]
    assert standing.reason.accuses
    desk.do(freezes.second_opinion, standing.id, agree=True, caller=SECOND, at=desk.watch.town.clock.now())
    (asked,) = desk.letters(Reader.INSTITUTION, huimin.id)
    assert (asked.kind, asked.over, asked.outcome) == (LetterKind.ASK, True, None)
    assert desk.letters(Reader.PERSON, liu)[0].outcome is Outcome.FROZEN


def test_nobody_handles_their_own_case_or_a_relatives(desk: Desk) -> None:
    """Officer 0215 is Mrs Liu's husband who shares with her; officer 0216 is nobody of hers."""
    liu = shopper(desk.watch)
    husband = desk.watch.town.person("陈刚", "1969-04-01", "active", balance=100_00)
    desk.watch.town.share(husband, liu, relation="spouse")
    (case,) = desk.watch.cases()
    desk.do(know_officer, INSPECTOR.holder, husband, desk.watch.town.clock.now())
    now = desk.watch.town.clock.now()
    refused(lambda: desk.claim(case.id), "case.own")
    refused(lambda: desk.do(casework.read, case.id, INSPECTOR, now), "case.own")
    other = Caller(Role.OFFICER, "0216", None, "211200", frozenset({Duty.INSPECTOR}))
    desk.claim(case.id, other)
    elsewhere = Caller(Role.OFFICER, "0815", None, "370800", frozenset({Duty.INSPECTOR}))
    refused(lambda: desk.claim(case.id, elsewhere), "alert_case.unknown")
    reviewer = Caller(Role.OFFICER, "0210", None, "211200", frozenset({Duty.REVIEWER}))
    refused(lambda: desk.claim(case.id, reviewer), "access.duty")


def test_a_rule_that_is_switched_off_or_measures_otherwise_in_a_region(desk: Desk) -> None:
    """Tieling raises the week's pharmacies to four, then switches the rule off; what stands found stands."""

    def change(**more: Any) -> None:
        named = {"active": True, "thresholds": {}, "reason": "连锁店会员日误报"} | more
        desk.do(thresholds.change, "repeat_purchase", **named, **desk.now)

    refused(lambda: change(thresholds={"places": 1}), "rule.threshold")
    refused(lambda: change(thresholds={"shops": 4}), "rule.threshold")
    refused(lambda: change(reason="嗯"), "rule.reason")
    change(thresholds={"places": 4})
    liu = shopper(desk.watch)
    assert desk.watch.alerts(RuleCode.REPEAT_PURCHASE) == []
    change(thresholds={"places": 3})
    desk.watch.buy(liu, HUIMIN, "45.00")
    desk.watch.scan()
    assert desk.watch.one(RuleCode.REPEAT_PURCHASE).measured["times"] == 4
    change(active=False)
    desk.watch.buy(liu, HUIMIN, "45.00")
    desk.watch.scan()
    assert desk.watch.one(RuleCode.REPEAT_PURCHASE).measured["times"] == 4
    history = desk.do(thresholds.history, RuleCode.REPEAT_PURCHASE, "2112")
    assert [(one.active, dict(one.thresholds)) for one in history] == [(False, {}), (True, {}), (True, {"places": 4})]
    with pytest.raises(sa.exc.DBAPIError), desk.watch.town.database.transaction() as connection:
        connection.execute(sa.text("UPDATE alert_rule_change SET reason = 'x'"))

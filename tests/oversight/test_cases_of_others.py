"""Whose a case is, who may know of it, and what is told of whom: agencies, officers, relatives, institutions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from test_cases import HUIMIN, KANGNING, LAOBAIXING, Desk, refused, shopper
from watched import INSPECTOR, Watch

from gongji.family import assistances, freezes_store
from gongji.family.assistances import Way
from gongji.family.casework_store import know_officer
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.errors import GongjiError
from gongji.oversight.alerts import casework, figures, letters, queue, store, thresholds
from gongji.oversight.alerts.casework import LEFT_FOR
from gongji.oversight.alerts.model import LetterKind, Outcome, Reader, RuleCode
from town import JINING

COLLEAGUE = Caller(Role.OFFICER, "0216", None, "211200", frozenset({Duty.INSPECTOR}))
JININGS = Caller(Role.OFFICER, "0815", None, JINING, frozenset({Duty.INSPECTOR}))


@pytest.fixture
def desk(watch: Watch, tmp_path: Path) -> Desk:
    return Desk(watch, tmp_path)


def moved(watch: Watch, person: int) -> None:
    """It is entered that Jining insures her."""
    with watch.town.database.transaction() as connection:
        where = {"p": person, "there": JINING}
        connection.execute(sa.text("UPDATE enrolment SET region = :there WHERE person_id = :p"), where)


def test_who_moved_has_a_case_with_each_agency(desk: Desk) -> None:
    """Mrs Liu's purchases of March are Tieling's, those of May, when Jining insures her, are Jining's."""
    watch = desk.watch
    liu = shopper(watch)
    moved(watch, liu)
    watch.at(2025, 5, 12, 10, 0)
    for shop in (HUIMIN, KANGNING, LAOBAIXING):
        watch.buy(liu, shop, "45.00")
    watch.scan()
    (tielings,) = watch.cases()
    (jinings,) = desk.do(queue.listed, "3708")
    assert (tielings.subject_id, jinings.subject_id) == (liu, liu)
    held = {case: [one.rule for one in desk.do(store.alerts_of, [case.id])[case.id]] for case in (tielings, jinings)}
    assert held[jinings] == [RuleCode.REPEAT_PURCHASE]
    assert sorted(held[tielings]) == [RuleCode.OVER_VOLUME, RuleCode.REPEAT_PURCHASE]
    refused(lambda: desk.do(casework.read, jinings.id, INSPECTOR, watch.town.clock.now()), "alert_case.unknown")


def test_an_account_is_frozen_by_the_agency_in_whose_books_it_stands(desk: Desk) -> None:
    liu = shopper(desk.watch)
    (case,) = desk.watch.cases()
    founded = tuple(one.id for one in desk.watch.alerts())
    desk.watch.at(2025, 4, 2, 10, 0)
    desk.claim(case.id)
    moved(desk.watch, liu)
    refused(lambda: desk.conclude(case.id, "frozen", "cashed_out", founded), "alert_case.account_elsewhere")
    assert desk.do(freezes_store.standing, [liu], date(2025, 4, 2)) == {}
    desk.conclude(case.id, "referred", "cashed_out", founded)


def test_only_what_was_right_is_to_be_taken_back(desk: Desk) -> None:
    """惠民 sold the plaster of ¥45.00, found founded, and seven boxes for ¥1,365.00, which were not."""
    shopper(desk.watch)
    (case,) = desk.watch.cases()
    repeat = desk.watch.one(RuleCode.REPEAT_PURCHASE)
    desk.claim(case.id)
    desk.conclude(case.id, "take_back", "more_than_needed", (repeat.id,))
    (told,) = desk.letters(Reader.INSTITUTION, desk.watch.town.institution(HUIMIN).id)
    assert (told.kind, told.outcome) == (LetterKind.DECISION, Outcome.TAKE_BACK)
    assert [row.facts["fen"] for row in desk.do(letters.rows_for, told)] == [45_00]


def test_a_letter_tells_of_relatives_what_ones_account_gave_not_their_bill(desk: Desk) -> None:
    """何平 gave ¥300.00 to each of his parents' and his wife's bills of ¥400.00, the rest of which they paid themselves."""
    watch = desk.watch
    he = watch.town.person("何平", "1982-06-06", "active", balance=900_00)
    family = [
        (watch.town.person("何老", "1952-02-02", "retired", balance=100_00), "parent"),
        (watch.town.person("许芳", "1954-03-03", "retired", balance=100_00, gender=2), "parent"),
        (watch.town.person("林小燕", "1984-04-04", "active", balance=100_00, gender=2), "spouse"),
    ]
    for relative, relation in family:
        watch.town.share(he, relative, relation=relation)
    for relative, _ in family:
        watch.buy(relative, HUIMIN, "400.00", use="2")
    watch.scan()
    (case,) = [one for one in watch.cases() if one.subject_id == he]
    desk.claim(case.id)
    desk.ask(case.id, f"person:{he}")
    (letter,) = desk.letters(Reader.PERSON, he)
    rows = desk.do(letters.rows_for, letter)
    assert [row.facts["fen"] for row in rows] == [400_00] * 3
    assert [letters.amount_for(row, letter) for row in rows] == [300_00] * 3
    desk.ask(case.id, f"institution:{watch.town.institution(HUIMIN).id}")
    (theirs,) = desk.letters(Reader.INSTITUTION, watch.town.institution(HUIMIN).id)
    assert [letters.amount_for(row, theirs) for row in desk.do(letters.rows_for, theirs)] == [400_00] * 3


def buys_again(desk: Desk, shopper: int) -> None:
    """Nine days later somebody buys the same at three pharmacies once more."""
    desk.watch.town.clock.advance(timedelta(days=9))
    for shop in (HUIMIN, KANGNING, LAOBAIXING):
        desk.watch.buy(shopper, shop, "45.00")


def test_an_alert_that_joined_unseen_is_not_decided_with_the_others(desk: Desk) -> None:
    liu = shopper(desk.watch)
    (case,) = desk.watch.cases()
    desk.claim(case.id)
    seen = [one.id for one in desk.watch.alerts()]
    buys_again(desk, liu)
    desk.watch.scan()
    refused(lambda: desk.conclude(case.id, "explained", "long_term_supply", shown=seen), "alert_case.new_alert")
    assert {one.founded for one in desk.watch.alerts()} == {None}
    desk.conclude(case.id, "explained", "long_term_supply")


def test_a_scan_and_a_conclusion_at_once_leave_no_alert_behind_a_conclusion(desk: Desk) -> None:
    """Whichever comes first: what the scan finds is in an open case, or was seen by who concluded."""
    liu = shopper(desk.watch)
    (case,) = desk.watch.cases()
    desk.claim(case.id)
    seen = [one.id for one in desk.watch.alerts()]
    buys_again(desk, liu)
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def conclude() -> None:
        start.wait()
        try:
            desk.conclude(case.id, "explained", "long_term_supply", shown=seen)
        except GongjiError as refusal:
            outcomes.append(refusal.code)

    def look() -> None:
        start.wait()
        desk.watch.scan()

    deeds: list[Callable[[], None]] = [conclude, look]
    threads = [threading.Thread(target=deed) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes in ([], ["alert_case.new_alert"])
    fresh = [one for one in desk.watch.alerts() if one.id not in seen]
    assert [one.founded for one in fresh] == [None], "found, and nobody has said that it was wrong"
    assert fresh[0].case_id in {one.id for one in desk.watch.cases()}


def test_a_case_that_was_left_lying_goes_to_a_colleague(desk: Desk) -> None:
    liu = shopper(desk.watch)
    (case,) = desk.watch.cases()
    desk.claim(case.id)
    desk.watch.town.clock.advance(timedelta(days=2))
    desk.ask(case.id, f"person:{liu}")
    refused(lambda: desk.claim(case.id, COLLEAGUE), "alert_case.taken")
    desk.watch.town.clock.advance(LEFT_FOR - timedelta(minutes=1))
    refused(lambda: desk.claim(case.id, COLLEAGUE), "alert_case.taken")
    desk.watch.town.clock.advance(timedelta(minutes=1))
    desk.claim(case.id, COLLEAGUE)
    assert [one.holder for one in desk.watch.cases()] == [COLLEAGUE.holder]


def test_no_officer_learns_from_the_queue_that_there_is_a_case_about_them(desk: Desk) -> None:
    liu = shopper(desk.watch)
    cases, now = desk.watch.cases(), desk.watch.town.clock.now()
    assert desk.do(queue.not_own, cases, INSPECTOR, now) == cases
    husband = desk.watch.town.person("陈刚", "1969-04-01", "active", balance=100_00)
    desk.watch.town.share(husband, liu, relation="spouse")
    desk.do(know_officer, INSPECTOR.holder, husband, now)
    assert desk.do(queue.not_own, cases, INSPECTOR, now) == []
    assert desk.do(queue.not_own, cases, COLLEAGUE, now) == cases


def test_whoever_wrote_the_answer_at_the_window_does_not_judge_it(desk: Desk) -> None:
    liu = shopper(desk.watch)
    (case,) = desk.watch.cases()
    desk.claim(case.id)
    now = desk.watch.town.clock.now()
    desk.do(assistances.begin, person_id=liu, caller=INSPECTOR, way=Way.CARD, paper="BB-001", at=now)
    refused(lambda: desk.conclude(case.id, "explained", "long_term_supply"), "case.assisted")
    desk.do(casework.release, case.id, INSPECTOR, now)
    refused(lambda: desk.claim(case.id), "case.assisted")
    desk.claim(case.id, COLLEAGUE)


def test_a_rule_that_an_officer_of_a_district_changes_is_changed_for_the_city(desk: Desk) -> None:
    district = Caller(Role.OFFICER, "0217", None, "211281", frozenset({Duty.INSPECTOR}))
    named: dict[str, Any] = {"active": False, "thresholds": {}, "reason": "试点期间停用", "caller": district}
    desk.do(thresholds.change, "repeat_purchase", **named, at=desk.watch.town.clock.now())
    assert not desk.do(thresholds.settings_of, RuleCode.REPEAT_PURCHASE).of("211200").active
    shopper(desk.watch)
    assert desk.watch.alerts(RuleCode.REPEAT_PURCHASE) == []


def test_counts_are_of_whole_months_however_they_are_asked_for(desk: Desk) -> None:
    shopper(desk.watch)
    whole = desk.do(figures.counts, "2112", date(2025, 3, 1))
    assert whole
    assert desk.do(figures.counts, "2112", date(2025, 3, 31)) == whole

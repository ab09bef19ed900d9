"""Each of the sandbox's people shows the case that the table says they stand for."""

from __future__ import annotations

import httpx
import pytest
from vendor import Vendor

from gongji.entrances.sandbox.institutions import INSTITUTIONS
from gongji.entrances.sandbox.people import PEOPLE, SHARINGS, InventedPerson
from gongji.foundation.money import parse_yuan, yuan

TRIED = [person for person in PEOPLE if person.trial is not None]


@pytest.mark.parametrize("person", TRIED, ids=lambda person: person.key)
def test_everybody_gets_what_the_table_says(address: str, person: InventedPerson) -> None:
    trial = person.trial
    assert trial is not None
    with httpx.Client(timeout=30, trust_env=False) as client:
        answer = Vendor.at(client, address, trial.at).tried(person, trial)
    if trial.refused:
        assert answer["infcode"] == -1
        assert answer["err_msg"].endswith(f"[{trial.refused}]")
        return
    assert answer["infcode"] == 0, answer["err_msg"]
    info = answer["output"]["setlinfo"]
    fen = {name: parse_yuan(info[name], name) for name in ("fund_pay_sumamt", "acct_pay", "acct_mulaid_pay")}
    paid = (
        yuan(fen["fund_pay_sumamt"]),
        yuan(fen["acct_pay"] - fen["acct_mulaid_pay"]),
        yuan(fen["acct_mulaid_pay"]),
        yuan(parse_yuan(info["psn_cash_pay"], "psn_cash_pay")),
    )
    assert paid == (trial.fund, trial.own, trial.shared, trial.cash)


@pytest.mark.parametrize("person", [each for each in PEOPLE if each.told], ids=lambda person: person.key)
def test_1101_tells_what_the_table_says(address: str, person: InventedPerson) -> None:
    with httpx.Client(timeout=30, trust_env=False) as client:
        vendor = Vendor.at(client, address, "H21129900001")
        row = vendor.identified(person)["output"]["insuinfo"][0]
    told = row | {"balc": yuan(parse_yuan(row["balc"], "balc"))}
    assert {name: told[name] for name in person.told} == dict(person.told)


def test_nobody_could_be_real() -> None:
    for person in PEOPLE:
        assert person.name.startswith("沙")
        assert person.certificate.number[4:6] == "99" or person.days_old is not None
        assert person.certificate.gender in (None, person.gender)
    assert len({person.certificate.number for person in PEOPLE}) == len(PEOPLE)
    assert len({person.card for person in PEOPLE}) == len(PEOPLE)


def test_everybody_stands_for_something() -> None:
    keys = {person.key for person in PEOPLE}
    named = {key for sharing in SHARINGS for key in (sharing.sharer, sharing.user)}
    assert named <= keys
    assert all(person.trial is not None or person.key in {each.sharer for each in SHARINGS} for person in PEOPLE)


def test_a_hospital_whose_designation_has_ended_settles_nothing(address: str) -> None:
    (ended,) = [each for each in INSTITUTIONS if each.ended]
    plain = PEOPLE[0]
    with httpx.Client(timeout=30, trust_env=False) as client:
        answer = Vendor.at(client, address, ended.code).visit(plain, flag="1")
    assert answer["err_msg"].endswith("[institution.not_designated]")

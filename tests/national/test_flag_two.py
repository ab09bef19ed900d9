"""acct_used_flag 0, 1 and 2 on every transaction that carries it, under both meanings of 2: the identities hold in each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from counter_window import Household, Window
from test_family_at_the_counter import payment, registered, uploaded
from test_mobile_orders import fees, scanned
from test_mobile_orders import payment as order_payment

from gongji.rules.book import RuleBook
from gongji.rules.model import FlagTwo, SharingRule, Trigger
from town import Town

#: flag → what the mother's ¥200.00 and her son pay of ¥721.95 that accounts may pay, by the meaning of flag 2. Under 1 her
#: son pays too where sharing starts by itself.
PAID = {
    ("0", FlagTwo.OWN_FIRST): (0, 0),
    ("1", FlagTwo.OWN_FIRST): (200_00, 0),
    ("2", FlagTwo.OWN_FIRST): (200_00, 521_95),
    ("0", FlagTwo.SHARERS_ONLY): (0, 0),
    ("1", FlagTwo.SHARERS_ONLY): (200_00, 0),
    ("2", FlagTwo.SHARERS_ONLY): (0, 721_95),
}


@pytest.fixture(params=list(FlagTwo))
def meaning(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> FlagTwo:
    """The region's reading of flag 2; sharing starts on request only."""
    shipped = RuleBook.sharing

    def read_so(self: RuleBook, region: str, on: date, *readings: Any) -> SharingRule | None:
        rule = shipped(self, region, on, *readings)
        return rule and replace(rule, flag_2_means=request.param, trigger=Trigger.ON_REQUEST)

    monkeypatch.setattr(RuleBook, "sharing", read_so)
    return FlagTwo(request.param)


def fen(yuan: float) -> int:
    """Yuan of the wire."""
    return round(yuan * 100)


def identities_hold(info: dict[str, Any], before: int, sign: int = 1) -> tuple[int, int]:
    """I2, I5 and I7; gives what the own account and the sharers paid."""
    shared, account, cash = (fen(info[name]) for name in ("acct_mulaid_pay", "acct_pay", "psn_cash_pay"))
    assert fen(info["psn_part_amt"]) == account + cash
    assert 0 <= sign * shared <= sign * account
    assert fen(info["balc"]) == before - (account - shared)
    return account - shared, shared


@pytest.mark.parametrize("flag", ["0", "1", "2"])
def test_2206_2207_and_back(hospital: Window, household: Household, town: Town, meaning: FlagTwo, flag: str) -> None:
    visit = registered(hospital, household)
    uploaded(hospital, household, visit)
    wanted = payment(household, visit, acct_used_flag=flag)
    quoted = hospital.done("2206", wanted)["setlinfo"]
    info = hospital.done("2207", wanted)["setlinfo"]
    for one in (quoted, info):
        assert identities_hold(one, 200_00) == PAID[flag, meaning]
    own, shared = PAID[flag, meaning]
    assert (town.balance(household.mother.id), town.balance(household.son.id)) == (200_00 - own, 5_000_00 - shared)
    back = {"psn_no": household.mother.psn_no, "setl_id": info["setl_id"], "mdtrt_id": visit}
    returned = hospital.done("2208", {"data": back})["setlinfo"]
    assert identities_hold(returned, 200_00 - own, -1) == (-own, -shared)
    assert (town.balance(household.mother.id), town.balance(household.son.id)) == (200_00, 5_000_00)


@pytest.mark.parametrize("flag", ["0", "2"])
def test_a_purchase_is_quoted_and_paid_as_the_region_reads_the_flag(
    pharmacy: Window, household: Household, meaning: FlagTwo, flag: str
) -> None:
    """¥300.00 of class A at the pharmacy, no outpatient fund for it: 200.00 of her own first, or all from her son."""
    line = {
        "feedetl_sn": "1",
        "fee_ocur_time": "2024-06-12 10:20:00",
        "med_list_codg": "C-A",
        "det_item_fee_sumamt": "300.00",
        "cnt": "1",
        "pric": "300",
    }
    info = {
        "psn_no": household.mother.psn_no,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": household.mother.certificate,
        "begntime": "2024-06-12 10:20:00",
        "medfee_sumamt": "300.00",
        "insutype": "310",
        "acct_used_flag": flag,
        "med_type": "41",
    }
    nodes = {"druginfo": info, "drugdetail": [line]}
    for infno in ("2101", "2102"):
        answer = pharmacy.done(infno, nodes)["setlinfo"]
        own, shared = identities_hold(answer, 200_00)
        assert own + shared == (0 if flag == "0" else 300_00 - fen(answer["fund_pay_sumamt"]))
        assert bool(own) is (flag == "2" and meaning is FlagTwo.OWN_FIRST)


@pytest.mark.parametrize("flag", ["0", "1", "2"])
def test_an_order_by_phone_is_quoted_and_paid_as_the_region_reads_the_flag(
    hospital: Window, household: Household, town: Town, meaning: FlagTwo, flag: str
) -> None:
    token = scanned(hospital, town, household.mother)["ecToken"]
    order = hospital.done("6201", fees(household.mother, token, acctUsedFlag=flag))["data"]
    paid = hospital.done("6202", order_payment(town, household.mother, order))["data"]
    for one in (order, paid):
        assert (fen(one["selfAcctPay"]), fen(one["acctMulaidPay"])) == PAID[flag, meaning]
        assert fen(one["psnAcctPay"]) == sum(PAID[flag, meaning])
        assert fen(one["feeSumamt"]) == fen(one["fundPay"]) + fen(one["psnAcctPay"]) + fen(one["ownPayAmt"])
    own, shared = PAID[flag, meaning]
    assert (town.balance(household.mother.id), town.balance(household.son.id)) == (200_00 - own, 5_000_00 - shared)

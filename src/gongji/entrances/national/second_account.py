"""GJ12 and GJ13: after a settlement, a relative's account pays what was cash in it, and takes it back.

The form of some provinces (``settle_gz_yd`` and ``destroy_gz_yd``, G10_DZZH): the main settlement shows the amount in
psn_cash_pay; the hospital's system puts what is answered here into its own acct_mulaid_pay.
"""

from __future__ import annotations

from typing import Any

from gongji.entrances.national.fields import AMOUNT, MONEY, NESTED, C, padded
from gongji.entrances.national.messages import free, needed, node, read_node, write_node
from gongji.entrances.national.patient import person_numbered, person_shown
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.foundation import audit
from gongji.foundation.access import Caller, Role
from gongji.settlement import refusals as settlements
from gongji.settlement.model import from_wire, wire_id
from gongji.settlement.second import refusals
from gongji.settlement.second.model import GiveBackSecond, PaySecond, SecondPayment


@node("data", "表 GJ12 家人账户付款")
class SecondInput:
    """A relative pays, at the counter, with their own credential."""

    psn_no: str = needed(C(30), "人员编号", "the patient's")
    setl_id: str = needed(C(30), "结算ID", "of the main settlement")
    payer_cert_type: str = needed(padded(3, 2), "付款人凭证类型", "01 e-credential token, 02 identity card, 03 card")
    payer_cert_no: str = needed(C(200), "付款人凭证编号", "the relative's own")
    acct_pay: int | None = free(MONEY, "付款金额", "as much as is possible where it is left out")
    exp_content: Any = free(NESTED, "字段扩展")


@node("data", "表 GJ13 家人账户付款撤销")
class SecondBack:
    """A relative's payment goes back, whole."""

    psn_no: str = needed(C(30), "人员编号", "the patient's")
    secd_setl_id: str = needed(C(30), "家人付款编号")
    exp_content: Any = free(NESTED, "字段扩展")


@node("data", "表 GJ12 家人账户付款结果")
class SecondResult:
    """One payment or return."""

    secd_setl_id: str = needed(C(30), "家人付款编号")
    setl_id: str = needed(C(30), "结算ID", "of the main settlement, which stays as it was")
    init_secd_setl_id: str | None = free(C(30), "原家人付款编号", "in a return")
    acct_pay: int = needed(AMOUNT, "个人账户支出", "below zero in a return")
    acct_mulaid_pay: int = needed(AMOUNT, "个人账户共济支付金额", "all of acct_pay")
    psn_cash_pay: int = needed(AMOUNT, "个人现金支出", "what is left of the settlement's cash")


def pay(call: Call) -> Answer:
    """GJ12."""
    data = read_node(SecondInput, call.input)
    settlement_id = from_wire(data.setl_id)
    if settlement_id is None:
        raise settlements.settlement_unknown()
    with call.platform.database.transaction() as connection:
        patient = person_numbered(connection, call, data.psn_no)
        payer = person_shown(connection, call, kind=data.payer_cert_type, number=data.payer_cert_no)
        caller = Caller(Role.INTEGRATOR, call.institution.code)
        audit.record(connection, caller, "second.pay", at=call.received_at, person_id=payer.id)
    command = PaySecond(call.key, call.institution, patient.id, settlement_id, payer.id, data.acct_pay)
    return _answer(call.platform.second.pay(command), data.setl_id[:6])


def give_back(call: Call) -> Answer:
    """GJ13."""
    data = read_node(SecondBack, call.input)
    payment_id = from_wire(data.secd_setl_id)
    if payment_id is None:
        raise refusals.unknown()
    with call.platform.database.transaction() as connection:
        patient = person_numbered(connection, call, data.psn_no)
    command = GiveBackSecond(call.key, call.institution, patient.id, payment_id)
    return _answer(call.platform.second.give_back(command), data.secd_setl_id[:6])


def _answer(made: SecondPayment, region: str) -> Answer:
    result = SecondResult(
        secd_setl_id=wire_id(region, made.id),
        setl_id=wire_id(region, made.settlement_id),
        init_secd_setl_id=wire_id(region, made.reverses) if made.reverses is not None else None,
        acct_pay=made.amount,
        acct_mulaid_pay=made.amount,
        psn_cash_pay=made.cash_left,
    )
    return Answer({"data": write_node(result)})


TRANSACTIONS = (
    Transaction("GJ12", "家人账户付款", (SecondInput,), (SecondResult,), pay),
    Transaction("GJ13", "家人账户付款撤销", (SecondBack,), (SecondResult,), give_back),
)

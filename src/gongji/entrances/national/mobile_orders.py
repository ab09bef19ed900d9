"""6203 医保退费, 6204 医保订单信息同步, 6301 结算结果查询 and 6401 费用明细上传撤销: what comes after an order was uploaded."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

import msgspec
from anyio import to_thread

from gongji.entrances.national.fields import MONEY, NESTED, C, choice, padded
from gongji.entrances.national.messages import asked, free, needed, node, read_node, write_node
from gongji.entrances.national.mobile import check_person, holder_of_token, own_order
from gongji.entrances.national.transaction import Answer, Call, Transaction, settled
from gongji.foundation.clock import CHINA
from gongji.foundation.personal import Vault
from gongji.registry import service as registry
from gongji.registry.model import Institution
from gongji.settlement.mobile import refusals, service
from gongji.settlement.mobile.model import (
    REVERSAL_TOKEN_HOLDS,
    Order,
    RefundKind,
    RefundRequest,
    check_refund,
)
from gongji.settlement.model import Settlement, wire_id


@node("data", "表 299 医保退费")
class RefundInput:
    """Give back what an order paid, or note that its cash went back."""

    payOrdId: str = needed(C(40), "支付订单号")
    appRefdSn: str = needed(C(40), "应用退款流水号", "yours, one for each refund; the same again is answered again")
    appRefdTime: str = asked(C(40), "应用退费时间")
    totlRefdAmt: int = needed(MONEY, "总退费金额", "the order's total, or what is refunded now")
    psnAcctRefdAmt: int | None = free(MONEY, "医保个人账户支付", "the order's own when it is sent")
    fundRefdAmt: int | None = free(MONEY, "基金支付", "the order's own when it is sent")
    cashRefdAmt: int | None = asked(MONEY, "现金退费金额")
    ecToken: str = asked(C(64), "电子凭证授权Token", "the patient's own; or revsToken within the hour")
    revsToken: str = free(C(40), "冲正授权", "beyond the text: of 6301 or 6302, in place of ecToken")
    refdType: RefundKind = needed(choice(40, RefundKind), "退费类型", "ALL, CASH or HI")
    extData: Any = free(NESTED, "医保扩展数据")


@node("data", "表 300 医保退费结果")
class RefundResult:
    """What went back."""

    refdSn: str = needed(C(40), "结算中心流水号")
    hiFefdSn: str | None = asked(C(40), "医保退费流水号", "setl_id of the reversal; null for cash alone")
    hiTrnsDate: str | None = asked(C(8), "医保退费日期")
    hiTrnsTime: str | None = asked(C(6), "医保退费时间")
    refStatus: str = needed(C(40), "退费状态", "always SUCC: what cannot be refunded is refused")
    ordStas: str = free(C(40), "订单状态", "beyond the text")
    extData: str | None = free(C(4000), "医保扩展数据")


@node("data", "表 301 医保订单信息同步")
class Confirmation:
    """The cash of an order was paid."""

    payOrdId: str = needed(C(40), "支付订单号")
    medOrgOrd: str = asked(C(40), "医院订单号")
    feeSumamt: int | None = asked(MONEY, "费用总金额")
    ownPayAmt: int | None = asked(MONEY, "现金自付")
    psnAcctPay: int | None = asked(MONEY, "个人账户支付")
    fundPay: int | None = asked(MONEY, "医保基金支付")
    thdPayType: str = asked(C(40), "第三方支付类型")


@node("data", "表 301 医保订单状态")
class OrderStatus:
    """Where an order stands."""

    payOrdId: str = needed(C(40), "支付订单号")
    ordStas: str = needed(C(40), "订单状态")


@node("data", "表 302/306 订单查询、上传撤销")
class OrderQuery:
    """Which order; 6301 and 6401 ask alike."""

    payOrdId: str = needed(C(40), "支付订单号")
    orgCodg: str = asked(C(40), "定点机构编码")
    payToken: str = needed(C(40), "支付token")
    idNo: str = asked(C(40), "证件号码", "held against the patient when it is sent")
    userName: str = asked(C(40), "用户姓名", "held against the patient when it is sent")
    idType: str = asked(padded(3, 2), "证件类别")


@node("data", "表 303 医保订单结算结果")
class OrderResult:
    """What became of an order."""

    ordStas: str = needed(C(40), "订单状态")
    payOrdId: str = needed(C(40), "支付订单号")
    callType: str = needed(C(40), "回调类型", "02: told when it was paid")
    medOrgOrd: str = needed(C(40), "医院订单号")
    traceTime: str | None = asked(C(40), "交易时间", "null while it is not paid")
    orgCodg: str = needed(C(40), "两定机构编号")
    orgName: str = needed(C(40), "两定机构名称")
    setlType: str = needed(C(40), "结算类型", "ALL, CASH or HI")
    feeSumamt: int = needed(MONEY, "费用总金额")
    ownPayAmt: int = needed(MONEY, "现金支付")
    psnAcctPay: int = needed(MONEY, "个人账户支付")
    selfAcctPay: int = free(MONEY, "本人账户支付")
    acctMulaidPay: int = free(MONEY, "共济账户支付")
    fundPay: int = needed(MONEY, "医保基金支付")
    setlId: str | None = free(C(30), "结算ID")
    revsToken: str | None = asked(C(40), "冲正授权", "for an hour after the settlement, then null")


@node("data", "表 307 费用明细上传撤销结果")
class Withdrawn:
    """Done."""

    success: bool = needed(NESTED, "撤销结果")


#: callType of a paid order, here and in 6302.
PAID: str = "02"


def reversal_token(vault: Vault, order: Order) -> str:
    """revsToken: lets a hospital that could not settle itself take a paid order back without the patient's phone."""
    return vault.index("revs_token", f"{order.id}:{order.settlement_id}").hex()[:40]


def _token_holds(order: Order, at: datetime) -> bool:
    return order.settled_at is not None and at <= order.settled_at + REVERSAL_TOKEN_HOLDS


def order_result(order: Order, institution: Institution, vault: Vault, at: datetime) -> OrderResult:
    """An order, in 6301's fields."""
    paid = order.settlement_id is not None
    return OrderResult(
        ordStas=str(int(order.state)),
        payOrdId=service.pay_ord_id(order),
        callType=PAID,
        medOrgOrd=order.reference,
        traceTime=f"{order.settled_at:%Y%m%d%H%M%S}" if order.settled_at else None,
        orgCodg=institution.code,
        orgName=institution.name,
        setlType=order.settlement_kind,
        feeSumamt=order.total,
        ownPayAmt=order.cash,
        psnAcctPay=order.account,
        selfAcctPay=order.own,
        acctMulaidPay=order.shared,
        fundPay=order.fund,
        setlId=wire_id(order.region, order.settlement_id) if order.settlement_id else None,
        revsToken=reversal_token(vault, order) if paid and _token_holds(order, at) else None,
    )


async def refund(call: Call) -> Answer:
    """6203: all, only what the insurance paid, or a note that cash went back."""
    order, request, known = await to_thread.run_sync(_begin, call)
    if known is None and request.kind is not RefundKind.CASH:
        command = service.reverse_command(order, call.institution, request, _digest(order, request))
        reversal = await settled(call.platform.desk.submit(command))
        order = await to_thread.run_sync(_done, call, order, request, reversal)
        known = service.Refunded(reversal.id, reversal.settled_at.astimezone(CHINA))
    assert known is not None
    insurance = known.reversal_id is not None
    result = RefundResult(
        refdSn=f"{service.pay_ord_id(order)}R{hashlib.sha256(request.number.encode()).hexdigest()[:12]}",
        hiFefdSn=wire_id(order.region, known.reversal_id) if known.reversal_id is not None else None,
        hiTrnsDate=f"{known.at:%Y%m%d}" if insurance else None,
        hiTrnsTime=f"{known.at:%H%M%S}" if insurance else None,
        refStatus="SUCC",
        ordStas=str(int(order.state)),
        extData=None,
    )
    return Answer({"data": write_node(result)})


def _begin(call: Call) -> tuple[Order, RefundRequest, service.Refunded | None]:
    data = read_node(RefundInput, call.input)
    request = RefundRequest(
        data.appRefdSn, data.refdType, data.totlRefdAmt, data.fundRefdAmt, data.psnAcctRefdAmt, data.cashRefdAmt or 0
    )
    with call.platform.database.transaction() as connection:
        order = own_order(connection, call, data.payOrdId, lock=True)
        digest = _digest(order, request)
        known = service.refund_known(connection, order, request, digest)
        if known is not None:
            return order, request, known
        order = service.refreshed(connection, order)
        _check_credential(connection, call, order, data)
        if request.kind is RefundKind.CASH:
            after = service.refund_cash(connection, order, request, digest, call.received_at)
            return after, request, service.Refunded(None, call.received_at)
        check_refund(order, request)
        return order, request, None


def _check_credential(connection: Any, call: Call, order: Order, data: RefundInput) -> None:
    """The patient's own token, or ours for what the hospital could not settle."""
    if data.revsToken:
        right = reversal_token(call.platform.vault, order)
        if not (hmac.compare_digest(right, data.revsToken) and _token_holds(order, call.received_at)):
            raise refusals.other_person("input.data.revsToken")
    elif holder_of_token(connection, call, data.ecToken) != order.person_id:
        raise refusals.other_person("input.data.ecToken")


def _digest(order: Order, request: RefundRequest) -> bytes:
    told = (
        order.id,
        request.number,
        str(request.kind),
        request.total,
        request.fund,
        request.account,
        request.cash,
    )
    return hashlib.sha256(msgspec.json.encode(told)).digest()


def _done(call: Call, order: Order, request: RefundRequest, reversal: Settlement) -> Order:
    with call.platform.database.transaction() as connection:
        locked = own_order(connection, call, service.pay_ord_id(order), lock=True)
        return service.refund_done(connection, locked, request, reversal, _digest(order, request))


def confirm(call: Call) -> Answer:
    """6204: the hospital confirms that the cash was taken; its amounts must be those of the settlement."""
    data = read_node(Confirmation, call.input)
    with call.platform.database.transaction() as connection:
        order = own_order(connection, call, data.payOrdId, lock=True)
        order = service.refreshed(connection, order)
        if data.medOrgOrd and data.medOrgOrd != order.reference:
            raise refusals.unknown()
        for field, told, right in (
            ("feeSumamt", data.feeSumamt, order.total),
            ("ownPayAmt", data.ownPayAmt, order.cash),
            ("psnAcctPay", data.psnAcctPay, order.account),
            ("fundPay", data.fundPay, order.fund),
        ):
            if told is not None and told != right:
                raise refusals.amounts_differ(field, right)
        order = service.confirmed(connection, order, data.thdPayType)
    return Answer({"data": write_node(_status(order))})


def _status(order: Order) -> OrderStatus:
    return OrderStatus(payOrdId=service.pay_ord_id(order), ordStas=str(int(order.state)))


def query(call: Call) -> Answer:
    """6301."""
    data = read_node(OrderQuery, call.input)
    with call.platform.database.transaction() as connection:
        order = _asked_for(connection, call, data)
        order = service.refreshed(connection, order)
    return Answer({"data": write_node(order_result(order, call.institution, call.platform.vault, call.received_at))})


def withdraw(call: Call) -> Answer:
    """6401."""
    data = read_node(OrderQuery, call.input)
    with call.platform.database.transaction() as connection:
        order = _asked_for(connection, call, data)
        service.withdraw(connection, service.refreshed(connection, order))
    return Answer({"data": write_node(Withdrawn(success=True))})


def _asked_for(connection: Any, call: Call, data: OrderQuery) -> Order:
    order = own_order(connection, call, data.payOrdId, data.payToken, lock=True)
    people = registry.people_by_id(connection, call.platform.vault, [order.person_id])
    check_person(people[order.person_id], data.idNo, data.userName)
    return order


TRANSACTIONS = (
    Transaction("6203", "医保退费", (RefundInput,), (RefundResult,), refund),
    Transaction("6204", "医保订单信息同步", (Confirmation,), (OrderStatus,), confirm),
    Transaction("6301", "医保订单结算结果查询", (OrderQuery,), (OrderResult,), query),
    Transaction("6401", "费用明细上传撤销", (OrderQuery,), (Withdrawn,), withdraw),
)

"""6202 支付下单: an order of mobile payment is paid with a code that the citizen's phone shows."""

from __future__ import annotations

from typing import Any

from anyio import to_thread

from gongji.entrances.national.fields import MONEY, NESTED, C
from gongji.entrances.national.messages import asked, free, needed, node, read_node, write_node
from gongji.entrances.national.mobile import own_order
from gongji.entrances.national.transaction import Answer, Call, Transaction, settled
from gongji.foundation.errors import GongjiError
from gongji.registry import e_credential
from gongji.settlement.mobile import refusals, service
from gongji.settlement.mobile.model import Order
from gongji.settlement.model import from_wire, wire_id


@node("data", "表 297 支付下单")
class PayRequest:
    """Pay an order."""

    payAuthNo: str = free(C(40), "支付授权码", "a code that the citizen's phone shows for paying; serves once")
    payOrdId: str = needed(C(40), "待支付订单号")
    payToken: str = needed(C(40), "支付订单对应的token")
    orgCodg: str = asked(C(12), "定点机构编码")
    orgBizSer: str = asked(C(40), "业务流水号", "not needed: an order is paid once")
    ecAuthCode: str = free(C(40), "电子凭证授权码", "taken in place of payAuthNo")
    ecChnlAppId: str = free(C(40), "电子凭证渠道ID")
    ecChnlUserId: str = free(C(40), "电子凭证用户ID")
    mdtrtId: str = asked(C(40), "就诊ID")
    chrgBchno: str = free(C(40), "收费批次号")
    extData: Any = free(NESTED, "扩展数据")


@node("data", "表 298 支付下单结果")
class PayResult:
    """What was paid by whom."""

    payOrdId: str = needed(C(40), "支付订单号")
    ordStas: str = needed(C(40), "订单状态", "4 insurance paid, cash is due; 6 all paid")
    feeSumamt: int = needed(MONEY, "费用总额")
    ownPayAmt: int = needed(MONEY, "现金支付")
    psnAcctPay: int = needed(MONEY, "个人账户支出", "selfAcctPay and acctMulaidPay together")
    selfAcctPay: int = free(MONEY, "本人账户支付")
    acctMulaidPay: int = free(MONEY, "共济账户支付")
    fundPay: int = needed(MONEY, "医保基金支付")
    setlId: str = free(C(30), "结算ID", "beyond the text: as 5203 and 3202 know it")
    extData: str | None = free(C(4000), "扩展数据")


async def pay(call: Call) -> Answer:
    """6202: settled as a 2207 would be. The same order again gets the same answer, whatever orgBizSer says."""
    order = await to_thread.run_sync(_begin, call)
    if order.settlement_id is None:
        try:
            settlement = await settled(call.platform.desk.submit(service.settle_command(order, call.institution)))
        except GongjiError as refusal:
            if refusal.status < 500:  # a busy desk or a lost connection leaves the outcome open
                await to_thread.run_sync(_failed, call, order)
            raise
        order = await to_thread.run_sync(_done, call, order, settlement)
    return Answer({"data": write_node(pay_result(order))})


def pay_result(order: Order) -> PayResult:
    """A paid order, in 6202's fields."""
    return PayResult(
        payOrdId=service.pay_ord_id(order),
        ordStas=str(int(order.state)),
        feeSumamt=order.total,
        ownPayAmt=order.cash,
        psnAcctPay=order.account,
        selfAcctPay=order.own,
        acctMulaidPay=order.shared,
        fundPay=order.fund,
        setlId=wire_id(order.region, order.settlement_id or 0),
        extData=None,
    )


def _begin(call: Call) -> Order:
    data = read_node(PayRequest, call.input)
    code = data.payAuthNo or data.ecAuthCode
    if not code:
        raise refusals.no_authorisation()
    with call.platform.database.transaction() as connection:
        order = own_order(connection, call, data.payOrdId, data.payToken, lock=True)
        order = service.refreshed(connection, order)
        if data.mdtrtId and from_wire(data.mdtrtId) != order.visit_id:
            raise refusals.unknown()
        if order.settlement_id is not None:
            return order
        vault, used_for = call.platform.vault, service.pay_ord_id(order)
        holder = e_credential.use_code(connection, vault, code, "pay", call.institution.id, used_for, call.received_at)
        if holder != order.person_id:
            raise refusals.other_person("input.data.payAuthNo")
        return service.begin_payment(connection, order)


def _failed(call: Call, order: Order) -> None:
    with call.platform.database.transaction() as connection:
        service.payment_failed(connection, order.id)


def _done(call: Call, order: Order, settlement: Any) -> Order:
    with call.platform.database.transaction() as connection:
        return service.payment_done(connection, order.id, settlement)


TRANSACTIONS = (Transaction("6202", "支付下单", (PayRequest,), (PayResult,), pay),)

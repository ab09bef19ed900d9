"""6201 费用明细上传: an order of mobile payment is uploaded and quoted; `mobile_paying` pays it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from anyio import to_thread

from gongji.benefit.split import Approval
from gongji.entrances.national.fields import (
    COUNT,
    MOMENT,
    MONEY,
    NESTED,
    PRICE,
    SMALL,
    C,
    choice,
    is_empty,
    padded,
    unreadable,
)
from gongji.entrances.national.messages import as_texts, asked, free, needed, node, read_node, read_rows, write_node
from gongji.entrances.national.outpatient import visit_number
from gongji.entrances.national.patient import person_numbered
from gongji.entrances.national.transaction import Answer, Call, Transaction, settled
from gongji.foundation.errors import GongjiError, InvalidInput
from gongji.foundation.personal import Vault
from gongji.registry import service as registry
from gongji.registry.at_once import person_of_token
from gongji.registry.certificate import clean_number
from gongji.registry.model import Person
from gongji.rules.model import Scheme
from gongji.settlement.mobile import refusals, service
from gongji.settlement.mobile.model import Order
from gongji.settlement.model import AccountUse, PricedLine, from_wire, wire_id
from gongji.settlement.reception import catalogue_items


@node("data", "表 293 费用明细上传")
class FeeUpload:
    """What is to be paid by phone: the visit, its diagnoses and its lines."""

    orgCodg: str = asked(C(40), "机构编码")
    psnNo: str = needed(C(30), "人员编号")
    insutype: Scheme = needed(choice(6, Scheme), "险种类型")
    medOrgOrd: str = needed(C(40), "医疗机构订单号", "yours, one for each order")
    begntime: datetime | None = asked(MOMENT, "开始时间")
    idNo: str = asked(C(40), "证件号码", "held against the person when it is sent")
    userName: str = asked(C(40), "用户姓名", "held against the person when it is sent")
    idType: str = asked(padded(3, 2), "证件类别")
    ecToken: str = needed(C(64), "电子凭证授权ecToken", "of 6101, the patient's own")
    iptOtpNo: str = asked(C(30), "住院/门诊号")
    deptCode: str = free(C(30), "科室编码")
    deptName: str = asked(C(100), "科室名称")
    caty: str = asked(C(6), "科别")
    medType: str = needed(C(6), "医疗类别")
    feeType: str = asked(C(3), "费用类别", "01 outpatient, 07 and 09 pharmacy")
    medfeeSumamt: int = needed(MONEY, "医疗费总额", "must be the sum of the lines")
    acctUsedFlag: AccountUse | None = asked(choice(1, AccountUse), "个人账户使用标志", "1 where it is left out")
    diseCodg: str = asked(C(30), "病种编码")
    psnSetlway: str = asked(C(6), "个人结算方式")
    chrgBchno: str = needed(C(30), "收费批次号")
    fetts: int | None = asked(SMALL, "胎次")
    matnType: str = asked(C(6), "生育类别")
    extData: Any = free(NESTED, "扩展字段")
    diseinfoList: Any = asked(NESTED, "诊断或症状明细")
    feedetailList: Any = needed(NESTED, "费用明细")


@node("data.diseinfoList", "表 294 诊断或症状明细", many=True)
class MobileDiagnosis:
    """One diagnosis."""

    diagType: str = asked(C(3), "诊断类别")
    diagSrtNo: int | None = asked(SMALL, "诊断排序号")
    diagCode: str = needed(C(30), "诊断代码")
    diagName: str = asked(C(100), "诊断名称")
    diagDept: str = asked(C(50), "诊断科室")
    diseDorNo: str = asked(C(30), "诊断医生编码")
    diseDorName: str = asked(C(50), "诊断医生姓名")
    diagTime: datetime | None = asked(MOMENT, "诊断时间")
    valiFlag: str = asked(C(3), "有效标志")


@node("data.feedetailList", "表 295 费用明细", many=True)
class MobileLine:
    """One fee line."""

    feedetlSn: str = needed(C(30), "费用明细流水号", "unique in the visit")
    mdtrtId: str = asked(C(30), "就诊ID", "of 2201; a visit is registered where there was none")
    psnNo: str = asked(C(30), "人员编号")
    chrgBchno: str = asked(C(30), "收费批次号", "the order's own")
    rxCircFlag: str = asked(C(3), "外购处方标志")
    feeOcurTime: datetime = needed(MOMENT, "费用发生时间")
    medListCodg: str = needed(C(50), "医疗目录编码")
    medinsListCodg: str = asked(C(150), "医药机构目录编码")
    detItemFeeSumamt: int = needed(MONEY, "明细项目费用总额")
    cnt: int = needed(COUNT, "数量")
    pric: int = needed(PRICE, "单价")
    bilgDeptCodg: str = asked(C(30), "开单科室编码")
    bilgDeptName: str = asked(C(100), "开单科室名称")
    bilgDrCodg: str = asked(C(30), "开单医生编码")
    bilgDrName: str = asked(C(50), "开单医师姓名")
    hospApprFlag: Approval | None = asked(choice(3, Approval), "医院审批标志")
    medType: str = asked(C(6), "医疗类别")


@node("data", "表 296 费用明细上传结果")
class Uploaded:
    """The order's number and token, and beyond the text what it would come to."""

    payOrdId: str = needed(C(40), "支付订单号")
    payToken: str = needed(C(40), "支付token")
    mdtrtId: str = free(C(30), "就诊ID", "beyond the text: what 6202 asks for")
    ordStas: int = free(SMALL, "订单状态", "0 saved, 1 quoted")
    feeSumamt: int = free(MONEY, "费用总额")
    ownPayAmt: int = free(MONEY, "现金支付")
    psnAcctPay: int = free(MONEY, "个人账户支出")
    selfAcctPay: int = free(MONEY, "本人账户支付")
    acctMulaidPay: int = free(MONEY, "共济账户支付")
    fundPay: int = free(MONEY, "医保基金支付")


def pay_token(vault: Vault, order: Order) -> str:
    """The token that an order is asked for with; the same for as long as the order is there."""
    return vault.index("pay_token", str(order.id)).hex()[:40]


def own_order(
    connection: sa.Connection, call: Call, number: str, token: str | None = None, *, lock: bool = False
) -> Order:
    """The sender's order, held against its token where the message has one.

    Raises:
        NotFound: ``mobile.order_unknown``.
    """
    order = service.order_of(connection, call.institution.id, from_wire(number), lock=lock)
    if service.pay_ord_id(order) != number or (token is not None and token != pay_token(call.platform.vault, order)):
        raise refusals.unknown()
    return order


def check_person(person: Person, certificate: str, name: str) -> None:
    """Hold the certificate number and the name of a message against the person, where they were sent.

    Raises:
        Refused: ``person.other_credential``.
    """
    if certificate and person.certificate not in (certificate, clean_number(certificate)):
        raise refusals.other_person("input.data.idNo")
    if name and name.replace(" ", "") != person.name:
        raise refusals.other_person("input.data.userName")


def holder_of_token(connection: sa.Connection, call: Call, token: str) -> int | None:
    """Whose ecToken it is at this institution."""
    return person_of_token(connection, call.platform.vault, token, call.institution.id, call.received_at)


async def upload(call: Call) -> Answer:
    """6201: keep the order, then say what it would come to. Where that cannot be said the order is saved all the same,
    with the reason as a warning."""
    order = await to_thread.run_sync(_keep, call)
    warning = None
    if order.settlement_id is None:
        try:
            quote = await settled(call.platform.desk.presettle(service.settle_command(order, call.institution)))
        except GongjiError as refusal:
            warning = f"订单已保存，暂不能支付：{refusal.zh}"
        else:
            order = await to_thread.run_sync(_quoted, call, order, quote)
    uploaded = Uploaded(
        payOrdId=service.pay_ord_id(order),
        payToken=pay_token(call.platform.vault, order),
        mdtrtId=wire_id(call.institution.region, order.visit_id),
        ordStas=order.state * 100,
        feeSumamt=order.total,
        ownPayAmt=order.cash,
        psnAcctPay=order.account,
        selfAcctPay=order.own,
        acctMulaidPay=order.shared,
        fundPay=order.fund,
    )
    return Answer({"data": write_node(uploaded)}, warning)


def _quoted(call: Call, order: Order, quote: Any) -> Order:
    with call.platform.database.transaction() as connection:
        return service.quoted(connection, order.id, quote)


def _keep(call: Call) -> Order:
    data = read_node(FeeUpload, call.input)
    lines = read_rows(MobileLine, {"data.feedetailList": data.feedetailList})
    diagnoses = (
        () if is_empty(data.diseinfoList) else read_rows(MobileDiagnosis, {"data.diseinfoList": data.diseinfoList})
    )
    visit_id = _visit_of(lines)
    _check_lines(data, lines)
    with call.platform.database.transaction() as connection:
        person = person_numbered(connection, call, data.psnNo, "input.data.psnNo")
        check_person(person, data.idNo, data.userName)
        if holder_of_token(connection, call, data.ecToken) != person.id:
            raise refusals.other_person("input.data.ecToken")
        enrolment = registry.enrolment_on(connection, person.id, call.received_at.date())
        wanted = service.Upload(
            institution=call.institution,
            person_id=person.id,
            region=enrolment.region if enrolment else call.institution.region,
            reference=data.medOrgOrd,
            digest=_digest(call.input),
            visit_id=visit_id,
            number=data.iptOtpNo or data.medOrgOrd,
            batch=data.chrgBchno,
            scheme=data.insutype,
            med_type=data.medType,
            account_use=data.acctUsedFlag or AccountUse.OWN,
            began_at=data.begntime or call.received_at,
            total=data.medfeeSumamt,
            details={"dise_codg": data.diseCodg} if data.diseCodg else {},
            diagnoses=[_diagnosis(one) for one in diagnoses],
            lines=_priced(connection, call, data.chrgBchno, lines),
        )
        return service.upload(connection, call.platform.database.serials, wanted, call.received_at)


def _digest(nodes: Mapping[str, object]) -> bytes:
    """Of what is uploaded. The ecToken is left out: who repeats an upload may have scanned a fresh code."""
    data = nodes["data"]
    assert isinstance(data, Mapping)
    told = {key: value for key, value in data.items() if key != "ecToken"}
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).digest()


def _visit_of(lines: tuple[MobileLine, ...]) -> int | None:
    numbers = {line.mdtrtId for line in lines}
    if len(numbers) > 1:
        raise _other("input.data.feedetailList", "mdtrtId", "就诊ID")
    (number,) = numbers
    return visit_number(number) if number else None


def _check_lines(data: FeeUpload, lines: tuple[MobileLine, ...]) -> None:
    seen: set[str] = set()
    for number, line in enumerate(lines):
        path = f"input.data.feedetailList[{number}]"
        if line.chrgBchno not in ("", data.chrgBchno):
            raise _other(path, "chrgBchno", "收费批次号")
        if line.psnNo not in ("", data.psnNo):
            raise _other(path, "psnNo", "人员编号")
        if line.feedetlSn in seen:
            raise unreadable(
                f"{path}.feedetlSn", "与前面的行重复", "repeats the number of a line before", "a fresh number"
            )
        seen.add(line.feedetlSn)


def _other(path: str, field: str, label: str) -> InvalidInput:
    return InvalidInput(
        "fee_line.other_visit",
        f"{path}.{field} is not the order's own",
        f"{path}.{field}（{label}）与订单不一致：一次只能上传一个订单的明细",
        field=f"{path}.{field}",
        accepted="lines of one order",
    )


def _priced(connection: sa.Connection, call: Call, batch: str, lines: tuple[MobileLine, ...]) -> tuple[PricedLine, ...]:
    region = call.institution.region
    keys = [(region, line.feeOcurTime.date(), line.medListCodg) for line in lines]
    items = catalogue_items(connection, frozenset(keys))
    return tuple(
        PricedLine(
            sn=line.feedetlSn,
            batch=batch,
            item=items.get(key),
            item_code=line.medListCodg,
            own_code=line.medinsListCodg,
            occurred_at=line.feeOcurTime,
            count=line.cnt,
            price=line.pric,
            total=line.detItemFeeSumamt,
            approval=line.hospApprFlag or "",
        )
        for line, key in zip(lines, keys, strict=True)
    )


#: The names that a visit's diagnoses have elsewhere (2203).
_DIAGNOSIS = {
    "diagType": "diag_type",
    "diagSrtNo": "diag_srt_no",
    "diagCode": "diag_code",
    "diagName": "diag_name",
    "diagDept": "diag_dept",
    "diseDorNo": "dise_dor_no",
    "diseDorName": "dise_dor_name",
    "diagTime": "diag_time",
    "valiFlag": "vali_flag",
}


def _diagnosis(one: MobileDiagnosis) -> dict[str, str]:
    return {_DIAGNOSIS[name]: text for name, text in as_texts(one).items()}


TRANSACTIONS = (Transaction("6201", "费用明细上传", (FeeUpload, MobileLine), (Uploaded,), upload),)

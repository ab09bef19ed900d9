"""Every way in which a step of a mobile order is refused."""

from __future__ import annotations

from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.foundation.money import yuan


def unknown() -> GongjiError:
    """No such order of this institution, or another token than its own."""
    return NotFound(
        "mobile.order_unknown",
        "there is no such order of this institution, or the payToken is not its own",
        "没有找到该医保订单，或 payToken 不一致，请核对 payOrdId 和 payToken",
        field="input.data.payOrdId",
        accepted="payOrdId and payToken that 6201 answered",
    )


def other_content(reference: str) -> GongjiError:
    """The hospital's order number was used before for something else."""
    return Refused(
        "key.other_content",
        f"medOrgOrd {reference} was uploaded before with other content: withdraw it (6401) or use a new number",
        f"医疗机构订单号 {reference} 已上传过且内容不同：请先用 6401 撤销，或换新的订单号",
        field="input.data.medOrgOrd",
        accepted="a number not used before",
    )


def withdrawn() -> GongjiError:
    """The upload was withdrawn."""
    return Refused(
        "mobile.withdrawn",
        "the upload was withdrawn: upload the fees anew (6201)",
        "该订单的费用明细已撤销，请重新上传（6201）",
        field="input.data.payOrdId",
    )


def paid_already() -> GongjiError:
    """What has been paid cannot be withdrawn."""
    return Refused(
        "mobile.paid",
        "the order is paid, or being paid: refund it (6203) instead of withdrawing the upload",
        "该订单已支付或正在支付，不能撤销上传；需要退费请用 6203",
        field="input.data.payOrdId",
    )


def not_paid() -> GongjiError:
    """Nothing was paid that could be refunded or confirmed."""
    return Refused(
        "mobile.not_paid",
        "the order has not been paid by the insurance yet",
        "该订单尚未完成医保支付",
        field="input.data.payOrdId",
    )


def refunded() -> GongjiError:
    """What the insurance paid has gone back before."""
    return Refused(
        "mobile.refunded",
        "what the insurance paid for this order has been refunded before",
        "该订单的医保部分已经退过",
        field="input.data.refdType",
    )


def refund_amount(field: str, right: int) -> GongjiError:
    """An amount that does not fit the order."""
    return InvalidInput(
        "mobile.refund_amount",
        f"{field} does not fit the order: {yuan(right)} is right",
        f"{field} 与订单不符，应为 {yuan(right)} 元",
        field=f"input.data.{field}",
        accepted=yuan(right),
    )


def amounts_differ(field: str, right: int) -> GongjiError:
    """A confirmation of other amounts than were settled."""
    return Refused(
        "mobile.amounts",
        f"{field} is not what was settled: {yuan(right)}",
        f"{field} 与医保结算结果不一致，应为 {yuan(right)} 元",
        field=f"input.data.{field}",
        accepted=yuan(right),
    )


def no_authorisation() -> GongjiError:
    """Nothing shows that the citizen wants to pay."""
    return InvalidInput(
        "mobile.authorisation",
        "payAuthNo and the e-credential's ecAuthCode are both missing: one of them is needed",
        "支付授权码 payAuthNo 与电子凭证授权码 ecAuthCode 不能同时为空",
        field="input.data.payAuthNo",
        accepted="a code that the citizen's phone shows for paying",
    )


def other_person(field: str) -> GongjiError:
    """A credential that is not the patient's."""
    return Refused(
        "person.other_credential",
        f"{field} is not the patient's own",
        f"{field} 与订单的就诊人不是同一人：必须使用就诊人本人的凭证",
        field=field,
        accepted="the patient's own credential",
    )

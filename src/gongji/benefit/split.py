"""From one fee line to its four parts: fully self-paid, over-limit, first-self-pay, in scope.

Source of the order: formula of the catalogue (总费用 = 全自费 + 超限价 + 先行自付 + 符合政策范围), and transaction 2204 of
the national interface for restricted items. Each step rounds half-up once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from gongji.foundation.errors import InvalidInput
from gongji.foundation.money import PER_TEN_THOUSAND, part_of

#: A count in ten-thousandths times a price in millionths of a yuan is this many to the fen.
_PER_FEN: Final = 10**8


class ItemClass(StrEnum):
    """目录等级 (chrgitm_lv): 甲, 乙, 丙; an item outside the catalogue counts as C."""

    A = "01"
    B = "02"
    C = "03"


class Approval(StrEnum):
    """医院审批标志 (hosp_appr_flag)."""

    NOT_NEEDED = "0"
    APPROVED = "1"
    NOT_APPROVED = "2"


class FeeLine(msgspec.Struct, frozen=True, gc=False):
    """What is known of one fee line.

    Attributes:
        amount: what the line costs, fen (det_item_fee_sumamt).
        count: quantity in ten-thousandths (cnt, N(16,4)).
        price: unit price in millionths of a yuan (pric, N(16,6)).
        item_class: class in the catalogue; C also for what is not in it.
        first_self_pay: the patient's share before the funds' rule begins, per ten thousand (selfpay_prop); 0 for class A.
        ceiling: highest unit price the funds reckon with, in millionths of a yuan (pric_uplmt_amt); None without one.
        restricted: whether the catalogue limits the item's use (lmt_used_flag).
        approval: the hospital's answer to that limit.
    """

    amount: int
    count: int
    price: int
    item_class: ItemClass
    first_self_pay: int
    ceiling: int | None = None
    restricted: bool = False
    approval: Approval = Approval.NOT_NEEDED


class LineSplit(msgspec.Struct, frozen=True, gc=False):
    """The parts of a fee line in fen: total = self_paid + over_limit + first_self_pay + in_scope."""

    total: int
    self_paid: int
    over_limit: int
    first_self_pay: int
    in_scope: int


def split_line(line: FeeLine) -> LineSplit:
    """Split one fee line into the part each rule looks at.

    Args:
        line: the line's price data.

    Returns:
        Parts in fen that add up to the line's amount.

    Raises:
        InvalidInput: ``line.negative`` when a number is below zero, ``line.ratio`` when the first-self-pay ratio is
            more than the whole.
    """
    if min(line.amount, line.count, line.price, line.first_self_pay, line.ceiling or 0) < 0:
        raise InvalidInput(
            "line.negative",
            "a number of the fee line is below zero",
            "费用明细中有负数",
            field="feedetail",
            accepted="0 or more",
        )
    if line.first_self_pay > PER_TEN_THOUSAND:
        raise InvalidInput(
            "line.ratio",
            "the first-self-pay ratio is more than 100 %",
            "先行自付比例超过 100%",
            field="selfpay_prop",
            accepted="0 to 1",
        )
    if line.item_class is ItemClass.C or not _covered(line):
        return LineSplit(line.amount, line.amount, 0, 0, 0)
    over_limit = 0
    if line.ceiling is not None and line.price > line.ceiling:
        within = (line.count * line.ceiling + _PER_FEN // 2) // _PER_FEN
        over_limit = max(0, line.amount - within)
    first_self_pay = part_of(line.amount - over_limit, line.first_self_pay)
    return LineSplit(line.amount, 0, over_limit, first_self_pay, line.amount - over_limit - first_self_pay)


def _covered(line: FeeLine) -> bool:
    """接口 2204: 限制使用的项目仅审批标志为 1 时纳入报销; 不限制使用的项目审批标志为 2 时按自费处理."""
    if line.restricted:
        return line.approval is Approval.APPROVED
    return line.approval is not Approval.NOT_APPROVED

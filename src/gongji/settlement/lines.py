"""Fee lines: checked against count times price, and split by what the catalogue says of their item."""

from __future__ import annotations

from typing import Final

from gongji.benefit.model import Bill
from gongji.benefit.split import Approval, split_line
from gongji.benefit.split import FeeLine as PricedItem
from gongji.benefit.split import ItemClass as ItemLevel
from gongji.registry.model import ItemClass
from gongji.settlement import refusals
from gongji.settlement.model import FeeLine, PricedLine

LEVELS: Final = {ItemClass.A: ItemLevel.A, ItemClass.B: ItemLevel.B, ItemClass.C: ItemLevel.C}

#: Ten-thousandths of a piece times millionths of a yuan: this many make a fen.
PER_FEN: Final = 10**8


def keep(line: PricedLine) -> FeeLine:
    """The line with its four parts.

    Raises:
        InvalidInput: ``fee_line.amount`` when its total is not count times price, rounded half-up (identity I8).
    """
    computed = (line.count * line.price + PER_FEN // 2) // PER_FEN
    if computed != line.total:
        raise refusals.line_amount(line.sn, line.total, computed)
    item = line.item
    parts = split_line(
        PricedItem(
            amount=line.total,
            count=line.count,
            price=line.price,
            item_class=LEVELS[item.item_class] if item else ItemLevel.C,
            first_self_pay=item.first_self_pay if item else 0,
            ceiling=item.ceiling if item else None,
            restricted=item.restricted if item else False,
            approval=Approval(line.approval or Approval.NOT_NEEDED),
        )
    )
    return FeeLine(line, parts.self_paid, parts.over_limit, parts.first_self_pay, parts.in_scope)


def bill_of(lines: tuple[FeeLine, ...]) -> Bill:
    """The bill that lines add up to, in fen."""
    total = self_paid = over_limit = first_self_pay = in_scope = 0
    for kept in lines:
        total += kept.line.total
        self_paid += kept.self_paid
        over_limit += kept.over_limit
        first_self_pay += kept.first_self_pay
        in_scope += kept.in_scope
    return Bill(total, self_paid, over_limit, first_self_pay, in_scope)

"""Some lines of a purchase go back: the whole is reversed and what remains is settled anew, in one step.

The national interface knows no partial return: 2103 names a settlement, never lines, so on the wire a pharmacy sends 2103
for the whole and 2102 for the rest, and between the two the customer has been given everything back. Here both are one
command in one transaction. Both rows are kept, each with its own number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from gongji.settlement import refusals
from gongji.settlement.lines import PER_FEN
from gongji.settlement.model import MessageKey, PricedLine, ReversePart, Settlement, SettlePurchase

#: The transaction under which what remains is settled; the reversal keeps the command's own.
SETTLES_REST: Final = "2102"


class PartReturned(msgspec.Struct, frozen=True):
    """What a partial return came to: the reversal of the whole, and the settlement of what remains."""

    reversal: Settlement
    rest: Settlement


def rest_key(command: ReversePart) -> MessageKey:
    """The key of the settlement of what remains: the same msgid, under the transaction that settles purchases."""
    return replace(command.key, infno=SETTLES_REST)


def rest_of(command: ReversePart, original: Settlement) -> SettlePurchase:
    """The purchase of what remains of another.

    It is settled as it would be if it were bought now: under the rules, the balances and the authorisations of the
    moment of the return.

    Raises:
        Refused: ``return.visit`` for a hospital's settlement; ``return.everything`` when nothing remains.
        InvalidInput: ``return.line`` when a line is not of this purchase, or more goes back than was bought.
    """
    if not original.lines:
        raise refusals.visit_returns_whole()
    bought = {kept.line.sn: kept.line for kept in original.lines}
    for sn, count in command.returned.items():
        if sn not in bought or not 0 < count <= bought[sn].count:
            raise refusals.line_not_returnable(sn)
    if not command.returned:
        raise refusals.line_not_returnable("")
    lines = tuple(_left(bought.values(), command.returned))
    if not lines:
        raise refusals.returns_everything()
    return SettlePurchase(
        key=rest_key(command),
        institution=command.institution,
        person_id=command.person_id,
        lines=lines,
        total=sum(line.total for line in lines),
        account_use=command.account_use,
        scheme=original.scheme,
        med_type=original.med_type,
        certificate_kind=original.certificate_kind,
        began_at=original.settled_at,
        disease=original.disease,
        prescriber=original.prescriber,
        invoice=original.invoice,
    )


def _left(lines: Iterable[PricedLine], returned: Mapping[str, int]) -> Iterator[PricedLine]:
    """What remains of each line; lines that go back whole are left out."""
    for line in lines:
        count = line.count - returned.get(line.sn, 0)
        if count == line.count:
            yield line
        elif count:
            yield replace(line, count=count, total=(count * line.price + PER_FEN // 2) // PER_FEN)

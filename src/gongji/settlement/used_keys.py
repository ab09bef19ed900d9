"""What is different in a message whose key was used before, as far as the settlement under that key tells.

Of a message only a digest is kept. What its settlement holds anyway names most of what is mixed up at a till, and is looked
at only where there is something to refuse.
"""

from __future__ import annotations

from collections.abc import Iterable

from gongji.settlement.model import PricedLine, Reverse, Settlement, SettlePurchase, SettleVisit


def differing(sent: SettleVisit | SettlePurchase | Reverse, settled: Settlement) -> tuple[str, ...]:
    """The fields of a message, as the wire names them, that are not what the message before had.

    Args:
        sent: the message that bears a used key.
        settled: what was settled, or taken back, under the key.

    Returns:
        Field names; none when the difference is in something that a settlement does not hold.
    """
    differs = {"psn_no": sent.person_id != settled.person_id}
    if not isinstance(sent, SettlePurchase):
        differs["mdtrt_id"] = sent.visit_id != settled.visit_id
    if isinstance(sent, Reverse):
        differs["setl_id"] = sent.settlement_id != settled.reverses
    else:
        differs |= {
            "insutype": sent.scheme is not settled.scheme,
            "med_type": sent.med_type not in ("", settled.med_type),
            "mdtrt_cert_type": sent.certificate_kind != settled.certificate_kind,
            "medfee_sumamt": sent.total != settled.total,
        }
    if isinstance(sent, SettlePurchase):
        differs["feedetail"] = _bought(sent.lines) != _bought(kept.line for kept in settled.lines)
    return tuple(field for field, other in differs.items() if other)


def _bought(lines: Iterable[PricedLine]) -> list[tuple[object, ...]]:
    return [(line.sn, line.item_code, line.own_code, line.count, line.price, line.total) for line in lines]

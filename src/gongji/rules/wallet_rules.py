"""The wallet's rules of a region on a day: of each name the nearest pack that says it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from gongji.rules.lineage import Lineage, clause
from gongji.rules.pack import in_force
from gongji.rules.sources import Clause, DatedAmount
from gongji.rules.wallet import QuotaRule, WalletRule, WalletTerms, quota_rule


def sending_rule(lineage: Lineage, most: DatedAmount | None, on: date) -> WalletRule | None:
    """The terms on which money is sent, with the most that one transfer may be; None where either is not known."""
    found = _nearest(lineage, "terms", on)
    if found is None or most is None:
        return None
    assert isinstance(found[0], WalletTerms), "the reader of `terms` makes them"
    return WalletRule(found[0], most.amount, found[1])


def giving_rule(lineage: Lineage, on: date) -> QuotaRule | None:
    """How quotas are given; None where no pack says. Before the first entry that first one: on which day the regime begins
    is the installation's to say, and the entry's day only that of its publication."""
    begun = [entry.effective for pack in lineage.packs for entry in pack.wallet.get("quota", ())]
    found = _nearest(lineage, "quota", max(on, min(begun))) if begun else None
    if found is None:
        return None
    assert isinstance(found[0], Mapping), "the reader of `quota` makes them"
    return quota_rule(found[0], found[1])


def is_open(lineage: Lineage, on: date) -> bool:
    """Whether a text says that the wallet is open."""
    found = _nearest(lineage, "open", on)
    return found is not None and found[0] is True


def _nearest(lineage: Lineage, name: str, on: date) -> tuple[object, Clause] | None:
    for pack in lineage.packs:
        entry = in_force(pack.wallet.get(name, ()), on)
        if entry is not None:
            return entry.value, clause(f"{pack.id}#wallet.{name}", entry, lineage.documents())
    return None

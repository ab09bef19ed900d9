"""The terms of the wallet (医保钱包): how often and when money may be sent, and where the wallet is open.

    wallet:
      terms:
        - effective: 2024-12-02
          value: {most_a_day: 3, closed_from: 22, closed_until: 6, returned_at: 6}
          source: …
      open:
        - {effective: 2025-05-08, value: true, source: …}
      goes_back: …           # whether money may go back to the personal account
      one_pending: …         # whether a transfer that is not accepted yet stands in the way of the next one
      quota:
        - effective: 2026-01-09
          value: {freezes: true, unused_returns: true, both_agree: true, ends_with_insurance: true, many_to_many: true}
          source: …

Hours are full hours in China. The most that one transfer may be is the value ``wallet_transfer_max_single``. `terms` are
those of money that is really sent, `quota` those of money that stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gongji.rules.node import Node
from gongji.rules.particulars import Particulars
from gongji.rules.sources import Clause

#: The numbers of the terms, in the order in which they are shown.
TERMS: Final = ("most_a_day", "closed_from", "closed_until", "returned_at")

#: What is said of a wallet that is a quota: it is frozen in the sharer's account, what is not used returns, both agree,
#: it ends when the insurance changes, many may give to many.
QUOTA_TERMS: Final = ("freezes", "unused_returns", "both_agree", "ends_with_insurance", "many_to_many")


@dataclass(frozen=True, slots=True)
class WalletTerms:
    """How money is sent to a relative's wallet.

    Attributes:
        most_a_day: transfers that one person may send on a day.
        closed_from, closed_until: hours between which nothing can be sent, over midnight.
        returned_at: the hour of the next day at which what was not accepted goes back.
    """

    most_a_day: int
    closed_from: int
    closed_until: int
    returned_at: int


@dataclass(frozen=True, slots=True)
class WalletRule:
    """The terms in force with their source, and the most that one transfer may be (fen)."""

    terms: WalletTerms
    most_each: int
    clause: Clause


def read_wallet_terms(node: Node) -> WalletTerms:
    """Read the terms: hours of the day, ``closed_until`` before ``closed_from``."""
    found = {name: child.whole() for name, child in node.fields(TERMS).items()}
    terms = WalletTerms(**found)
    if not (0 < terms.closed_until < terms.closed_from < 24 and terms.returned_at < 24 and terms.most_a_day > 0):
        raise node.problems.refuse(
            "pack.bad_value", node.at, "hours below 24, closed over midnight", "须为 24 以内的整点, 停办时段跨零时"
        )
    return terms


def read_wallet_quota(node: Node) -> Particulars:
    """Read what holds where the wallet is a quota and no money moves, each ``true`` or ``false``."""
    return {name: child.flag() for name, child in node.fields(QUOTA_TERMS).items()}


#: The names of the section and how each is read.
WALLET_NAMES: Final[Mapping[str, Callable[[Node], object]]] = {
    "terms": read_wallet_terms,
    "open": Node.flag,
    "goes_back": Node.flag,
    "one_pending": Node.flag,
    "quota": read_wallet_quota,
}

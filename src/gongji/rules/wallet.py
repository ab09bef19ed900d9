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
          source: …          # and, where a text limits them, least_each, most_each, most_users, most_givers

Hours are full hours in China. The most that one transfer may be is the value ``wallet_transfer_max_single``. `terms` are
those of money that is really sent, `quota` those of money that stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gongji.rules.node import Node
from gongji.rules.particulars import Fen, Particular, Particulars
from gongji.rules.sources import Clause

#: The numbers of the terms, in the order in which they are shown.
TERMS: Final = ("most_a_day", "closed_from", "closed_until", "returned_at")

#: What is said of a wallet that is a quota: it is frozen in the sharer's account, what is not used returns, both agree,
#: it ends when the insurance changes, many may give to many.
QUOTA_TERMS: Final = ("freezes", "unused_returns", "both_agree", "ends_with_insurance", "many_to_many")

#: What a text may limit: the least and the most that one quota is (yuan in the pack), how many relatives one person gives
#: quotas, and how many give one person theirs.
QUOTA_AMOUNTS: Final = ("least_each", "most_each")
QUOTA_COUNTS: Final = ("most_users", "most_givers")
QUOTA_LIMITS: Final = (*QUOTA_AMOUNTS, *QUOTA_COUNTS)


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


@dataclass(frozen=True, slots=True)
class QuotaRule:
    """How quotas are given, with the source.

    Attributes:
        freezes: whether the amount stands aside in the giver's account.
        unused_returns: whether what is not used is the giver's again.
        both_agree: whether a quota is in force only once the relative accepts.
        ends_with_insurance: whether it ends by itself when an insurance changes.
        least_each, most_each: fen that one quota is at least and at most; None without a limit.
        most_users, most_givers: relatives whom one person gives quotas, and people who give one person theirs; one where a
            text lets nobody give to several, None without a limit.
        clause: the source.
    """

    freezes: bool
    unused_returns: bool
    both_agree: bool
    ends_with_insurance: bool
    least_each: int | None
    most_each: int | None
    most_users: int | None
    most_givers: int | None
    clause: Clause


def quota_rule(terms: Particulars, clause: Clause) -> QuotaRule:
    """The rule that an entry of `quota` makes."""
    several = bool(terms["many_to_many"])
    return QuotaRule(
        freezes=bool(terms["freezes"]),
        unused_returns=bool(terms["unused_returns"]),
        both_agree=bool(terms["both_agree"]),
        ends_with_insurance=bool(terms["ends_with_insurance"]),
        least_each=_limit(terms, "least_each"),
        most_each=_limit(terms, "most_each"),
        most_users=_limit(terms, "most_users") if several else 1,
        most_givers=_limit(terms, "most_givers") if several else 1,
        clause=clause,
    )


def _limit(terms: Particulars, name: str) -> int | None:
    found = terms.get(name)
    assert found is None or isinstance(found, int), "the reader makes numbers"
    return found


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
    """Read what holds where the wallet is a quota and no money moves: each term ``true`` or ``false``, limits above zero."""
    found: dict[str, Particular] = {}
    for name, child in node.fields(QUOTA_TERMS, QUOTA_LIMITS).items():
        if name in QUOTA_TERMS:
            found[name] = child.flag()
            continue
        found[name] = Fen(child.yuan()) if name in QUOTA_AMOUNTS else child.whole()
        if found[name] == 0:
            raise node.problems.refuse("pack.bad_value", child.at, "a limit above zero", "限额须大于零; 没有限额就不写")
    least, most = (_limit(found, name) for name in QUOTA_AMOUNTS)
    if least is not None and most is not None and least > most:
        raise node.problems.refuse("pack.bad_value", node.at, "least_each not above most_each", "最低额不得高于最高额")
    return found


#: The names of the section and how each is read.
WALLET_NAMES: Final[Mapping[str, Callable[[Node], object]]] = {
    "terms": read_wallet_terms,
    "open": Node.flag,
    "goes_back": Node.flag,
    "one_pending": Node.flag,
    "quota": read_wallet_quota,
}

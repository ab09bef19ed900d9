"""The pure decisions on allotting and taking back: what may be given, and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gongji.allotment import refusals
from gongji.allotment.model import Given, Standing
from gongji.family.model import Authorisation
from gongji.ledger.model import AccountKind
from gongji.ledger.pots import FOR_ALL, Part
from gongji.rules.model import AllotmentParts, BalanceSource, SharingRule, TakeBack

#: The savings are given first: it is they that the texts speak of sharing.
_ORDER = (AccountKind.PERSONAL_HISTORICAL, AccountKind.PERSONAL_CURRENT)


def standing(
    rules: Mapping[int, SharingRule],
    open_now: Sequence[Authorisation],
    balances: Mapping[AccountKind, int],
    parts: Mapping[int, Part],
) -> Standing | None:
    """A sharer's money as it stands; None where nobody asks for allotment and nothing is allotted.

    Args:
        rules: by authorisation, the rule of its region where that asks for allotment.
        open_now: the sharer's authorisations that are in force, in the order in which they were made.
        balances: fen of the sharer's open personal accounts.
        parts: what is left of the pot.
    """
    sharing = next((rules[one.id] for one in open_now if one.id in rules), None)
    if sharing is None and not any(part.total for part in parts.values()):
        return None
    allotment = sharing.allotment if sharing is not None else None
    users = {one.id: one.user_id for one in open_now}
    wanted = {one.id for one in open_now if one.id in rules}
    if allotment is None or allotment.parts is AllotmentParts.ONE_POT:
        wanted = {FOR_ALL} if allotment is not None else set()
    wanted |= {part for part, left in parts.items() if left.total}
    given = tuple(
        Given(part or None, users.get(part), parts[part].total if part in parts else 0, part in parts)
        for part in sorted(wanted)
    )
    kept = max((one.kept for one in open_now), default=0)
    account = sum(balances.get(kind, 0) for kind in _ORDER)
    return Standing(allotment, sharing, account, giveable(sharing, balances, kept), given)


def giveable(
    sharing: SharingRule | None, balances: Mapping[AccountKind, int], kept: int
) -> tuple[tuple[AccountKind, int], ...]:
    """What may be given of the personal accounts, less what has to stay by the rule (留存) or by the sharer's own wish."""
    if sharing is None:
        return ()
    kinds = _ORDER[:1] if sharing.balance_source is BalanceSource.HISTORICAL_ONLY else _ORDER
    spendable = max(0, sum(balances.get(kind, 0) for kind in kinds) - max(sharing.retained_floor, kept))
    return draw([(kind, balances.get(kind, 0)) for kind in kinds], spendable)


def draw(purse: Sequence[tuple[AccountKind, int]], amount: int) -> tuple[tuple[AccountKind, int], ...]:
    """Take an amount (fen, at most all there is) out of accounts, one after the other."""
    taken = []
    for kind, there in purse:
        part = min(there, amount)
        if part:
            taken.append((kind, part))
        amount -= part
    return tuple(taken)


def check_allot(now: Standing | None, authorisation_id: int | None, amount: int) -> Standing:
    """Whether an amount (fen) may be allotted to a relative, or to all.

    Raises:
        InvalidInput: ``allotment.amount``, ``allotment.for_whom``.
        Refused: ``allotment.not_here``, ``allotment.nobody``, ``allotment.not_enough``.
    """
    if now is None or now.allotment is None or now.sharing is None:
        raise refusals.not_here()
    _check_amount(amount)
    for_all = now.allotment.parts is AllotmentParts.ONE_POT
    if for_all != (authorisation_id is None):
        raise refusals.for_whom(for_all=for_all)
    if amount > now.can_give:
        raise refusals.not_enough(now.can_give, now.sharing.retained_floor)
    return now


def check_take_back(now: Standing | None, authorisation_id: int | None, amount: int) -> Given:
    """Whether an amount (fen) may be taken back from a part.

    Raises:
        InvalidInput: ``allotment.amount``.
        Refused: ``allotment.nothing_given``, ``allotment.only_at_end``, ``allotment.too_much_back``.
    """
    part = now.part_for(authorisation_id) if now is not None else None
    if now is None or part is None or not part.amount:
        raise refusals.nothing_given()
    if now.allotment is not None and now.allotment.take_back is TakeBack.AT_END:
        raise refusals.only_at_end()
    _check_amount(amount)
    if amount > part.amount:
        raise refusals.too_much_back(part.amount)
    return part


def _check_amount(amount: int) -> None:
    if amount <= 0:
        raise refusals.amount_invalid()

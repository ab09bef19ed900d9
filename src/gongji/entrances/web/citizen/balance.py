"""What is in a person's account, and which zero it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from gongji.ledger.model import AccountKind
from gongji.registry.model import Enrolment
from gongji.rules.model import Scheme


@dataclass(frozen=True, slots=True)
class Balance:
    """A personal account as its holder sees it.

    Attributes:
        total: fen that can be used now.
        parts: (name, fen) of what it consists of and what stands beside it; empty without an account.
        hint: why it is zero or cannot be used (``zero.<hint>`` in the wording), None when nothing needs saying.
    """

    total: int
    parts: tuple[tuple[str, int], ...]
    hint: str | None


def balance_of(
    enrolment: Enrolment | None, balances: Mapping[AccountKind, int], on: date, *, frozen: bool = False
) -> Balance:
    """Put the balances together; "balance 0" is never shown without saying which zero it is.

    Args:
        enrolment: the one whose span takes in the day, paused or not.
        balances: fen by kind; kinds without an account are missing.
        on: the day.
        frozen: whether an agency lets nothing be paid from the account.
    """
    current = balances.get(AccountKind.PERSONAL_CURRENT)
    historical = balances.get(AccountKind.PERSONAL_HISTORICAL)
    parts = [
        (name, amount) for name, amount in (("current", current), ("historical", historical)) if amount is not None
    ]
    beside = {"held": AccountKind.PERSONAL_HELD, "pot": AccountKind.POT, "wallet": AccountKind.WALLET}
    parts += [(name, balances[kind]) for name, kind in beside.items() if balances.get(kind)]
    total = (current or 0) + (historical or 0)
    if frozen:
        return Balance(0, tuple(parts), "frozen")
    return Balance(total, tuple(parts), _hint(enrolment, total, has_account=bool(balances), on=on))


def _hint(enrolment: Enrolment | None, total: int, *, has_account: bool, on: date) -> str | None:
    if enrolment is None:
        return "not_enrolled"
    if not enrolment.holds(on):
        return "paused"
    if total:
        return None
    if enrolment.scheme is Scheme.RESIDENT:
        return "resident"
    return "empty" if has_account else "not_opened"

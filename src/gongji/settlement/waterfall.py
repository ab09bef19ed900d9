"""Who pays the rest: after the funds, the patient's own account, then the sharers', then cash.

Which of these runs, on which part of the bill and what starts it is the region's sharing rule. Benefits follow the
patient: the patient's region decides, a sharer only lends money.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gongji.benefit.model import Assessment, Bill
from gongji.ledger.model import AccountKind, personal_account
from gongji.rules.model import AccountScope, BalanceSource, Clause, FlagTwo, SharingRule, Trigger
from gongji.settlement.model import AccountUse, PayerLine

#: The patient's own money: this year's first, so that what has been saved over the years stays longest.
OWN_ORDER = (AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL)

#: A sharer's money: the savings first, since they are what the national text speaks of sharing (seed: 历年结余).
SHARED_ORDER = (AccountKind.PERSONAL_HISTORICAL, AccountKind.PERSONAL_CURRENT)


class Draw(msgspec.Struct, frozen=True, gc=False):
    """An amount (fen, above zero) taken from one bounded account, under an authorisation when it is a sharer's."""

    account: int
    amount: int
    authorisation_id: int | None = None


class Purse(msgspec.Struct, frozen=True, gc=False):
    """A person's accounts that may pay, in the order in which they do: (account id, fen)."""

    accounts: tuple[tuple[int, int], ...]

    @property
    def total(self) -> int:
        """All there is, in fen."""
        return sum(amount for _, amount in self.accounts)

    def draw(self, amount: int, authorisation_id: int | None = None) -> list[Draw]:
        """Take `amount` fen, at most `total`, account by account."""
        draws = []
        for account, balance in self.accounts:
            taken = min(balance, amount)
            if taken > 0:
                draws.append(Draw(account, taken, authorisation_id))
                amount -= taken
        return draws


class Offer(msgspec.Struct, frozen=True):
    """What one sharer can give to this bill.

    Attributes:
        sharer_id: whose account.
        authorisation_id: under which authorisation.
        purse: the accounts that may be shared.
        room: most fen that the authorisation's limits leave; None without a limit.
        withheld: code of the reason why nothing may be taken now (paused …); None when it may.
    """

    sharer_id: int
    authorisation_id: int
    purse: Purse
    room: int | None
    withheld: str | None = None

    @property
    def most(self) -> int:
        """The most fen that can be taken."""
        if self.withheld:
            return 0
        return self.purse.total if self.room is None else min(self.room, self.purse.total)


class Payment(msgspec.Struct, frozen=True):
    """How the rest of a bill is paid: the draws, what is left for cash, and a line of explanation for each payer."""

    draws: tuple[Draw, ...]
    own: int
    shared: int
    cash: int
    lines: tuple[PayerLine, ...]


def purse_of(person_id: int, order: Sequence[AccountKind], balances: dict[int, int], floor: int = 0) -> Purse:
    """A person's accounts in an order, less the `floor` (fen) that must stay in them altogether."""
    accounts = [personal_account(kind, person_id) for kind in order]
    held = [balances.get(account, 0) for account in accounts]
    spendable = max(0, sum(held) - floor)
    kept = []
    for account, balance in zip(accounts, held, strict=True):
        offered = min(balance, spendable)
        kept.append((account, offered))
        spendable -= offered
    return Purse(tuple(kept))


def pay(
    bill: Bill,
    assessment: Assessment,
    rule: SharingRule | None,
    use: AccountUse,
    own: Purse | None,
    offers: Sequence[Offer],
) -> Payment:
    """Pay what the funds leave.

    Args:
        bill: the bill and its parts.
        assessment: what the funds pay.
        rule: the sharing rule of the patient's region; None where no pack has one (then only the own account pays).
        use: what was asked for at the till (acct_used_flag).
        own: the patient's own accounts; None when the patient has none.
        offers: the sharers, in the order in which they pay.
    """
    rest = bill.total - assessment.fund_total
    payable = payable_by_accounts(bill, assessment, rule)
    own_line, own_draws = _own(payable, rule, use, own)
    shared_lines, shared_draws = _shared(payable - own_line.amount, rule, use, offers)
    shared = sum(line.amount for line in shared_lines)
    cash = rest - own_line.amount - shared
    lines = (own_line, *shared_lines, PayerLine("wallet", 0, "wallet.none"), *_cash(cash, rest - payable, rule))
    return Payment((*own_draws, *shared_draws), own_line.amount, shared, cash, lines)


def payable_by_accounts(bill: Bill, assessment: Assessment, rule: SharingRule | None) -> int:
    """The part of the patient's burden that accounts may pay, in fen.

    Under ``policy_only`` (Liaoning: nothing outside the catalogue) that is the in-scope part that the funds leave and,
    unless the region reads its text otherwise, the first-self-pay part; under ``self_borne`` everything.
    """
    if rule is None or rule.account_scope is AccountScope.SELF_BORNE:
        return bill.total - assessment.fund_total
    first_self_pay = bill.first_self_pay if rule.first_self_pay_payable else 0
    return bill.in_scope - assessment.fund_total + first_self_pay


def _own(payable: int, rule: SharingRule | None, use: AccountUse, own: Purse | None) -> tuple[PayerLine, list[Draw]]:
    clause = _clause(rule, "own_account_first")
    if use is AccountUse.NONE or (use is AccountUse.SHARERS and rule and rule.flag_2_means is FlagTwo.SHARERS_ONLY):
        return PayerLine("own", 0, "own.none.not_asked", clause), []
    if own is None:
        return PayerLine("own", 0, "own.none.no_account", clause), []
    amount = min(payable, own.total)
    if amount == 0:
        because = "own.none.nothing_left" if payable == 0 else "own.none.empty"
        return PayerLine("own", 0, because, clause, {"balance": own.total}), []
    inputs: dict[str, int | str] = {"payable": payable, "balance": own.total, "left": own.total - amount}
    return PayerLine("own", amount, "own.paid", clause, inputs), own.draw(amount)


def _shared(
    payable: int, rule: SharingRule | None, use: AccountUse, offers: Sequence[Offer]
) -> tuple[list[PayerLine], list[Draw]]:
    clause = _clause(rule, "trigger")
    because = _why_not_started(payable, rule, use, offers)
    if because is not None:
        return [PayerLine("shared", 0, because, clause)], []
    lines: list[PayerLine] = []
    draws: list[Draw] = []
    for offer in offers:
        amount = min(payable, offer.most)
        who: dict[str, int | str] = {"sharer": offer.sharer_id, "authorisation": offer.authorisation_id}
        if amount:
            draws += offer.purse.draw(amount, offer.authorisation_id)
            lines.append(PayerLine("shared", amount, "shared.paid", clause, who | {"payable": payable}))
            payable -= amount
        else:
            lines.append(PayerLine("shared", 0, _why_nothing(offer, payable), clause, who))
    return lines, draws


def _why_not_started(payable: int, rule: SharingRule | None, use: AccountUse, offers: Sequence[Offer]) -> str | None:
    """The code of the reason why no sharer is asked at all; None when they are."""
    if rule is None:
        return "shared.none.unknown"
    if not offers:
        return "shared.none.nobody"
    if use is AccountUse.NONE:
        return "shared.none.not_asked"
    if use is AccountUse.OWN and rule.trigger is not Trigger.AUTOMATIC:
        return "shared.none.not_started"
    return "shared.none.nothing_left" if payable == 0 else None


def _why_nothing(offer: Offer, payable: int) -> str:
    if offer.withheld:
        return offer.withheld
    if payable == 0:
        return "shared.none.nothing_left"
    return "shared.none.limit" if offer.room == 0 else "shared.none.empty"


def _cash(cash: int, out_of_scope: int, rule: SharingRule | None) -> list[PayerLine]:
    """Cash falls into what accounts may not pay and what they could not."""
    lines = []
    if out_of_scope:
        lines.append(PayerLine("cash", out_of_scope, "cash.out_of_scope", _clause(rule, "account_scope")))
    if cash > out_of_scope:
        lines.append(PayerLine("cash", cash - out_of_scope, "cash.rest"))
    return lines or [PayerLine("cash", 0, "cash.none")]


def offered_kinds(rule: SharingRule) -> Sequence[AccountKind]:
    """Which of a sharer's accounts a region lets them share."""
    return SHARED_ORDER[:1] if rule.balance_source is BalanceSource.HISTORICAL_ONLY else SHARED_ORDER


def _clause(rule: SharingRule | None, name: str) -> Clause | None:
    return rule.clauses.get(name) if rule else None

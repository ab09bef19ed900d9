"""Who pays the rest: after the funds, the patient's own account, their wallet, then the sharers' accounts, then cash.

Which of these runs, on which part of the bill and what starts it is the region's sharing rule. Benefits follow the
patient: the patient's region decides, a sharer only lends money.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from gongji.benefit.model import Assessment, Bill
from gongji.ledger.model import AccountKind, personal_account
from gongji.rules.model import AccountScope, BalanceSource, Clause, FlagTwo, SharingRule, Trigger
from gongji.settlement.model import AccountUse, PayerLine

#: The patient's own money: this year's first, so that what has been saved over the years stays longest.
OWN_ORDER = (AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL)

#: The patient's wallet: given to them by relatives, theirs since they accepted it.
WALLET_ONLY = (AccountKind.WALLET,)

#: A sharer's money: the savings first, since they are what the national text speaks of sharing (seed: 历年结余).
SHARED_ORDER = (AccountKind.PERSONAL_HISTORICAL, AccountKind.PERSONAL_CURRENT)


#: Why a deposit pays nothing, a part of it, or all, by whose it is.
DEPOSIT_WORDS: Final = {
    "own": ("own.deposit.back", "own.deposit", "own.deposit.whole"),
    "shared": ("shared.deposit.back", "shared.deposit", "shared.deposit.whole"),
}

#: Why a wallet pays nothing: the institution takes none, or lies outside the area that the holder chose. A relative's quota
#: pays wherever the wallet is taken; the area is of the money that is in the wallet.
TAKES_NO_WALLET: Final = "wallet.not_taken_here"
OUTSIDE_AREA: Final = "wallet.not_in_area"

#: Why a line of the wallet is what a relative lets it use.
QUOTA_PAID: Final = "wallet.quota.paid"


class Draw(msgspec.Struct, frozen=True, gc=False):
    """An amount (fen, above zero) taken from one bounded account, under an authorisation when it is a sharer's; out of a
    hold when the account is where held money stands."""

    account: int
    amount: int
    authorisation_id: int | None = None
    hold_id: int | None = None


class Deposit(msgspec.Struct, frozen=True, gc=False):
    """Money set aside for a stay: what is left of a hold (fen), in whose `personal.held`, under which authorisation when
    it is a sharer's."""

    hold_id: int
    payer_id: int
    account: int
    amount: int
    authorisation_id: int | None


class Quota(msgspec.Struct, frozen=True, gc=False):
    """What a relative lets the patient's wallet use (额度).

    Attributes:
        number: the quota's own.
        giver_id, account: whose money, in whose `personal.held`.
        holds: (hold, fen left) of it, oldest first.
        locked: whether an agency lets nothing be paid from the giver's account.
    """

    number: int
    giver_id: int
    account: int
    holds: tuple[tuple[int, int], ...]
    locked: bool = False

    @property
    def left(self) -> int:
        """What can still be used, in fen."""
        return sum(left for _, left in self.holds)

    def draw(self, amount: int) -> list[Draw]:
        """Take `amount` fen, at most `left`, hold by hold."""
        draws = []
        for hold_id, left in self.holds:
            taken = min(left, amount)
            if taken:
                draws.append(Draw(self.account, taken, None, hold_id))
                amount -= taken
        return draws


class Wallet(msgspec.Struct, frozen=True, gc=False):
    """The patient's wallet at an institution: what is in it, the code of the reason why none of that may pay there, and
    what relatives let it use there, in the order in which it is taken."""

    purse: Purse
    withheld: str | None = None
    quotas: tuple[Quota, ...] = ()


class Purse(msgspec.Struct, frozen=True, gc=False):
    """A person's accounts that may pay, in the order in which they do: (account id, fen).

    Attributes:
        accounts: the accounts.
        locked: whether an agency lets nothing be paid from them (the accounts are frozen).
    """

    accounts: tuple[tuple[int, int], ...]
    locked: bool = False

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
        allotted: the clause by which only allotted money is shared; None where the account itself is.
    """

    sharer_id: int
    authorisation_id: int
    purse: Purse
    room: int | None
    withheld: str | None = None
    allotted: Clause | None = None

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
    wallet: int = 0

    @property
    def captured(self) -> dict[int, int]:
        """What is taken out of each hold, fen."""
        return {draw.hold_id: draw.amount for draw in self.draws if draw.hold_id is not None}


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
    deposits: Sequence[Deposit] = (),
    wallet: Wallet | None = None,
) -> Payment:
    """Pay what the funds leave.

    A deposit pays first within its owner's turn, whatever is said of accounts at the till unless none is to be used: it
    was set aside for this very stay, a sharer's under an authorisation that was in force then.

    Args:
        bill: the bill and its parts.
        assessment: what the funds pay.
        rule: the sharing rule of the patient's region; None where no pack has one (then only the own account pays).
        use: what was asked for at the till (acct_used_flag).
        own: the patient's own accounts; None when the patient has none.
        offers: the sharers, in the order in which they pay.
        deposits: what was set aside for the stay, in the order in which it is taken.
        wallet: the patient's wallet; None when it was never opened, or nothing is in it and no relative lets it use any.
    """
    rest = bill.total - assessment.fund_total
    payable = payable_by_accounts(bill, assessment.fund_total, rule)
    own_held, own_taken = _held(payable, use, [one for one in deposits if one.authorisation_id is None], "own")
    own_line, own_draws = _own(payable - _sum(own_held), rule, use, own)
    own_paid = _sum(own_held) + own_line.amount
    theirs = [one for one in deposits if one.authorisation_id is not None]
    shared_held, shared_taken = _held(payable - own_paid, use, theirs, "shared")
    wallet_lines, wallet_draws = _wallet(payable - own_paid - _sum(shared_held), rule, use, wallet)
    wallet_paid = _sum(wallet_lines)
    left = payable - own_paid - _sum(shared_held) - wallet_paid
    shared_lines, shared_draws = _shared(left, rule, use, offers)
    shared = _sum(shared_held) + _sum(shared_lines)
    cash = rest - own_paid - shared - wallet_paid
    lines = (
        *own_held,
        own_line,
        *shared_held,
        *shared_lines,
        *wallet_lines,
        *_cash(cash, rest - payable, rule),
    )
    draws = (*own_taken, *own_draws, *shared_taken, *wallet_draws, *shared_draws)
    return Payment(draws, own_paid, shared, cash, lines, wallet_paid)


def _sum(lines: Sequence[PayerLine]) -> int:
    return sum(line.amount for line in lines)


def _held(payable: int, use: AccountUse, deposits: Sequence[Deposit], payer: str) -> tuple[list[PayerLine], list[Draw]]:
    """What deposits of the patient (``own``) or of sharers (``shared``) pay, and what of each goes back."""
    lines: list[PayerLine] = []
    draws: list[Draw] = []
    for deposit in deposits:
        amount = 0 if use is AccountUse.NONE else min(payable, deposit.amount)
        inputs: dict[str, int | str] = {"held": deposit.amount, "back": deposit.amount - amount}
        if deposit.authorisation_id is not None:
            inputs |= {"sharer": deposit.payer_id, "authorisation": deposit.authorisation_id}
        nothing, part, whole = DEPOSIT_WORDS[payer]
        because = nothing if not amount else part if amount < deposit.amount else whole
        lines.append(PayerLine(payer, amount, because, None, inputs))
        if amount:
            draws.append(Draw(deposit.account, amount, deposit.authorisation_id, deposit.hold_id))
            payable -= amount
    return lines, draws


def payable_by_accounts(bill: Bill, fund_total: int, rule: SharingRule | None) -> int:
    """The part of the patient's burden that accounts may pay, in fen, when the funds have paid `fund_total`.

    Under ``policy_only`` (Liaoning: nothing outside the catalogue) that is the in-scope part that the funds leave and,
    unless the region reads its text otherwise, the first-self-pay part; under ``self_borne`` everything.
    """
    if rule is None or rule.account_scope is AccountScope.SELF_BORNE:
        return bill.total - fund_total
    first_self_pay = bill.first_self_pay if rule.first_self_pay_payable else 0
    return bill.in_scope - fund_total + first_self_pay


def _own(payable: int, rule: SharingRule | None, use: AccountUse, own: Purse | None) -> tuple[PayerLine, list[Draw]]:
    clause = _clause(rule, "own_account_first")
    if use is AccountUse.NONE or (use is AccountUse.SHARERS and rule and rule.flag_2_means is FlagTwo.SHARERS_ONLY):
        return PayerLine("own", 0, "own.none.not_asked", clause), []
    if own is None:
        return PayerLine("own", 0, "own.none.no_account", clause), []
    if own.locked and payable:
        return PayerLine("own", 0, "own.none.frozen", clause, {"balance": own.total}), []
    amount = min(payable, own.total)
    if amount == 0:
        because = "own.none.nothing_left" if payable == 0 else "own.none.empty"
        return PayerLine("own", 0, because, clause, {"balance": own.total}), []
    inputs: dict[str, int | str] = {"payable": payable, "balance": own.total, "left": own.total - amount}
    return PayerLine("own", amount, "own.paid", clause, inputs), own.draw(amount)


def _wallet(
    payable: int, rule: SharingRule | None, use: AccountUse, wallet: Wallet | None
) -> tuple[list[PayerLine], list[Draw]]:
    """What the wallet pays: after the own account and by itself, unless no account is to be used, or the relatives' only;
    first what is in it, then what relatives let it use."""
    only_sharers = use is AccountUse.SHARERS and rule is not None and rule.flag_2_means is FlagTwo.SHARERS_ONLY
    if wallet is None or use is AccountUse.NONE or only_sharers or payable == 0:
        return [PayerLine("wallet", 0, "wallet.none")], []
    balance = wallet.purse.total
    if wallet.withheld == TAKES_NO_WALLET:
        offered = balance + sum(quota.left for quota in wallet.quotas)
        return [PayerLine("wallet", 0, TAKES_NO_WALLET, None, {"balance": offered})], []
    amount = 0 if wallet.withheld else min(payable, balance)
    lines: list[PayerLine] = []
    if amount:
        inputs: dict[str, int | str] = {"payable": payable, "balance": balance, "left": balance - amount}
        lines.append(PayerLine("wallet", amount, "wallet.paid", None, inputs))
    elif wallet.withheld and balance:
        lines.append(PayerLine("wallet", 0, wallet.withheld, None, {"balance": balance}))
    given_lines, given = _given(payable - amount, wallet.quotas)
    lines += given_lines
    return lines or [PayerLine("wallet", 0, "wallet.none")], [*wallet.purse.draw(amount), *given]


def _given(payable: int, quotas: Sequence[Quota]) -> tuple[list[PayerLine], list[Draw]]:
    """What relatives' quotas pay, one line a giver."""
    lines: list[PayerLine] = []
    draws: list[Draw] = []
    for quota in quotas:
        amount = 0 if quota.locked else min(payable, quota.left)
        if quota.locked and payable:
            about: dict[str, int | str] = {"giver": quota.giver_id, "quota": quota.number}
            lines.append(PayerLine("wallet", 0, "wallet.quota.frozen", None, about))
        if amount:
            who: dict[str, int | str] = {"giver": quota.giver_id, "quota": quota.number, "left": quota.left - amount}
            lines.append(PayerLine("wallet", amount, QUOTA_PAID, None, who))
            draws += quota.draw(amount)
            payable -= amount
    return lines, draws


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
            because = "shared.paid" if offer.allotted is None else "shared.paid.allotted"
            lines.append(PayerLine("shared", amount, because, offer.allotted or clause, who | {"payable": payable}))
            payable -= amount
        else:
            lines.append(PayerLine("shared", 0, _why_nothing(offer, payable), offer.allotted or clause, who))
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

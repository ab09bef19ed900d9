"""The pure decisions on a second transaction: facts in, draws or a refusal out."""

from __future__ import annotations

from datetime import datetime

from gongji.benefit.model import Bill
from gongji.rules.book import RuleBook
from gongji.rules.model import Purpose
from gongji.settlement import refusals as settlements
from gongji.settlement.books import Books, Sharing
from gongji.settlement.model import Settlement
from gongji.settlement.purses import offer_of
from gongji.settlement.second import refusals
from gongji.settlement.second.model import PaySecond
from gongji.settlement.waterfall import Draw, payable_by_accounts


def draws_for(
    command: PaySecond,
    main: Settlement | None,
    sharings: list[Sharing],
    purpose: Purpose,
    books: Books,
    rules: RuleBook,
    at: datetime,
) -> list[Draw]:
    """Which accounts of the relative give how much.

    Args:
        command: who pays how much for what.
        main: the settlement; None when there is none.
        sharings: the patient's authorisations that are active or paused.
        purpose: what the settlement was for.
        books: balances, use of authorisations, and what second payments have paid before.
        rules: the rule book; the patient's region decides, as in the settlement.
        at: the moment.

    Raises:
        NotFound: ``settlement.unknown``. InvalidInput: ``second.amount``.
        Refused: ``settlement.reversed``, ``second.not_shared``, ``second.withheld``, ``second.too_much``,
            ``second.not_enough``.
    """
    if (
        main is None
        or main.person_id != command.person_id
        or main.institution_id != command.institution.id
        or main.kind != "settle"
    ):
        raise settlements.settlement_unknown()
    if main.id in books.reversed:
        raise settlements.already_reversed()
    if command.amount is not None and command.amount <= 0:
        raise refusals.amount_zero()
    rule = rules.sharing(main.region, at.date())
    sharing = next((one for one in sharings if one.authorisation.sharer_id == command.payer_id), None)
    if sharing is None or rule is None:
        raise refusals.not_shared()
    offer = offer_of(sharing, rule, purpose, books, at)
    if offer.withheld is not None:
        raise refusals.withheld(offer.withheld)
    bill = Bill(main.total, main.self_paid, main.over_limit, main.first_self_pay, main.in_scope)
    payable = payable_by_accounts(bill, main.fund_total, rule) - main.account_total
    paid = books.paid_second.get(main.id, 0)
    most = max(0, min(payable, main.cash) - paid)
    amount = min(most, offer.most) if command.amount is None else command.amount
    if amount > most or most == 0:
        raise refusals.too_much(amount or main.cash - paid, most)
    if amount > offer.most or amount == 0:
        raise refusals.not_enough(amount or most, offer.most)
    return offer.purse.draw(amount, sharing.authorisation.id)

"""Which purses may pay for a patient, and what each can give now: the own accounts, the sharers', the wallet."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from gongji.family.model import AuthorisationState
from gongji.rules.model import Purpose, SharingRule
from gongji.settlement.books import Books, Case, Sharing, usage_periods
from gongji.settlement.waterfall import (
    OWN_ORDER,
    WALLET_ONLY,
    Offer,
    Purse,
    Wallet,
    offered_kinds,
    purse_of,
)


def own_purse(person_id: int, books: Books) -> Purse:
    """A person's own accounts, in the order in which they pay for the person."""
    purse = purse_of(person_id, OWN_ORDER, books.balances)
    return replace(purse, locked=True) if person_id in books.frozen else purse


def offer_of(sharing: Sharing, rule: SharingRule, purpose: Purpose, books: Books, at: datetime) -> Offer:
    """What one sharer can give now for a purpose, within the authorisation's limits and the region's rule."""
    authorisation = sharing.authorisation
    withheld = None
    if authorisation.state is AuthorisationState.PAUSED:
        withheld = "shared.none.paused"
    elif authorisation.sharer_id in books.frozen:
        withheld = "shared.none.frozen"
    elif not sharing.sharer_insured:
        withheld = "shared.none.sharer_not_insured"
    elif purpose not in authorisation.purposes or purpose not in rule.purposes:
        withheld = "shared.none.purpose"
    limits = zip((authorisation.limit_total, authorisation.limit_month), usage_periods(at), strict=True)
    rooms = [
        max(0, limit - books.usage.get((authorisation.id, period), 0)) for limit, period in limits if limit is not None
    ]
    # The sharer's own region says whether money has to be allotted first: it lies in that region's books.
    allotted = books.pots.under.get(authorisation.id)
    if allotted is not None:
        purse = books.pots.purse(authorisation)
        withheld = withheld or books.pots.why_empty(authorisation)
    else:
        floor = max(rule.retained_floor, authorisation.kept)
        purse = purse_of(authorisation.sharer_id, offered_kinds(rule), books.balances, floor)
    return Offer(authorisation.sharer_id, authorisation.id, purse, min(rooms, default=None), withheld, allotted)


def wallet_at(case: Case, books: Books) -> Wallet | None:
    """The patient's wallet where the visit is, with what relatives set aside for them; None where nothing is in it."""
    place = case.patient.id, case.command.institution.id
    if place not in books.wallets:
        return None
    return Wallet(purse_of(case.patient.id, WALLET_ONLY, books.balances), books.wallets[place], case.quotas)

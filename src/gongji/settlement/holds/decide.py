"""The pure decisions on holds: facts in, receipt or refusal out.

As in `gongji.settlement.decide`: the checks come first, in a fixed order, and touch nothing; then the books in hand are
changed, so that the next decision of the same batch sees it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from gongji.foundation.ids import bucket_of
from gongji.ledger.holds import Hold, HoldPurpose, HoldReceipt, HoldState, StepKind
from gongji.ledger.model import (
    AccountKind,
    Journal,
    JournalKind,
    Transfer,
    kind_of,
    open_account,
    person_of,
    personal_account,
)
from gongji.rules.book import RuleBook
from gongji.rules.model import Purpose
from gongji.settlement.books import Books, PatientFacts, Sharing, apply_moves, back_home
from gongji.settlement.holds import refusals
from gongji.settlement.holds.model import (
    CaptureHold,
    HoldBooks,
    HoldCommand,
    HoldDecision,
    HoldKey,
    PlaceHold,
    ReleaseHold,
)
from gongji.settlement.purses import offer_of, own_purse
from gongji.settlement.waterfall import WALLET_ONLY, Draw, purse_of

#: What a sharer's authorisation has to allow for each purpose; what is not here is never held from a sharer's account.
SHARED_PURPOSES: Final = {HoldPurpose.DEPOSIT: Purpose.DEPOSIT, HoldPurpose.PREMIUM: Purpose.RESIDENT_PREMIUM}

#: Where held money may go: what is owed to somebody outside, or another person's account (or one's own wallet).
_PAYABLES: Final = frozenset({AccountKind.PAYABLE_INSTITUTION, AccountKind.PAYABLE_TAX, AccountKind.PAYABLE_PERSON})


def stored_receipt(command: HoldCommand, holds: HoldBooks) -> HoldReceipt | None:
    """The receipt that was given to this key before.

    Raises:
        Refused: ``key.other_content`` when the same key came with another command.
    """
    known = holds.steps.get((bucket_of_money(command), command.key.key))
    if known is None:
        return None
    digest, receipt = known
    if digest != command.key.digest:
        raise refusals.other_content(command.key.key)
    return receipt


def bucket_of_money(command: HoldCommand) -> int:
    """The bucket in which a command's hold lies."""
    return bucket_of(command.payer_id if isinstance(command, PlaceHold) else command.hold_id)


def place(
    command: PlaceHold,
    person: PatientFacts | None,
    sharings: tuple[Sharing, ...],
    holds: HoldBooks,
    books: Books,
    rules: RuleBook,
    at: datetime,
    hold_id: int,
) -> HoldDecision:
    """Decide the placing of a hold.

    Args:
        command: what is to be held.
        person: in whose favour, under lock; None when there is nobody.
        sharings: the authorisations for that person that are active or paused.
        holds, books: the batch's working state; changed only when the hold is placed.
        rules: the rule book, for the sharing rule of the person's region.
        at: the moment.
        hold_id: the new hold's id, in the payer's bucket.

    Raises:
        InvalidInput: ``hold.amount``, ``hold.expires_at``.
        Refused: ``hold.died``, ``hold.payer``, ``hold.account_frozen``, ``hold.not_shareable``, ``hold.withheld``, ``hold.not_enough``,
            ``enrolment.not_in_force``.
    """
    if command.amount <= 0:
        raise refusals.amount_zero()
    if command.expires_at <= at:
        raise refusals.expires_too_early(at)
    if person is None:
        raise refusals.payer_unknown()
    if person.died_on is not None and person.died_on <= at.date():
        raise refusals.person_died()
    draws = _draws(command, person, sharings, books, rules, at)
    held = personal_account(AccountKind.PERSONAL_HELD, command.payer_id)
    hold = Hold(
        id=hold_id,
        person_id=command.person_id,
        account=held,
        amount=command.amount,
        captured=0,
        released=0,
        state=HoldState.OPEN,
        purpose=command.purpose,
        reference=command.reference,
        authorisation_id=command.authorisation_id,
        placed_at=at,
        expires_at=command.expires_at,
        sources=tuple((draw.account, draw.amount) for draw in draws),
    )
    # From here on it must succeed.
    return set_aside(hold, command.key, holds, books)


def set_aside(hold: Hold, key: HoldKey, holds: HoldBooks, books: Books) -> HoldDecision:
    """Set the amount of a new hold aside, out of the accounts that it names and that have it.

    Args:
        hold: the new hold, with its sources.
        key: of the step.
        holds, books: the batch's working state.
    """
    books.balances.setdefault(hold.account, 0)
    holds.placed.add(hold.id)
    books.pots.spend(hold.id, hold.placing())
    receipt = HoldReceipt(hold.id, hold.id, StepKind.HOLD, 0, 0, hold.amount, hold.placed_at)
    return _done(hold, receipt, key, hold.placing(), hold.amount, holds, books)


def _draws(
    command: PlaceHold,
    person: PatientFacts,
    sharings: tuple[Sharing, ...],
    books: Books,
    rules: RuleBook,
    at: datetime,
) -> list[Draw]:
    """Which accounts give how much."""
    if command.authorisation_id is None:
        if command.payer_id != person.id:
            raise refusals.payer_unknown()
        from_wallet = command.from_wallet
        purse = purse_of(person.id, WALLET_ONLY, books.balances) if from_wallet else own_purse(person.id, books)
        if purse.locked:
            raise refusals.account_frozen()
        if purse.total < command.amount:
            raise refusals.not_enough(command.amount, purse.total)
        return purse.draw(command.amount)
    purpose = SHARED_PURPOSES.get(command.purpose)
    if purpose is None:
        raise refusals.not_shareable(command.purpose)
    sharing = next((one for one in sharings if one.authorisation.id == command.authorisation_id), None)
    if sharing is None or sharing.authorisation.sharer_id != command.payer_id:
        raise refusals.payer_unknown()
    if command.purpose is HoldPurpose.PREMIUM:
        # The premium is what insures them: the rule is that of the region that admitted the sharing.
        region = sharing.authorisation.region
    elif person.enrolment is None or not person.enrolment.holds(at.date()):
        raise refusals.not_insured()
    else:
        region = person.enrolment.region
    rule = rules.sharing(region, at.date())
    if rule is None:
        raise refusals.withheld("shared.none.purpose")
    offer = offer_of(sharing, rule, purpose, books, at)
    if offer.withheld is not None:
        raise refusals.withheld(offer.withheld)
    if offer.most < command.amount:
        raise refusals.not_enough(command.amount, offer.most)
    return offer.purse.draw(command.amount, command.authorisation_id)


def capture(command: CaptureHold, holds: HoldBooks, books: Books, at: datetime, step_id: int) -> HoldDecision:
    """Decide a capture.

    Args:
        command: what is taken, and where to.
        holds, books: the batch's working state; changed only when it goes through.
        at: the moment.
        step_id: the step's id, in the hold's bucket.

    Raises:
        NotFound: ``hold.unknown``. InvalidInput: ``hold.amount``, ``hold.credit``.
        Refused: ``hold.ended``, ``hold.expired``, ``hold.too_much``.
    """
    hold = _open_hold(command, holds)
    if hold.expires_at <= at:
        raise refusals.over(hold.expires_at)
    _check_amount(command.amount, hold)
    credit = _target(command.credit, hold, books)
    released = hold.remaining - command.amount if command.release_rest else 0
    legs = (*_taking(hold, command, credit), *_back(hold, released, books, step_id))
    after = _after(hold, command.amount, released, HoldState.CAPTURED)
    receipt = HoldReceipt(step_id, hold.id, StepKind.CAPTURE, command.amount, released, after.remaining, at)
    return _done(after, receipt, command.key, legs, -released, holds, books)


def _taking(hold: Hold, command: CaptureHold, credit: int) -> tuple[Transfer, ...]:
    if command.through is None:
        return hold.taking(command.amount, credit)
    leaves = open_account(AccountKind.CLEARING, command.through, bucket_of(hold.account))
    arrives = open_account(AccountKind.CLEARING, command.through, bucket_of(credit))
    return (*hold.taking(command.amount, leaves), Transfer(arrives, credit, command.amount))


def taken_by_settlement(
    key: HoldKey, hold_id: int, amount: int, settlement_id: int, holds: HoldBooks, at: datetime, step_id: int
) -> HoldDecision:
    """The step of a hold that a settlement takes from: its transfers are the settlement's own, so there is no journal.

    Args:
        key: of the step.
        hold_id: an open hold, which may be over in time: who settles decides that.
        amount: fen, above zero, at most what remains.
        settlement_id: the settlement.
        holds: the batch's working state.
        at: the moment.
        step_id: the step's id, in the hold's bucket.
    """
    hold = holds.holds[hold_id]
    assert hold.state is HoldState.OPEN, "a settlement takes from open holds"
    assert 0 < amount <= hold.remaining, "a settlement takes at most what remains"
    after = _after(hold, amount, 0, HoldState.CAPTURED)
    receipt = HoldReceipt(step_id, hold.id, StepKind.CAPTURE, amount, 0, after.remaining, at)
    holds.holds[hold.id] = after
    holds.steps[bucket_of(hold.account), key.key] = (key.digest, receipt)
    return HoldDecision(receipt, key, hold.placed_at, settlement_id=settlement_id)


def release(command: ReleaseHold, holds: HoldBooks, books: Books, at: datetime, step_id: int) -> HoldDecision:
    """Decide a release; arguments and refusals as `capture`, but a hold whose time is over may be released too."""
    hold = _open_hold(command, holds)
    amount = hold.remaining if command.amount is None else command.amount
    _check_amount(amount, hold)
    after = _after(hold, 0, amount, HoldState.RELEASED)
    receipt = HoldReceipt(step_id, hold.id, StepKind.RELEASE, 0, amount, after.remaining, at)
    return _done(after, receipt, command.key, _back(hold, amount, books, step_id), -amount, holds, books)


def expire(hold: Hold, holds: HoldBooks, books: Books, at: datetime, step_id: int) -> HoldDecision:
    """What becomes of an open hold whose time is over: all that remains goes back.

    Args:
        hold: open, and over at this moment.
        holds, books, at, step_id: as `capture`.
    """
    assert hold.state is HoldState.OPEN, "an ended hold does not expire"
    assert hold.expires_at <= at, "a hold whose time is not over does not expire"
    amount = hold.remaining
    after = _after(hold, 0, amount, HoldState.EXPIRED)
    receipt = HoldReceipt(step_id, hold.id, StepKind.EXPIRE, 0, amount, 0, at)
    return _done(after, receipt, None, _back(hold, amount, books, step_id), -amount, holds, books)


def _open_hold(command: CaptureHold | ReleaseHold, holds: HoldBooks) -> Hold:
    hold = holds.holds.get(command.hold_id)
    if hold is None or hold.person_id != command.person_id:
        raise refusals.unknown()
    if hold.state is not HoldState.OPEN:
        raise refusals.ended(hold.state)
    return hold


def _check_amount(amount: int, hold: Hold) -> None:
    if amount <= 0:
        raise refusals.amount_zero()
    if amount > hold.remaining:
        raise refusals.too_much(amount, hold.remaining)


def _target(credit: int, hold: Hold, books: Books) -> int:
    """The account that is credited, an open one in the payer's bucket."""
    kind = kind_of(credit)
    own = person_of(credit) == hold.payer_id
    if kind.bounded:
        # Back into the payer's own accounts is a release, which knows where each fen came from.
        own_wallet = own and kind is AccountKind.WALLET and hold.authorisation_id is None
        if kind is AccountKind.PERSONAL_HELD or (own and not own_wallet) or credit not in books.balances:
            raise refusals.target()
        return credit
    if kind not in _PAYABLES or (kind is AccountKind.PAYABLE_PERSON and own):
        raise refusals.target()
    if kind is AccountKind.PAYABLE_PERSON:
        return credit
    return credit - bucket_of(credit) + bucket_of(hold.account)


def _back(hold: Hold, amount: int, books: Books, step_id: int) -> tuple[Transfer, ...]:
    """The transfers of a step that give back; what came out of a pot came whole out of it."""
    start = hold.amount - hold.released - amount
    return tuple(
        leg
        for transfer in hold.giving_back(amount)
        for leg in back_home(transfer, books, hold.placed_at, step_id, hold.id, start)
    )


def _after(hold: Hold, captured: int, released: int, ending: HoldState) -> Hold:
    """The hold after a step, in the state `ending` when nothing remains."""
    ended = hold.remaining == captured + released
    state = ending if ended else HoldState.OPEN
    return replace(hold, captured=hold.captured + captured, released=hold.released + released, state=state)


def _done(
    after: Hold,
    receipt: HoldReceipt,
    key: HoldKey | None,
    legs: tuple[Transfer, ...],
    used: int,
    holds: HoldBooks,
    books: Books,
) -> HoldDecision:
    """Change the books, and say what is to be written."""
    for leg in legs:
        books.move(leg)
    under = after.authorisation_id
    usage = {under: used} if under is not None and used else {}
    # The month in which it was held is the month that is given back, whenever that happens.
    apply_moves(books, after.person_id, (), usage, after.placed_at)
    holds.holds[after.id] = after
    if key is not None:
        holds.steps[bucket_of(after.account), key.key] = (key.digest, receipt)
    kind = {StepKind.HOLD: JournalKind.HOLD, StepKind.CAPTURE: JournalKind.CAPTURE}.get(
        receipt.kind, JournalKind.RELEASE
    )
    journal = Journal(receipt.step_id, kind, None, receipt.at, legs)
    return HoldDecision(receipt, key, after.placed_at, journal, usage)

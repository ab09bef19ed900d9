"""Taking a settlement back: each leg to where it came from, the counters to where they were.

A reversal is a settlement of its own with negative amounts and the opposite transfers. It does not ask whether the
authorisation still holds or whose rule is in force today: what was taken is given back. Only when an account has
closed meanwhile does the money go to what we owe the person instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from gongji.benefit.model import CounterMove
from gongji.ledger.model import AccountKind, Journal, JournalKind, Transfer, kind_of
from gongji.settlement import admission_refusals, refusals
from gongji.settlement.books import Books, apply_moves, back_home, usage_of
from gongji.settlement.decide import Decision
from gongji.settlement.deposits import Captured, back_to_payers
from gongji.settlement.model import Explanation, MessageKey, PayerLine, Reverse, Settlement
from gongji.settlement.stays import AdmissionState, Stay


def reverse(
    command: Reverse,
    original: Settlement | None,
    transfers: tuple[Transfer, ...],
    moves: tuple[CounterMove, ...],
    books: Books,
    at: datetime,
    settlement_id: int,
    stay: Stay | None = None,
    captured: Sequence[Captured] = (),
) -> Decision:
    """Decide a reversal.

    Args:
        command: which settlement to take back.
        original: that settlement; None when there is none.
        transfers: the original's transfers.
        moves: how the original moved the counters.
        books: the batch's working state; changed only when the reversal goes through.
        at: the moment of the reversal.
        settlement_id: id of the reversal.
        stay: of a stay in hospital what is known of it; its state and settlements change when the reversal goes through.
        captured: what the original took out of holds.

    Raises:
        NotFound: ``settlement.unknown``.
        Refused: ``settlement.archived``; ``settlement.reversed`` when it was taken back before, or is itself a reversal;
            ``admission.later_settlement`` when a later settlement of the same stay rests on it;
            ``settlement.second_payment`` while a relative's second transaction pays part of it.
    """
    if original is None and command.settlement_id < books.kept_from:
        raise refusals.archived(field="setl_id")
    if (
        original is None
        or original.institution_id != command.institution.id
        or original.person_id != command.person_id
        or original.visit_id != command.visit_id
    ):
        raise refusals.settlement_unknown()
    if original.kind != "settle" or original.id in books.reversed:
        raise refusals.already_reversed()
    check_returnable(original, stay, books)
    kind = JournalKind.REVERSAL
    return take_back(command.key, original, transfers, moves, books, at, settlement_id, kind, stay, captured)


def check_returnable(original: Settlement, stay: Stay | None, books: Books) -> None:
    """Nothing may rest on what goes back: no second payment, no later settlement of the same stay. And its visit has to be
    here, or what is taken back could not be settled anew.

    Raises:
        Refused: ``settlement.archived``, ``second.…``, ``admission.…``.
    """
    if original.visit_id < books.kept_from:
        raise refusals.archived(field="setl_id")
    if books.paid_second.get(original.id, 0):
        raise refusals.second_payment_stands()
    if original.of_stay and stay is None:
        raise admission_refusals.is_a_stay()
    if stay is not None and not original.of_stay:
        raise admission_refusals.is_no_stay()
    if stay is not None and stay.before and stay.before[-1].id != original.id:
        raise admission_refusals.later_first()


def take_back(
    key: MessageKey,
    original: Settlement,
    transfers: tuple[Transfer, ...],
    moves: tuple[CounterMove, ...],
    books: Books,
    at: datetime,
    settlement_id: int,
    kind: str,
    stay: Stay | None,
    captured: Sequence[Captured],
) -> Decision:
    """Give everything of a settlement that stands back to where it came from; arguments as in `reverse`.

    Args:
        kind: the journal's: a reversal or an undo.
    """
    paid = [one for one in transfers if kind_of(one.debit) is not AccountKind.PERSONAL_HELD]
    back = tuple(
        leg
        for transfer in paid
        for leg in back_home(transfer.opposite(), books, original.settled_at, settlement_id, original.id)
    )
    back += back_to_payers(captured, original.institution_id, books, settlement_id)
    taken_back = tuple(CounterMove(move.counter, move.period, -move.added, None) for move in moves)
    usage = {authorisation_id: -amount for authorisation_id, amount in usage_of(transfers).items()}
    # From here on it must succeed.
    for transfer in back:
        books.move(transfer)
    # The month that was used is the month that is given back, whenever that happens.
    apply_moves(books, original.person_id, taken_back, usage, original.settled_at)
    returned = tuple(
        (one.hold.authorisation_id, -one.amount, one.hold.placed_at)
        for one in captured
        if one.hold.authorisation_id is not None
    )
    for authorisation_id, amount, held_at in returned:
        apply_moves(books, original.person_id, (), {authorisation_id: amount}, held_at)
    admission = None
    if stay is not None:
        stay.before = [one for one in stay.before if one.id != original.id]
        if stay.state is AdmissionState.SETTLED:
            admission = stay.state = AdmissionState.DISCHARGED
    books.reversed.add(original.id)
    settlement = opposite(original, "reverse", key, books, at, settlement_id)
    books.settled[key.institution_id, key.infno, key.msgid] = (key.digest, settlement)
    journal = Journal(settlement_id, kind, original.id, at, back)
    return Decision(settlement, original.settled_at, journal, taken_back, usage, returned=returned, admission=admission)


def opposite(
    original: Settlement, kind: str, key: MessageKey, books: Books, at: datetime, settlement_id: int
) -> Settlement:
    """What takes a settlement back (``reverse``), or takes a reversal back (``restore``): all amounts the other way."""
    because = "reversed" if kind == "reverse" else "restored"
    explanation = Explanation(
        tuple(
            PayerLine(line.payer, -line.amount, because, line.clause, {**line.inputs, "settlement": original.id})
            for line in original.explanation.payers
            if line.amount
        ),
        (),
    )
    return replace(
        original,
        id=settlement_id,
        kind=kind,
        reverses=original.id,
        infno=key.infno,
        msgid=key.msgid,
        settled_at=at,
        total=-original.total,
        self_paid=-original.self_paid,
        over_limit=-original.over_limit,
        first_self_pay=-original.first_self_pay,
        in_scope=-original.in_scope,
        deductible=-original.deductible,
        fund_pool=-original.fund_pool,
        fund_large=-original.fund_large,
        fund_civil=-original.fund_civil,
        fund_aid=-original.fund_aid,
        own=-original.own,
        shared=-original.shared,
        wallet=-original.wallet,
        cash=-original.cash,
        balance_after=books.own_balance(original.person_id),
        explanation=explanation,
        lines=(),
    )

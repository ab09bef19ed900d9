"""2601: what a message did is undone, because its sender never learnt of it.

An undone settlement is taken back like a reversed one, by a journal of a kind of its own, and counts in no total
afterwards. An undone reversal restores the settlement, as far as the money that went back is still there: nobody's account
goes below zero, no limit and no cap is passed, no sharer pays who ended the authorisation meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from gongji.benefit.model import Bill, CounterMove
from gongji.family.model import Authorisation, AuthorisationState
from gongji.foundation.errors import GongjiError
from gongji.ledger.model import AccountKind, Journal, JournalKind, Transfer, is_bounded, kind_of
from gongji.settlement import refusals
from gongji.settlement.books import Books, Sharing, VisitFacts, apply_moves, usage_of, usage_periods
from gongji.settlement.decide import Decision
from gongji.settlement.deposits import Captured
from gongji.settlement.model import Settlement, Undo
from gongji.settlement.reversal import check_returnable, opposite, take_back
from gongji.settlement.stays import Stay
from gongji.settlement.waterfall import QUOTA_PAID


def undo(
    command: Undo,
    target: Settlement,
    transfers: tuple[Transfer, ...],
    moves: tuple[CounterMove, ...],
    books: Books,
    at: datetime,
    settlement_id: int,
    stay: Stay | None,
    captured: Sequence[Captured],
) -> Decision:
    """Decide the undo of a settlement that stands.

    Args:
        command: which message.
        target: what the message settled.
        transfers, moves: what it moved.
        books: the batch's working state; changed only when the undo goes through.
        at: now.
        settlement_id: id of what undoes it.
        stay, captured: of a stay in hospital, as in `reverse`.

    Raises:
        Refused: ``undo.reversed`` when it was taken back otherwise; ``admission.later_settlement``.
    """
    if target.id in books.reversed:
        raise refusals.undo_reversed()
    check_returnable(target, stay, books)
    kind = JournalKind.UNDO
    decision = take_back(command.key, target, transfers, moves, books, at, settlement_id, kind, stay, captured)
    books.undone.add(target.id)
    return decision


def restore(
    command: Undo,
    target: Settlement,
    original: Settlement,
    transfers: tuple[Transfer, ...],
    moves: tuple[CounterMove, ...],
    visit: VisitFacts | None,
    sharings: Sequence[Sharing],
    books: Books,
    at: datetime,
    settlement_id: int,
) -> Decision:
    """Decide the undo of a reversal that stands: the settlement stands again.

    Args:
        target: the reversal; `transfers` and `moves` are its.
        original: the settlement that it took back.
        visit: the visit whose lines it set free; None for a purchase.
        sharings: authorisations for the patient.
        command, books, at, settlement_id: as in `undo`.

    Raises:
        Refused: ``undo.not_restorable``, saying what is in the way.
    """
    if original.of_stay:
        # Deposits went back to their payers and may lie elsewhere now; a new 2304 takes what is there.
        raise _impossible("a stay is settled anew instead (2304)", "住院退费请重新结算（2304）")
    if any(line.because == QUOTA_PAID for line in original.explanation.payers):
        # It went back into a relative's quota, and may be used or taken back by now; a new settlement takes what is there.
        raise _impossible("a relative's quota paid part of it: settle it anew", "家人的钱包额度付过一部分，请重新结算")
    again = tuple(transfer.opposite() for transfer in transfers)
    usage = usage_of(again)
    taken = tuple(_again(move, target.person_id, books) for move in moves)
    _check_money(again, books)
    _check_limits(usage, {one.authorisation.id: one.authorisation for one in sharings}, books, original.settled_at)
    batches = () if visit is None else _freed(visit, original)
    # From here on it must succeed.
    for transfer in again:
        books.move(transfer)
    books.pots.spend(settlement_id, again)
    apply_moves(books, target.person_id, taken, usage, original.settled_at)
    for batch in batches:
        assert visit is not None
        del visit.unsettled[batch]
    books.reversed.discard(original.id)
    books.reversed.add(target.id)
    books.undone.add(target.id)
    key = command.key
    settlement = opposite(target, "restore", key, books, at, settlement_id)
    books.settled[key.institution_id, key.infno, key.msgid] = (key.digest, settlement)
    journal = Journal(settlement_id, JournalKind.UNDO, target.id, at, again)
    return Decision(settlement, original.settled_at, journal, taken, usage, batches, stands=original.id)


def _again(move: CounterMove, person_id: int, books: Books) -> CounterMove:
    """A counter's move once more, under the limit that it has now."""
    stored = books.counters.get((person_id, move.counter, move.period))
    cap = stored.cap if stored else None
    if stored is not None and cap is not None and stored.value - move.added > cap:
        raise _impossible("a cap of the year was used up since", "退费后额度已被使用")
    return CounterMove(move.counter, move.period, -move.added, cap)


def _check_money(again: Sequence[Transfer], books: Books) -> None:
    """The money that went back must still be where it went."""
    leaving: Counter[int] = Counter()
    for transfer in again:
        leaving[transfer.debit] += transfer.amount
    if not all(books.pots.covers(transfer) for transfer in again):
        raise _impossible("what was allotted was used or taken back since", "划拨的钱已被使用或收回")
    for account, amount in leaving.items():
        paid_out = kind_of(account) is AccountKind.PAYABLE_PERSON
        if paid_out or (is_bounded(account) and books.balances.get(account, -1) < amount):
            raise _impossible("the money that went back to an account was used since", "退回账户的钱已被使用")


def _check_limits(
    usage: dict[int, int], authorisations: dict[int, Authorisation], books: Books, settled_at: datetime
) -> None:
    for authorisation_id, amount in usage.items():
        one = authorisations.get(authorisation_id)
        if one is None or one.state is not AuthorisationState.ACTIVE:
            raise _impossible("a sharer's authorisation is not active any more", "共济授权已暂停或结束")
        for limit, period in zip((one.limit_total, one.limit_month), usage_periods(settled_at), strict=True):
            if limit is not None and books.usage.get((authorisation_id, period), 0) + amount > limit:
                raise _impossible("a sharer's limit was used up since", "共济限额已被使用")


def _freed(visit: VisitFacts, original: Settlement) -> tuple[str, ...]:
    """The charging batches of the visit that the settlement had settled: one, or all that wait."""
    wanted = Bill(original.total, original.self_paid, original.over_limit, original.first_self_pay, original.in_scope)
    for batch, bill in visit.unsettled.items():
        if bill == wanted:
            return (batch,)
    every = tuple(visit.unsettled)
    bills = visit.unsettled.values()
    together = Bill(
        sum(bill.total for bill in bills),
        sum(bill.self_paid for bill in bills),
        sum(bill.over_limit for bill in bills),
        sum(bill.first_self_pay for bill in bills),
        sum(bill.in_scope for bill in bills),
    )
    if not every or together != wanted:
        raise _impossible("the visit's fee lines changed since", "退费后费用明细有变动")
    return every


def _impossible(en: str, zh: str) -> GongjiError:
    return refusals.restore_impossible(en, zh)

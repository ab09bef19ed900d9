"""One batch: decisions one after the other over the same books, each seeing what those before it did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gongji.foundation.errors import GongjiError
from gongji.foundation.ids import bucket_of, compose
from gongji.ledger.holds import HoldReceipt
from gongji.ledger.model import Journal
from gongji.rules.book import RuleBook
from gongji.settlement import refusals
from gongji.settlement.books import Books, Case, VisitFacts
from gongji.settlement.decide import Decision, settle, stored_answer
from gongji.settlement.deposits import deposits_for, take
from gongji.settlement.holds.decide import bucket_of_money, capture, place, release, stored_receipt
from gongji.settlement.holds.model import CaptureHold, HoldCommand, HoldDecision, PlaceHold, ReleaseHold
from gongji.settlement.lines import bill_of, keep
from gongji.settlement.load import Loaded
from gongji.settlement.model import (
    Reverse,
    ReversePart,
    SettleAdmission,
    Settlement,
    SettlePurchase,
    SettleVisit,
    Undo,
    wire_id,
)
from gongji.settlement.part_return import PartReturned, rest_key, rest_of
from gongji.settlement.quotas import give_back_to_quotas, quotas_for, take_from_quotas
from gongji.settlement.reversal import reverse
from gongji.settlement.undo import restore, undo
from gongji.settlement.wanted import Job
from gongji.settlement.waterfall import Deposit, Quota
from gongji.settlement.write import Entry

#: What comes of a command.
Outcome = Settlement | HoldReceipt | PartReturned | GongjiError


class Batch:
    """The decisions of one transaction.

    Args:
        loaded: what is known, under lock; changed by every decision.
        rules: the rule book.
        at: the moment of all decisions.
        serials: rising numbers for what is made, at least two a command: what is decided later has the higher one, as
            statements and the steps of a hold are read in the order of their numbers within a moment.
    """

    def __init__(self, loaded: Loaded, rules: RuleBook, at: datetime, serials: Sequence[int]) -> None:
        self.loaded = loaded
        self.entries: list[Entry] = []
        self.held: list[HoldDecision] = []
        self.closed: list[tuple[int, str, str]] = []
        self._rules = rules
        self._at = at
        self._serials = list(reversed(serials))

    @property
    def at(self) -> datetime:
        """The moment of all decisions."""
        return self._at

    @property
    def journals(self) -> list[Journal]:
        """The journals of all decisions."""
        settled = [entry.decision.journal for entry in self.entries]
        return [journal for journal in (*settled, *(one.journal for one in self.held)) if journal is not None]

    def decide(self, command: Job, *, dry: bool) -> Outcome:
        """Decide a command; a refusal is returned and leaves no trace."""
        try:
            if isinstance(command, PlaceHold | CaptureHold | ReleaseHold):
                return self._hold(command)
            if isinstance(command, ReversePart):
                return self._return_part(command)
            if isinstance(command, Undo):
                return self._undo(command)
            return self._settle(command, dry=dry)
        except GongjiError as refusal:
            return refusal

    def _settle(self, command: SettleVisit | SettlePurchase | Reverse, *, dry: bool) -> Settlement:
        books = self.loaded.books
        if not dry and (known := stored_answer(command.key, books, command)) is not None:
            return known
        deposits = self._deposits(command)
        decision = self._decision(command, books, dry=dry)
        if decision.journal is not None:
            self.entries.append(Entry(command, decision))
            if isinstance(command, SettleAdmission):
                self._take_deposits(command, decision, deposits)
            self.held += self._of_quotas(command, decision)
        return decision.settlement

    def _of_quotas(
        self, command: SettleVisit | SettlePurchase | Reverse | Undo, decision: Decision
    ) -> list[HoldDecision]:
        """The steps of relatives' quotas that a settlement takes from, or gives back to."""
        settlement, holds, books = decision.settlement, self.loaded.holds, self.loaded.books
        if isinstance(command, Reverse | Undo):
            taken = self.loaded.captured.get(settlement.reverses or 0, ())
            place = settlement.institution_id
            return give_back_to_quotas(taken, place, command.key, settlement.id, holds, books, self._at, self._serials)
        return take_from_quotas(decision.captured, command.key, settlement.id, holds, self._at, self._serials)

    def _take_deposits(self, command: SettleAdmission, decision: Decision, deposits: Sequence[Deposit]) -> None:
        self.held += take(
            dict(decision.captured),
            deposits,
            command.key,
            decision.settlement.id,
            stay_is_over=not command.mid_stay,
            holds=self.loaded.holds,
            books=self.loaded.books,
            at=self._at,
            serials=self._serials,
        )

    def _decision(self, command: SettleVisit | SettlePurchase | Reverse, books: Books, *, dry: bool) -> Decision:
        settlement_id = 0 if dry else compose(self._serials.pop(), bucket_of(command.person_id))
        if isinstance(command, Reverse):
            original = self.loaded.originals.get(command.settlement_id)
            settlement = original.settlement if original else None
            transfers, moves = (original.transfers, original.moves) if original else ((), ())
            stay = self.loaded.stays.get(command.visit_id)
            taken = self.loaded.captured.get(command.settlement_id, ())
            return reverse(command, settlement, transfers, moves, books, self._at, settlement_id, stay, taken)
        quotas = quotas_for(command.person_id, self.loaded.holds, books)
        case = _case(command, self.loaded, settlement_id, self._deposits(command), quotas)
        return settle(case, books, self._rules, self._at, settlement_id)

    def _deposits(self, command: SettleVisit | SettlePurchase | Reverse) -> tuple[Deposit, ...]:
        if not isinstance(command, SettleAdmission):
            return ()
        return deposits_for(wire_id(command.institution.region, command.visit_id), self.loaded.holds)

    def _undo(self, command: Undo) -> Settlement:
        """What the message made is taken back; a message that did not come is closed, so that it cannot settle later."""
        books = self.loaded.books
        if (known := stored_answer(command.key, books)) is not None:
            return known
        settled = [books.settled[place][1] for place in command.undone if place in books.settled]
        if not settled:
            fresh = [place for place in command.undone if place not in books.closed]
            books.closed.update(fresh)
            self.closed += fresh
            raise refusals.nothing_to_undo(command.infnos[0], command.msgid)
        target = settled[0]
        if target.person_id != command.person_id:
            raise refusals.nothing_to_undo(command.infnos[0], command.msgid)
        if target.id in books.undone:
            return target
        found = self.loaded.originals.get(target.id)
        if found is None:
            # Decided a moment ago, in this very transaction: not there for anybody yet.
            raise refusals.still_running(command.infnos[0], command.msgid)
        settlement_id = compose(self._serials.pop(), bucket_of(command.person_id))
        if target.reverses is None:
            stay = self.loaded.stays.get(target.visit_id)
            taken = self.loaded.captured.get(target.id, ())
            decision = undo(command, target, found.transfers, found.moves, books, self._at, settlement_id, stay, taken)
        else:
            original = self.loaded.originals[target.reverses].settlement
            visit = self.loaded.visits.get(target.visit_id)
            sharings = self.loaded.sharings.get(command.person_id, ())
            decision = restore(
                command, target, original, found.transfers, found.moves, visit, sharings, books, self._at, settlement_id
            )
        self.entries.append(Entry(command, decision))
        if target.reverses is None:
            self.held += self._of_quotas(command, decision)
        return decision.settlement

    def _return_part(self, command: ReversePart) -> PartReturned:
        """Both decisions over copies of the books, which become the books when both go through."""
        books, holds = self.loaded.books, self.loaded.holds
        known, rest = stored_answer(command.key, books), stored_answer(rest_key(command), books)
        if known is not None and rest is not None:
            return PartReturned(known, rest)
        if known is not None or rest is not None:
            raise refusals.other_content(command.key)
        whole = Reverse(command.key, command.institution, command.person_id, command.visit_id, command.settlement_id)
        self.loaded.books, self.loaded.holds = books.copy(), holds.copy()
        try:
            back = self._decision(whole, self.loaded.books, dry=False)
            held = self._of_quotas(whole, back)
            purchase = rest_of(command, self.loaded.originals[command.settlement_id].settlement)
            settled = self._decision(purchase, self.loaded.books, dry=False)
        except GongjiError:
            self.loaded.books, self.loaded.holds = books, holds
            raise
        # From here on it must succeed.
        self.held += [*held, *self._of_quotas(purchase, settled)]
        self.entries += [Entry(whole, back), Entry(purchase, settled)]
        return PartReturned(back.settlement, settled.settlement)

    def _hold(self, command: HoldCommand) -> HoldReceipt:
        loaded = self.loaded
        if (known := stored_receipt(command, loaded.holds)) is not None:
            return known
        step_id = compose(self._serials.pop(), bucket_of_money(command))
        if isinstance(command, PlaceHold):
            person, sharings = loaded.patients.get(command.person_id), loaded.sharings.get(command.person_id, ())
            decision = place(
                command, person, tuple(sharings), loaded.holds, loaded.books, self._rules, self._at, step_id
            )
        elif isinstance(command, CaptureHold):
            decision = capture(command, loaded.holds, loaded.books, self._at, step_id)
        else:
            decision = release(command, loaded.holds, loaded.books, self._at, step_id)
        self.held.append(decision)
        return decision.receipt


def _case(
    command: SettleVisit | SettlePurchase,
    loaded: Loaded,
    settlement_id: int,
    deposits: tuple[Deposit, ...],
    quotas: tuple[Quota, ...],
) -> Case:
    """The command with the facts that belong to it; a purchase brings its lines along and is its own visit."""
    patient = loaded.patients.get(command.person_id)
    if patient is None:
        raise refusals.visit_unknown()
    sharings = tuple(loaded.sharings.get(patient.id, ()))
    if isinstance(command, SettleVisit):
        visit = loaded.visits.get(command.visit_id)
        if visit is None:
            raise refusals.visit_unknown()
        return Case(command, patient, visit, sharings, deposits=deposits, quotas=quotas)
    lines = tuple(keep(line) for line in command.lines)
    unsettled = {"": bill_of(lines)} if lines else {}
    visit = VisitFacts(
        id=settlement_id,
        person_id=patient.id,
        institution_id=command.institution.id,
        med_type=command.med_type,
        open=True,
        unsettled=unsettled,
        disease=command.disease,
        prescriber=command.prescriber,
        essential_drugs=all(kept.line.item is not None and kept.line.item.essential_drug for kept in lines),
    )
    return Case(command, patient, visit, sharings, lines, quotas=quotas)

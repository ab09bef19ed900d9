"""Bills paid in cash: what comes of claims, from handing in to the bank, in the family's and the officers' steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from oracle.books import Books, moment
from oracle.claimed import Claimed, Decided, Proposed, sent_back
from oracle.operations import File, StepOfClaim
from oracle.till import Till, split

_HOUR, _DAY = 60, 24 * 60
_TAKEN_FOR, _APPEAL_WITHIN = 8 * _HOUR, 60 * _DAY

#: Fen from which on what the funds pay is two officers'.
_SECOND_FROM = 5_000_00

#: Before this day nobody of the family was insured.
_INSURED_SINCE = date(2020, 1, 1)

_OPEN = ("received", "appealed", "second")
_DECIDED = ("to_pay", "nothing_due", "paid", "bounced")
_APPEALABLE = ("to_pay", "nothing_due", "paid", "refused", "owed_back", "squared")


class Claims:
    """The family's claims."""

    def __init__(self, books: Books, till: Till) -> None:
        self.books = books
        self.till = till
        self.made: dict[int, Claimed] = {}
        #: By invoice the claim that has it.
        self.invoices: dict[int, Claimed] = {}

    def file(self, one: File) -> str:
        """A claim is handed in, under a key."""
        key = one.n if one.again is None else one.again
        known = self.made.get(key)
        if known is not None:
            return known.state
        on = moment(one.at).date() - timedelta(days=one.back)
        if not one.items:
            return "claim.lines"
        if on < _INSURED_SINCE:
            return "claim.not_insured"
        made = Claimed(key, one.patient, one.place, on, one.items, one.invoice)
        if self.invoices.get(one.invoice) is not None:
            return "claim.invoice_claimed"
        self.made[key] = self.invoices[one.invoice] = made
        return made.state

    def step(self, one: StepOfClaim) -> str:
        """Somebody does something with one."""
        made = self.made.get(one.of)
        if made is None:
            return "nothing"
        persons: dict[str, Callable[[Claimed, StepOfClaim], str | None]] = {
            "mend": self._mend,
            "submit": self._submit,
            "withdraw": self._withdraw,
            "appeal": self._appeal,
            "bank": self._name_bank,
        }
        officers: dict[str, Callable[[Claimed, StepOfClaim, str], str | None]] = {
            "take": self._take,
            "release": self._release,
            "return": self._return,
            "decide": self._decide,
            "refuse": self._refuse,
            "uphold": self._uphold,
            "agree": self._agree,
            "disagree": self._disagree,
            "take_back": self._take_back,
            "paid": self._paid,
            "bounced": self._bounced,
            "recovered": self._recovered,
        }
        if isinstance(one.by, str):
            refused = officers[one.what](made, one, one.by)
        elif one.by != made.patient:
            return "claim.unknown"
        else:
            refused = persons[one.what](made, one)
        return refused or made.state

    def seen_by(self, person: int) -> list[tuple[str, int, int]]:
        """A person's claims: how they stand, what the funds pay, what the bank carried."""
        mine = [one for one in self.made.values() if one.patient == person]
        return sorted((one.state, one.stands.funds if one.stands else 0, one.carried) for one in mine)

    def owed(self) -> dict[int, int]:
        """What is owed to each person on all claims, fen."""
        people = {one.patient for one in self.made.values()}
        owed = {person: sum(one.due for one in self.made.values() if one.patient == person) for person in people}
        assert owed == {person: self.owed_at(person, None) for person in people}, "claims and movements say the same"
        return owed

    def owed_at(self, person: int, at: int | None) -> int:
        """What was owed to a person at a minute, or is now, fen."""
        moved = (fen for when, whom, fen in self.books.owed if whom == person and (at is None or when <= at))
        return sum(moved)

    def _mend(self, made: Claimed, one: StepOfClaim) -> str | None:
        """What came back is told anew, and handed in."""
        if made.state != "returned":
            return "claim.not_open"
        if one.word != made.returned:
            return "claim.other_task"
        if one.word == "invoices":
            holder = self.invoices.get(one.invoice)
            if holder is not None and holder is not made:
                return "claim.invoice_claimed"
            self._free(made)
            made.invoice = one.invoice
            self.invoices[one.invoice] = made
        elif not one.items:
            return "claim.lines"
        else:
            made.items = one.items
        made.mended = True
        return self._submit(made, one)

    def _submit(self, made: Claimed, one: StepOfClaim) -> str | None:
        if made.state == "withdrawn":
            return "claim.not_open"
        if made.state != "returned":
            return None
        if not made.mended:
            return "claim.incomplete"
        made.state, made.returned, made.mended = "received", "", False
        return None

    def _withdraw(self, made: Claimed, one: StepOfClaim) -> str | None:
        if made.state == "withdrawn":
            return None
        if made.state not in ("returned", "received", "second") or made.appealed:
            return "claim.not_open"
        self._free(made)
        made.state, made.proposal, made.officer = "withdrawn", None, None
        return None

    def _appeal(self, made: Claimed, one: StepOfClaim) -> str | None:
        if made.state not in _APPEALABLE or made.decided_at is None:
            return "claim.not_waiting"
        if made.appealed:
            return "claim.appealed"
        if one.at > made.decided_at + _APPEAL_WITHIN:
            return "claim.appeal_late"
        if made.refused:
            if self.invoices.get(made.invoice) is not None:
                return "claim.invoice_claimed"
            self.invoices[made.invoice] = made
        made.state, made.appealed, made.officer = "appealed", True, None
        return None

    def _name_bank(self, made: Claimed, one: StepOfClaim) -> str | None:
        if made.state == "returned":
            return "claim.other_task"
        if made.state == "bounced":
            made.state = "to_pay"
        return None if made.state in ("to_pay", "appealed", "second") else "claim.not_open"

    def _take(self, made: Claimed, one: StepOfClaim, by: str) -> str | None:
        if made.state not in ("received", "appealed"):
            return "claim.not_waiting"
        if made.officer == by:
            return None
        if made.appealed and by in made.deciders:
            return "claim.same_officer"
        if made.officer is not None and one.at - made.officer_since < _TAKEN_FOR:
            return "claim.taken"
        made.officer, made.officer_since = by, one.at
        return None

    def _release(self, made: Claimed, one: StepOfClaim, by: str) -> str | None:
        if made.state not in _OPEN:
            return "claim.not_waiting"
        if made.officer != by:
            return "claim.not_in_charge"
        made.officer = None
        return None

    def _return(self, made: Claimed, one: StepOfClaim, by: str) -> str | None:
        refused = self._not_in_charge(made, by, "received")
        if refused is None:
            made.state, made.returned, made.mended, made.officer = "returned", one.word, False, None
        return refused

    def _decide(self, made: Claimed, one: StepOfClaim, by: str) -> str | None:
        refused = self._not_in_charge(made, by, "received", "appealed")
        if refused is not None:
            return refused
        if any(n > len(made.items) for n in one.out):
            return "claim.line"
        funds, _ = self._pay(made, one.out)
        if made.stands is not None and funds < made.stands.funds:
            return "claim.worse"
        if funds >= _SECOND_FROM:
            made.state, made.proposal, made.officer = "second", Proposed(by, one.out), None
            return None
        return self._carry_out(made, one.out, one.at, by, None)

    def _refuse(self, made: Claimed, one: StepOfClaim, by: str) -> str | None:
        refused = self._not_in_charge(made, by, "received")
        if refused is not None:
            return refused
        if one.word == "false_bill":
            made.state, made.proposal, made.officer = "second", Proposed(by, refuses=True), None
            return None
        return self._end_refused(made, one.at, by, None)

    def _uphold(self, made: Claimed, one: StepOfClaim, by: str) -> str | None:
        refused = self._not_in_charge(made, by, "appealed")
        if refused is None:
            made.state, made.officer = self._by_money(made), None
            made.deciders.add(by)
            if made.refused:
                made.state = "refused"
                self._free(made)
        return refused

    def _agree(self, made: Claimed, one: StepOfClaim, by: str) -> str | None:
        refused = self._not_second(made, by)
        if refused is not None or made.proposal is None:
            return refused
        if made.proposal.refuses:
            return self._end_refused(made, one.at, made.proposal.by, by)
        return self._carry_out(made, made.proposal.out, one.at, made.proposal.by, by)

    def _disagree(self, made: Claimed, one: StepOfClaim, by: str) -> str | None:
        refused = self._not_second(made, by)
        if refused is None and made.proposal is not None:
            made.state = "appealed" if made.appealed else "received"
            made.officer, made.officer_since, made.proposal = made.proposal.by, one.at, None
        return refused

    def _take_back(self, made: Claimed, one: StepOfClaim, by: str) -> str | None:
        if made.stands is None or made.state not in _DECIDED:
            return "claim.not_waiting"
        if by in (made.stands.by, made.stands.second):
            return "claim.same_officer"
        self._count(made, one.at, made.stands, -1)
        made.stands, made.appealed, made.decided_at = None, False, one.at
        made.deciders.add(by)
        made.state = self._by_money(made)
        return None

    def _paid(self, made: Claimed, one: StepOfClaim, by: str) -> str | None:
        refused = self._known(made, one)
        if refused is not None or self._carried_before(made, one):
            return refused
        if made.state != "to_pay":
            return "claim.not_waiting"
        if made.stands is not None and by in (made.stands.by, made.stands.second):
            return "claim.same_officer"
        return self._carry(made, one, made.due)

    def _bounced(self, made: Claimed, one: StepOfClaim, by: str) -> str | None:
        """A bank sends back when it likes, whatever became of the claim."""
        if self._carried_before(made, one):
            return None
        out = made.out()
        return self._carry(made, one, sent_back(out, one.word)[0]) if out else "claim.not_waiting"

    def _recovered(self, made: Claimed, one: StepOfClaim, by: str) -> str | None:
        refused = self._known(made, one)
        if refused is not None or self._carried_before(made, one):
            return refused
        return self._carry(made, one, -made.due) if made.state == "owed_back" else "claim.not_waiting"

    @staticmethod
    def _known(made: Claimed, one: StepOfClaim) -> str | None:
        """Whether a reference stands for another step already."""
        used = any(reference == one.word and kind != one.what for kind, _, reference in made.payments)
        return "claim.reference_used" if used else None

    @staticmethod
    def _carried_before(made: Claimed, one: StepOfClaim) -> bool:
        return any((kind, reference) == (one.what, one.word) for kind, _, reference in made.payments)

    def _carry(self, made: Claimed, one: StepOfClaim, amount: int) -> None:
        made.payments.append((one.what, amount, one.word))
        out = amount if one.what == "paid" else -amount
        self.books.treasury.append((one.at, out))
        self.books.owed.append((one.at, made.patient, -out))
        if made.state not in ("appealed", "second"):
            made.state = self._by_money(made)
            if one.what == "bounced" and made.state == "to_pay":
                made.state = "bounced"

    def _not_in_charge(self, made: Claimed, by: str, *states: str) -> str | None:
        if made.state not in states:
            return "claim.not_waiting"
        return None if made.officer == by else "claim.not_in_charge"

    def _not_second(self, made: Claimed, by: str) -> str | None:
        if made.state != "second" or made.proposal is None:
            return "claim.not_waiting"
        same = by == made.proposal.by or (made.appealed and by in made.deciders)
        return "claim.same_officer" if same else None

    def _end_refused(self, made: Claimed, at: int, by: str, second: str | None) -> None:
        self._free(made)
        made.deciders |= {by, second or by}
        made.state, made.refused, made.decided_at = "refused", True, at
        made.proposal = made.officer = None

    def _carry_out(self, made: Claimed, out: tuple[int, ...], at: int, by: str, second: str | None) -> str | None:
        funds, moves = self._pay(made, out)
        if made.stands is not None:
            if funds < made.stands.funds:
                return "claim.worse"
            self._count(made, at, made.stands, -1)
        made.stands, made.ever_decided = Decided(funds, moves, by, second), True
        self._count(made, at, made.stands, 1)
        made.state, made.refused, made.decided_at = self._by_money(made), False, at
        made.deciders |= {by, second or by}
        made.proposal = made.officer = None
        return None

    def _by_money(self, made: Claimed) -> str:
        if made.due > 0:
            return "to_pay"
        if made.due < 0:
            return "owed_back"
        if made.ever_decided and made.stands is None:
            return "squared"
        return "paid" if made.payments else "nothing_due"

    def _pay(self, made: Claimed, out: tuple[int, ...]) -> tuple[int, list[tuple[str, str, int]]]:
        """What the funds pay of it now, as if it had not been decided yet: an officer's lines out, all of them self-paid."""
        items = tuple(
            ("C-C", count, price) if n in out else (code, count, price)
            for n, (code, count, price) in enumerate(made.items, start=1)
        )
        without = made.stands.moves if made.stands is not None else []
        self.till.count(made.patient, without, -1)
        paid, moves, _ = self.till.funds(made.patient, made.place, split(items), made.on)
        self.till.count(made.patient, without, 1)
        return sum(paid.values()), moves

    def _count(self, made: Claimed, at: int, one: Decided, sign: int) -> None:
        self.till.count(made.patient, one.moves, sign)
        if one.funds:
            self.books.funds.append((at, -sign * one.funds))
            self.books.owed.append((at, made.patient, sign * one.funds))

    def _free(self, made: Claimed) -> None:
        if self.invoices.get(made.invoice) is made:
            del self.invoices[made.invoice]

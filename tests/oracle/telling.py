"""What the model says of a story, and which stories have to be played so that everything is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gongji.rules.book import RuleBook
from oracle.books import moment
from oracle.model import Oracle
from oracle.operations import Allot, Operation, Reverse, Settle, StepOfClaim, StepOfQuota, Story, YearEnd
from oracle.till import Drawn

#: Of the stories in which something happens so many are played.
_OF_EACH = 3


def tell(story: Story, rules: RuleBook) -> Telling:
    """Have the model go through a story."""
    oracle, told = Oracle(story, rules), Telling(story)
    for one in story.operations:
        choice_of_holds = _lowers_one_of_two_holds(one, oracle)
        outcome = oracle.predict(one)
        told.note(one, outcome, oracle)
        told.counts["StepOfQuota lowers one of two holds"] += choice_of_holds and "." not in outcome
    told.periods = {period for _, _, period in oracle.till.counters}
    return told


def _lowers_one_of_two_holds(one: Operation, oracle: Oracle) -> bool:
    """Whether somebody means to lower a quota of which something stands in two holds, out of two accounts."""
    made = oracle.quotas.given.get(one.of) if isinstance(one, StepOfQuota) and one.what == "change" else None
    if made is None or one.amount >= made.amount:
        return False
    return len({held.sources[-1][0] for held in made.holds if held.remaining}) > 1


def with_everything(tellings: Sequence[Telling], first: int) -> list[Telling]:
    """The first stories, and of the others those without which something would be played too rarely."""
    chosen = list(tellings[:first])
    played = Counter(what for told in chosen for what in +told.counts)
    for told in tellings[first:]:
        if any(played[what] < _OF_EACH for what in +told.counts):
            chosen.append(told)
            played.update(+told.counts)
    return chosen


@dataclass
class Telling:
    """A story: how often what came up in it; which outcomes there were, and which periods of counters."""

    story: Story
    counts: Counter[str] = field(default_factory=Counter)
    outcomes: set[str] = field(default_factory=set)
    periods: set[str] = field(default_factory=set)

    def note(self, one: Operation, outcome: Any, oracle: Oracle) -> None:
        """Something happened, and the model stands where it stood then."""
        name = type(one).__name__
        if isinstance(outcome, str):
            self.outcomes.add(_kind(outcome))
            back = isinstance(one, Allot) and one.back and outcome.startswith("done")
            self.counts[f"{name} back" if back else f"{name} {_kind(outcome)}"] += 1
            self._note_pots(one, outcome, oracle)
            self._note_claims(one, outcome, oracle)
            return
        if isinstance(one, Settle) and not one.dry:
            self._note_payers(one, oracle)
        if isinstance(one, Reverse):
            for drawn in oracle.till.kept[one.of][1].moves:
                self._note_return(one, drawn, oracle)

    def _note_pots(self, one: Operation, outcome: str, oracle: Oracle) -> None:
        if outcome == "booking" and (made := oracle.premiums.orders.get(one.n)) and made.held.pieces:
            self.counts["Order out of a pot"] += 1
        if isinstance(one, YearEnd) and outcome.endswith("carried"):
            before = [part for part in oracle.books.pots.parts.values() if part.year < moment(one.at).year]
            self.counts["YearEnd over a pot that stays"] += any(part.left for part in before if not part.returns)
            self.counts["YearEnd over a pot that returns"] += any(part.returns for part in before)
        rule = oracle.consent.rule.allotment
        if isinstance(one, Allot) and rule is not None and not one.back:
            there = oracle.books.balance(one.sharer) - rule.floor
            self.counts["Allot all that there is"] += outcome.startswith("done") and there == 0
            self.counts["Allot a fen too much"] += outcome == "allotment.not_enough" and there == one.amount - 1

    def _note_claims(self, one: Operation, outcome: str, oracle: Oracle) -> None:
        if not isinstance(one, StepOfClaim) or "." in outcome or outcome == "nothing":
            return
        made = oracle.claims.made[one.of]
        self.counts[f"Claim: {one.what}"] += 1
        if one.what in ("decide", "agree") and made.stands is not None:
            self.counts["Claim decided to be paid"] += made.stands.funds > 0
            self.counts["Claim decided anew on an appeal"] += made.appealed
            self.counts["Claim decided beside settlements that count"] += any(
                told.patient == made.patient and told.counters for _, told in oracle.till.kept.values()
            )
        if one.what == "take_back":
            self.counts["Claim taken back before it was paid"] += outcome == "squared"
            self.counts["Claim taken back after it was paid"] += outcome == "owed_back"

    def _note_payers(self, one: Settle, oracle: Oracle) -> None:
        drawn = oracle.till.kept[one.n][1].moves
        lenders = [made.giver for made in oracle.quotas.of(one.patient)]
        given = oracle.consent.authorisations.values()
        lenders += [made.sharer for made in given if made.user == one.patient and made.state == "active"]
        self.counts["Settle paid out of a quota"] += any(part.held for part in drawn)
        self.counts["Settle paid out of a pot"] += any(part.pieces for part in drawn)
        self.counts["Settle of whoever's account is frozen"] += oracle.books.is_frozen(one.patient, one.at)
        frozen = any(oracle.books.is_frozen(lender, one.at) for lender in lenders)
        self.counts["Settle beside a sharer's or giver's frozen account"] += frozen

    def _note_return(self, one: Reverse, drawn: Drawn, oracle: Oracle) -> None:
        left = oracle.till.kept[one.of][1].at
        if drawn.quota is not None:
            ended, frozen = drawn.quota.state == "ended", oracle.books.is_frozen(drawn.quota.giver, one.at)
            self.counts["Reverse to a quota that has ended" if ended else "Reverse to a quota in force"] += 1
            self.counts["Reverse to a frozen giver"] += frozen
        if drawn.under is not None and drawn.pieces:
            ended = drawn.under.state == "ended"
            self.counts["Reverse to a pot of a sharing that has ended" if ended else "Reverse to a pot"] += 1
            self.counts["Reverse to a pot over the year's end"] += oracle.books.has_turned(drawn.under.sharer, left)


def _kind(outcome: str) -> str:
    """A refusal's code or a state; of what was credited or turned only that it was."""
    if outcome.endswith("carried"):
        return "nothing turned" if outcome.endswith(" 0 carried") else "turned"
    return outcome.split()[0]

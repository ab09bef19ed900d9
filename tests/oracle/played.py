"""Plays stories on the platform itself: real desk, real services, a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from gongji.foundation.errors import GongjiError
from gongji.foundation.ids import bucket_of
from gongji.ledger.holds import HoldPurpose, HoldReceipt
from gongji.ledger.model import AccountKind, open_account
from gongji.rules.model import Scheme
from gongji.settlement.holds.model import CaptureHold, HoldCommand, HoldKey, PlaceHold, ReleaseHold
from gongji.settlement.model import AccountUse, Command, MessageKey, Reverse, Settlement, SettlePurchase
from oracle.books import moment
from oracle.elsewhere import Elsewhere
from oracle.family import FAMILY
from oracle.operations import AT_THE_DESK, FOLLOWING, MESSAGES, GiveBack, Operation, Repeat, Settle, Story, Take
from oracle.operations import Hold as SetAside
from oracle.operations import Reverse as TakeBack
from oracle.stage import Stage

_FIGURES = ("total", "deductible", "fund_pool", "fund_large", "own", "wallet", "shared", "cash", "balance_after")

#: An id that belongs to nothing.
_NOBODYS = 1 << 40


def raise_families(stage: Stage, stories: Sequence[Story]) -> list[Played]:
    """A family for each story."""
    return [Played(stage, story, members) for story, members in zip(stories, stage.settle_in(stories), strict=True)]


class Played:
    """One family on the stage: what its story's operations became."""

    def __init__(self, stage: Stage, story: Story, members: list[int]) -> None:
        self.stage = stage
        self.story = story
        self.members = members
        self.operations = {one.n: one for one in story.operations}
        self.elsewhere = Elsewhere(stage, story, members)
        self._commands: dict[int, Command | HoldCommand] = {}
        self._held: dict[int, int] = {}
        self._settled: dict[int, Settlement] = {}

    def add(self, one: Operation) -> None:
        """The story goes on."""
        self.operations[one.n] = one
        self.story = replace(self.story, operations=(*self.story.operations, one))

    def batches(self) -> Iterable[list[Operation]]:
        """The story cut into what waits at the desk together, and everything else one by one.

        What takes something back cannot wait beside it: nobody knows its number yet.
        """
        batch: list[Operation] = []
        for one in self.story.operations:
            together = bool(batch) and isinstance(one, AT_THE_DESK) and batch[0].at == one.at
            touched = {getattr(earlier, "of", earlier.n) for earlier in batch} | {earlier.n for earlier in batch}
            if batch and (not together or (isinstance(one, FOLLOWING) and one.of in touched)):
                yield batch
                batch = []
            batch.append(one)
            if not isinstance(one, AT_THE_DESK):
                yield batch
                batch = []
        if batch:
            yield batch

    def play(self, batch: Sequence[Operation]) -> list[Any]:
        """What comes of operations that are done together, in the words of the oracle."""
        self.stage.town.clock.set(moment(batch[0].at))
        if not isinstance(batch[0], AT_THE_DESK):
            return [self.elsewhere.play(batch[0])]
        commands = [self.command(one) for one in batch]
        asked = [
            (command, isinstance(one, Settle) and one.dry)
            for one, command in zip(batch, commands, strict=True)
            if command
        ]
        answers = iter(self.stage.town.clerk.handle(asked) if asked else [])
        return [
            self.outcome(one, next(answers)) if command else "nothing"
            for one, command in zip(batch, commands, strict=True)
        ]

    def command(self, one: Operation) -> Command | HoldCommand | None:
        """The message of an operation at the desk; a repeated one is the one that was sent, or its key."""
        match one:
            case Settle():
                made: Command | HoldCommand = self._purchase(one)
            case TakeBack():
                made = self._take_back(one)
            case SetAside() | Take() | GiveBack():
                made = self._of_a_hold(one)
            case Repeat():
                original = self.operations.get(one.of)
                if not isinstance(original, MESSAGES) or (isinstance(original, Settle) and original.dry):
                    return None
                sent = self._commands[one.of]
                return _with_content(sent, b"other content") if one.other else sent
            case _:
                raise AssertionError(one)
        self._commands[one.n] = made
        return made

    def _purchase(self, one: Settle) -> SettlePurchase:
        town, member = self.stage.town, FAMILY[one.patient]
        place = self.stage.place(self.story.region, one.place)
        town.clock.set(moment(one.at))
        lines = town.lines(*((code, count, f"{price // 100}.{price % 100:02d}") for code, count, price in one.items))
        scheme = {"310": "390", "390": "310"}[member.scheme] if one.wrong_scheme else member.scheme
        return SettlePurchase(
            key=town.key(place, "2102"),
            institution=place,
            person_id=self.members[one.patient],
            lines=lines,
            total=sum(line.total for line in lines) + one.wrong_total,
            account_use=AccountUse(one.use),
            scheme=Scheme(scheme),
            med_type="41",
            certificate_kind="02",
            began_at=moment(one.at),
        )

    def _take_back(self, one: TakeBack) -> Reverse:
        taken = self._settled.get(one.of)
        original = self.operations.get(one.of)
        patient, place = self.members[0], "pharmacy"
        while isinstance(original, TakeBack):
            original = self.operations.get(original.of)
        if isinstance(original, Settle):
            patient, place = self.members[original.patient], original.place
        institution = self.stage.place(self.story.region, place)
        visit, settlement = (taken.visit_id, taken.id) if taken else (_NOBODYS, _NOBODYS)
        return Reverse(self.stage.town.key(institution, "2208"), institution, patient, visit, settlement)

    def _of_a_hold(self, one: SetAside | Take | GiveBack) -> HoldCommand:
        text = f"{self.members[0]}:{one.n}"
        key = HoldKey(text, text.encode().ljust(32, b"."))
        if isinstance(one, SetAside):
            person, until = self.members[one.person], moment(one.at + one.lasts)
            return PlaceHold(key, person, person, one.amount, HoldPurpose.DEPOSIT, "住院", until)
        placed = self.operations.get(one.of)
        person = self.members[placed.person if isinstance(placed, SetAside) else 0]
        hold = self._held.get(one.of, _NOBODYS | bucket_of(person))
        if isinstance(one, GiveBack):
            return ReleaseHold(key, person, hold, one.amount)
        ward = open_account(AccountKind.PAYABLE_INSTITUTION, self.stage.place(self.story.region, "hospital").id, 0)
        return CaptureHold(key, person, hold, one.amount, ward, one.rest)

    def outcome(self, one: Operation, answer: Settlement | HoldReceipt | GongjiError) -> Any:
        """An answer of the desk as the oracle tells it."""
        if isinstance(answer, GongjiError):
            return answer.code
        if isinstance(answer, HoldReceipt):
            n = one.of if isinstance(one, Repeat) else one.n
            if answer.step_id == answer.hold_id:
                assert self._held.setdefault(n, answer.hold_id) == answer.hold_id, f"{one}: held twice"
            return {"captured": answer.captured, "released": answer.released, "remaining": answer.remaining}
        if answer.id:
            n = one.of if isinstance(one, Repeat) else one.n
            first = self._settled.setdefault(n, answer)
            assert first.id == answer.id, f"{one}: settled as {first.id} and again as {answer.id}"
        assert answer.total == answer.fund_total + answer.own + answer.shared + answer.wallet + answer.cash
        return {name: getattr(answer, name) for name in _FIGURES}


def _with_content(command: Command | HoldCommand, content: bytes) -> Command | HoldCommand:
    key = command.key
    if isinstance(key, HoldKey):
        return replace(command, key=HoldKey(key.key, content.ljust(32, b".")))
    return msgspec.structs.replace(
        command, key=MessageKey(key.institution_id, key.infno, key.msgid, content.ljust(32, b"."))
    )

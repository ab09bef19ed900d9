"""Plays stories on the platform itself: real desk, real services, a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from gongji.family import service as family
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.errors import GongjiError
from gongji.foundation.ids import bucket_of
from gongji.ledger.history import balance_at, statement_at
from gongji.ledger.holds import HoldPurpose, HoldReceipt
from gongji.ledger.model import AccountKind, open_account, personal_account
from gongji.ledger.service import balances_of, open_balances, register_poster
from gongji.registry.certificate import CITIZEN_ID, check_certificate, check_digit
from gongji.registry.entering import add_enrolments, add_institutions, add_people
from gongji.registry.entries import NewEnrolment, NewInstitution, NewPerson
from gongji.registry.model import Enrolment, Institution, InstitutionKind
from gongji.rules.book import RuleBook
from gongji.rules.model import Relation, Scheme, Status, Tier
from gongji.settlement.holds.expiry import expire_holds
from gongji.settlement.holds.model import CaptureHold, HoldCommand, HoldKey, PlaceHold, ReleaseHold
from gongji.settlement.model import AccountUse, Command, MessageKey, Reverse, Settlement, SettlePurchase
from oracle.family import FAMILY, PARENTS, SPOUSES, relation_to
from oracle.model import moment
from oracle.operations import (
    AT_THE_DESK,
    FOLLOWING,
    MESSAGES,
    Bind,
    Change,
    Expire,
    GiveBack,
    Operation,
    Read,
    Repeat,
    Settle,
    Story,
    Take,
)
from oracle.operations import Hold as SetAside
from oracle.operations import Reverse as TakeBack
from town import Town

KINDS = {"current": AccountKind.PERSONAL_CURRENT, "historical": AccountKind.PERSONAL_HISTORICAL}
_PSN_TYPES = {"active": "11", "retired": "12", "resident": "15"}
_FIGURES = ("total", "deductible", "fund_pool", "fund_large", "own", "shared", "cash", "balance_after")

#: An id that belongs to nothing.
_NOBODYS = 1 << 40


class Stage:
    """A town in which families are raised and their stories played."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.rules = RuleBook.shipped()
        self._numbers = itertools.count(1)
        self._places: dict[str, dict[str, Institution]] = {
            "211200": {
                "hospital": town.institution("H21120200001"),
                "community": town.institution("H21120200002"),
                "pharmacy": town.institution("P21120200003"),
            }
        }
        self._places["370800"] = self._places["211200"] | town_of_jining(town)

    def raise_families(self, stories: Sequence[Story]) -> list[Played]:
        """A family for each story, all in one transaction."""
        town = self.town
        town.clock.set(moment(-1))
        people = [self._newcomer(member, story, number) for number, story in enumerate(stories) for member in FAMILY]
        with town.database.transaction() as connection:
            ids = list(add_people(connection, town.vault, town.database.serials, people).values())
            families = [ids[first : first + len(FAMILY)] for first in range(0, len(ids), len(FAMILY))]
            add_enrolments(
                connection,
                [
                    NewEnrolment(person, _insurance(member, story.region))
                    for story, members in zip(stories, families, strict=True)
                    for member, person in zip(FAMILY, members, strict=True)
                ],
            )
            family.record_kinship(connection, [fact for members in families for fact in _facts(members)], moment(-1))
            money = [
                (kind, person, amount, story.region)
                for story, members in zip(stories, families, strict=True)
                for person, opening in zip(members, story.opening, strict=True)
                if opening is not None
                for kind, amount in zip(KINDS.values(), opening, strict=True)
            ]
            writer = register_poster(connection, town.database.serials, moment(-1))
            open_balances(connection, writer, town.database.serials, money, moment(-1))
        return [Played(self, story, members) for story, members in zip(stories, families, strict=True)]

    def _newcomer(self, member: Any, story: Story, household: int) -> NewPerson:
        district, sequence = divmod(next(self._numbers), 100)
        area, district = divmod(district, 90)
        number = (
            f"{(int(story.region[:4]) + area):04d}{district + 10:02d}{member.born:%Y%m%d}{sequence:02d}{member.gender}"
        )
        certificate = check_certificate(CITIZEN_ID, number + check_digit(number))
        place = f"{story.seed}/{household}"
        return NewPerson(certificate, member.name, member.gender, member.born, story.region, household=place)

    def place(self, region: str, name: str) -> Institution:
        """Where a purchase is made."""
        return self._places[region][name]


def town_of_jining(town: Town) -> dict[str, Institution]:
    """Two places in Jining beside the hospital that the town has."""
    since = date(2020, 1, 1)
    with town.database.transaction() as connection:
        add_institutions(
            connection,
            [
                NewInstitution(
                    "H37080000002", "任城区社区卫生服务中心", InstitutionKind.HOSPITAL, Tier.TIER_1, "370811", since
                ),
                NewInstitution("P37080000003", "济宁惠民大药房", InstitutionKind.PHARMACY, None, "370811", since),
            ],
        )
    return {
        "hospital": town.institution("H37080000001"),
        "community": town.institution("H37080000002"),
        "pharmacy": town.institution("P37080000003"),
    }


class Played:
    """One family on the stage: what its story's operations became."""

    def __init__(self, stage: Stage, story: Story, members: list[int]) -> None:
        self.stage = stage
        self.story = story
        self.members = members
        self.operations = {one.n: one for one in story.operations}
        self._commands: dict[int, Command | HoldCommand] = {}
        self._held: dict[int, int] = {}
        self._settled: dict[int, Settlement] = {}
        self._bound: dict[int, int] = {}

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
        if isinstance(batch[0], AT_THE_DESK):
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
        return [self.elsewhere(batch[0])]

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

    def elsewhere(self, one: Operation) -> Any:
        """What comes of an operation away from the desk."""
        try:
            match one:
                case Bind():
                    return self._bind(one)
                case Change():
                    return self._change(one) if one.of in self._bound else "nothing"
                case Read():
                    return self._read(one)
                case Expire():
                    expire_holds(self.stage.town.database, self.stage.town.clock)
                    return "expired"
        except GongjiError as refusal:
            return refusal.code

    def _bind(self, one: Bind) -> str:
        town, stage = self.stage.town, self.stage
        relation = relation_to(one.sharer, one.user)
        with town.database.transaction() as connection:
            made = family.bind(
                connection,
                stage.rules,
                sharer_id=self.members[one.sharer],
                user_id=self.members[one.user],
                # A child's spouse is no relation of the rules at all: any that is not admitted is refused alike.
                relation=Relation("parent_in_law" if relation == "child_in_law" else relation),
                limit_total=one.limit_total,
                limit_month=one.limit_month,
                commitment=True,
                actor="citizen",
                at=moment(one.at),
                serials=town.database.serials,
            )
            if made.state == "under_review":
                made = family.review(connection, stage.rules, made.id, "approve", actor="officer", at=moment(one.at))
        self._bound[one.n] = made.id
        return str(made.state)

    def _change(self, one: Change) -> str:
        steps: dict[str, Callable[..., Any]] = {
            "pause": family.pause,
            "resume": family.resume,
            "unbind": family.unbind,
            "leave": family.leave,
        }
        who = {"person_id": self.members[one.by], "actor": "citizen", "at": moment(one.at)}
        with self.stage.town.database.transaction() as connection:
            if one.action == "limits":
                limits = {"limit_total": one.limit_total, "limit_month": one.limit_month}
                after = family.change_limits(connection, self.stage.rules, self._bound[one.of], **limits, **who)
            else:
                after = steps[one.action](connection, self._bound[one.of], **who)
        return str(after.state)

    def _read(self, one: Read) -> Any:
        person = self.members[one.person]
        has_account = self.story.opening[one.person] is not None
        kinds = KINDS if has_account else {}
        with self.stage.town.database.engine.connect() as connection:
            if one.what == "balances":
                found = balances_of(connection, person)
                return {name: found[kind] for name, kind in kinds.items()}
            if one.what == "past":
                at = moment(one.moment)
                return {
                    name: balance_at(connection, [personal_account(kind, person)], at) for name, kind in kinds.items()
                }
            if one.what == "statement":
                return sorted(
                    (_minutes(line.at), name, line.amount)
                    for name, kind in kinds.items()
                    for line in statement_at(connection, [personal_account(kind, person)], moment(one.at))
                )
        if one.what == "counters":
            return {place[1:]: value for place, value in self.counters().items() if place[0] == one.person}
        bound = {other.n for other in self.story.operations if isinstance(other, Bind) and other.sharer == one.person}
        return {place: used for place, used in self.usage().items() if place[0] in bound}

    def counters(self) -> dict[tuple[int, str, str], int]:
        """The family's benefit counters that are not at zero."""
        numbers = {person: member for member, person in enumerate(self.members)}
        with self.stage.town.database.engine.connect() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT person_id, counter, period, value FROM benefit_counter"
                    " WHERE bucket = :bucket AND person_id = ANY(:people) AND value <> 0"
                ),
                {"bucket": bucket_of(self.members[0]), "people": self.members},
            )
            return {(numbers[row.person_id], row.counter, row.period): row.value for row in rows}

    def usage(self) -> dict[tuple[int, str], int]:
        """What was shared under the family's authorisations, in all and by month."""
        numbers = {made: n for n, made in self._bound.items()}
        with self.stage.town.database.engine.connect() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT authorisation_id, period, used FROM authorisation_usage"
                    " WHERE bucket = :bucket AND authorisation_id = ANY(:made) AND used <> 0"
                ),
                {"bucket": bucket_of(self.members[0]), "made": list(numbers)},
            )
            return {(numbers[row.authorisation_id], row.period): row.used for row in rows}

    def balances(self) -> dict[tuple[int, str], int]:
        """What stands in the family's accounts now."""
        places = {
            personal_account(kind, person): (member, name)
            for member, (person, opening) in enumerate(zip(self.members, self.story.opening, strict=True))
            if opening is not None
            for name, kind in (*KINDS.items(), ("held", AccountKind.PERSONAL_HELD))
        }
        with self.stage.town.database.engine.connect() as connection:
            rows = connection.execute(
                sa.text("SELECT id, balance FROM account WHERE bucket = ANY(:buckets) AND id = ANY(:ids)"),
                {"ids": list(places), "buckets": list({account & 1023 for account in places})},
            )
            return {places[row.id]: row.balance for row in rows}


def _with_content(command: Command | HoldCommand, content: bytes) -> Command | HoldCommand:
    key = command.key
    if isinstance(key, HoldKey):
        return replace(command, key=HoldKey(key.key, content.ljust(32, b".")))
    return msgspec.structs.replace(
        command, key=MessageKey(key.institution_id, key.infno, key.msgid, content.ljust(32, b"."))
    )


def _insurance(member: Any, region: str) -> Enrolment:
    scheme, psn_type = Scheme(member.scheme), _PSN_TYPES[member.status]
    return Enrolment(scheme, region, Status(member.status), psn_type, "1", "", False, date(2020, 1, 1), None)


def _facts(members: list[int]) -> Iterable[KinshipFact]:
    for one, other in PARENTS:
        yield KinshipFact(FactKind.PARENT, members[one], members[other], date(1990, 1, 1), None, "register")
    for one, other in SPOUSES:
        low, high = sorted((members[one], members[other]))
        yield KinshipFact(FactKind.SPOUSE, low, high, date(1980, 1, 1), None, "register")


def _minutes(at: datetime) -> int:
    return round((at - moment(0)).total_seconds() / 60)

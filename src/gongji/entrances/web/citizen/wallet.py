"""The wallet on the phone: what stands in the way, to whom, how much, a check, then a page that follows it for both."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.responses import Response

from gongji.entrances import wording
from gongji.entrances.web.citizen.binding import amount_typed
from gongji.entrances.web.citizen.stops import stopped
from gongji.entrances.web.visits import Visit
from gongji.family.kinship import relation_of
from gongji.family.kinship_store import kinship_around
from gongji.family.refusals import Code, refuse
from gongji.foundation import audit
from gongji.foundation.errors import GongjiError, InvalidInput
from gongji.registry import service as registry
from gongji.registry.certificate import CITIZEN_ID, check_certificate
from gongji.registry.model import Person
from gongji.registry.name import check_name
from gongji.rules.model import Relation
from gongji.wallet import service, store
from gongji.wallet.decide import NEAR, check_transfer, closes_at, deadline_of, plan
from gongji.wallet.model import Facts, Part, Source, Transfer, TransferState
from gongji.wallet.refusals import STATE_WORDS, own_hands, unknown
from gongji.wallet.service import Wallets

#: How a transfer's state is coloured.
_TAGS: Final = {
    TransferState.PENDING: "under_review",
    TransferState.ACCEPTED: "active",
    TransferState.DECLINED: "refused",
    TransferState.RETURNED: "refused",
}

#: Transfers on the wallet's page, the newest; institutions in one answer.
_SHOWN: Final = 30
_PLACES: Final = 50

#: The largest amount that is planned: what ten days can carry.
_MOST_PLANNED: Final = 60_000_00


@dataclass(frozen=True, slots=True)
class Line:
    """A transfer in the list: with whom, which way, how it stands, when, how much, and its page."""

    who: str
    sent: bool
    state: str
    tag: str
    at: datetime
    amount: int
    address: str
    waits: bool


@dataclass(frozen=True, slots=True)
class To:
    """Whom the reader has chosen, what they are to the reader, and the ticket that says so in addresses."""

    person_id: int
    relation: Relation
    ticket: str


def overview(visit: Visit) -> Response:
    """``GET /wallet``: the balance, every condition with its clock, what waits, and all transfers."""
    facts, listed = service.wallet_conditions(visit.connection, _wallets(visit), visit.person_id)
    made = store.transfers_of(visit.connection, visit.person_id, _SHOWN)
    lines = _lines(visit, made)
    return visit.render(
        "citizen/wallet.html",
        facts=facts,
        opening=facts.sender.opening,
        area=_place(visit, facts.sender.opening.area) if facts.sender.opening is not None else "",
        conditions=[(one.name, visit.reader.sentence(one.refusal) if one.refusal else "") for one in listed],
        clock=_clock(visit, facts) if all(one.refusal is None for one in listed) else "",
        possible=all(one.refusal is None for one in listed),
        waiting=[one for one in lines if one.waits and not one.sent],
        lines=lines,
    )


def opening(visit: Visit) -> Response:
    """``GET /wallet/open``: the area of use; ``POST`` opens the wallet, or changes its area."""
    facts, _ = service.wallet_conditions(visit.connection, _wallets(visit), visit.person_id)
    errors: dict[str, str] = {}
    if visit.posted:
        try:
            service.open_wallet(
                _wallets(visit), person_id=visit.person_id, area=visit.form.text("area"), caller=visit.caller
            )
            return visit.go("/wallet")
        except InvalidInput as problem:
            errors["area"] = visit.reader.sentence(problem)
        except GongjiError as problem:
            return _stopped(visit, problem, "/wallet")
    chosen = facts.sender.opening.area if facts.sender.opening is not None else facts.sender.region or ""
    areas = _areas(visit, facts)
    return visit.render(
        "citizen/wallet_open.html",
        status=422 if errors else 200,
        errors=errors,
        choices=areas,
        chosen=visit.platform.rules.pooling(chosen) if chosen else "",
    )


def who(visit: Visit) -> Response:
    """``GET /wallet/who``: relatives who are known, or somebody by name and number with a stated relation."""
    errors: dict[str, str] = {}
    typed = {name: visit.form.text(name) for name in ("relation", "name", "number")}
    if visit.posted:
        relation = next((one for one in NEAR if one == typed["relation"]), None)
        if relation is None:
            errors["relation"] = visit.reader.text("bind.who.relation.missing")
        name, number = _typed_person(visit, typed, errors)
        if visit.form.text("commit") != "yes":
            errors["commit"] = visit.reader.text("wallet.who.commit.missing")
        if not errors and relation is not None:
            person = registry.person_by_credential(visit.connection, visit.platform.vault, "certificate", number)
            if person is None or person.name != name:
                # One answer for "no such number" and "another name", so that whoever tries numbers learns nothing.
                return _stopped(visit, refuse(Code.NAME_MISMATCH), "/wallet/who")
            return visit.go(f"/wallet/send?to={_ticket(visit, person.id, relation)}")
    language = visit.reader.language
    return visit.render(
        "citizen/wallet_who.html",
        status=422 if errors else 200,
        errors=errors,
        typed=typed,
        known=_known(visit),
        choices=[(one, wording.text(f"kin.{one}", language), "") for one in Relation if one in NEAR],
    )


def send(visit: Visit) -> Response:
    """``GET /wallet/send``: how much, after every condition; what is too much for one transfer gets a plan."""
    to = _to(visit)
    facts, listed = service.wallet_conditions(
        visit.connection, _wallets(visit), visit.person_id, to.person_id, to.relation
    )
    refusal = next((one.refusal for one in listed if one.refusal is not None), None)
    if refusal is not None:
        return _stopped(visit, refusal, "/wallet")
    errors: dict[str, str] = {}
    typed = visit.form.text("amount")
    source = Source.WALLET if visit.form.text("source") == Source.WALLET else Source.ACCOUNT
    if not facts.account and facts.wallet:
        source = Source.WALLET
    if visit.posted:
        amount = amount_typed(visit, typed, "amount", errors)
        if not errors and not amount:
            errors["amount"] = visit.reader.text("wallet.send.missing")
        if amount and not errors:
            if facts.rule is not None and facts.rule.most_each < amount <= min(facts.balance(source), _MOST_PLANNED):
                return _planned(visit, to, source, facts, amount)
            try:
                check_transfer(facts, amount, source)
            except GongjiError as problem:
                errors["amount"] = visit.reader.sentence(problem)
            else:
                return visit.go(f"/wallet/check?to={to.ticket}&amount={amount}&source={source}")
    return visit.render(
        "citizen/wallet_send.html",
        status=422 if errors else 200,
        errors=errors,
        to=to,
        who=_name(visit, to),
        typed=typed,
        facts=facts,
        most=facts.rule.most_each if facts.rule is not None else 0,
        source=source,
    )


def _planned(visit: Visit, to: To, source: Source, facts: Facts, amount: int) -> Response:
    parts: tuple[Part, ...] = plan(facts, amount)
    return visit.render(
        "citizen/wallet_plan.html",
        amount=amount,
        parts=parts,
        now=visit.now,
        most=facts.rule.most_each if facts.rule is not None else 0,
        first=f"/c/wallet/check?to={to.ticket}&amount={parts[0].amount}&source={source}",
        back=f"/c/wallet/send?to={to.ticket}",
    )


def check(visit: Visit) -> Response:
    """``GET /wallet/check``: amount, to whom, and that it cannot be asked back; ``POST`` sends it."""
    if visit.mandate is not None:
        raise own_hands()
    to = _to(visit)
    asked = visit.form.text if visit.posted else visit.query
    amount = int(asked("amount")) if _is_number(asked("amount")) else 0
    source = Source.WALLET if asked("source") == Source.WALLET else Source.ACCOUNT
    if visit.posted:
        try:
            made = service.send(
                _wallets(visit),
                sender_id=visit.person_id,
                receiver_id=to.person_id,
                amount=amount,
                source=source,
                stated=to.relation,
                key=visit.form.text("key"),
                caller=visit.caller,
            )
        except GongjiError as problem:
            return _stopped(visit, problem, f"/wallet/send?to={to.ticket}")
        return visit.go(f"/wallet/transfers/{made.id}")
    facts, _ = service.wallet_conditions(visit.connection, _wallets(visit), visit.person_id, to.person_id, to.relation)
    try:
        check_transfer(facts, amount, source)
    except GongjiError as problem:
        return _stopped(visit, problem, f"/wallet/send?to={to.ticket}")
    assert facts.rule is not None, "check_transfer refuses without terms"
    return visit.render(
        "citizen/wallet_check.html",
        to=to,
        who=_name(visit, to),
        amount=amount,
        source=source,
        left=facts.balance(source) - amount,
        deadline=deadline_of(facts.rule.terms, visit.now),
        clause=facts.rule.clause,
        key=secrets.token_urlsafe(18),
    )


def transfer(visit: Visit) -> Response:
    """``GET /wallet/transfers/{number}``: how it stands, to both, with what the receiver can do and until when."""
    one = service.transfer_of(visit.connection, _number(visit), visit.person_id)
    (line,) = _lines(visit, [one])
    over = one.state is TransferState.PENDING and visit.now >= one.deadline
    return visit.render(
        "citizen/wallet_transfer.html",
        one=one,
        line=line,
        left=_left(visit, one.deadline - visit.now) if one.state is TransferState.PENDING and not over else "",
        answer=one.state is TransferState.PENDING and not line.sent and not over,
    )


def accept(visit: Visit) -> Response:
    """``POST /wallet/transfers/{number}/accept``."""
    return _answered(visit, accepts=True)


def decline(visit: Visit) -> Response:
    """``POST /wallet/transfers/{number}/decline``."""
    return _answered(visit, accepts=False)


def _answered(visit: Visit, *, accepts: bool) -> Response:
    number = _number(visit)
    act = service.accept if accepts else service.decline
    try:
        act(_wallets(visit), number, receiver_id=visit.person_id, caller=visit.caller)
    except GongjiError as problem:
        if problem.code == "wallet.transfer_unknown":
            raise
        return _stopped(visit, problem, f"/wallet/transfers/{number}")
    return visit.go(f"/wallet/transfers/{number}")


def places(visit: Visit) -> Response:
    """``GET /wallet/places``: hospitals and pharmacies of the area of use that take the wallet, by a part of the name."""
    opened = store.openings_of(visit.connection, [visit.person_id]).get(visit.person_id)
    facts, _ = service.wallet_conditions(visit.connection, _wallets(visit), visit.person_id)
    area = opened.area if opened is not None else facts.sender.region or ""
    words = visit.query("words")[:60]
    prefix = area[:2] if area.endswith("0000") else area[:4]
    found = store.institutions_taking(visit.connection, prefix, words, visit.now.date(), _PLACES) if prefix else []
    return visit.render(
        "citizen/wallet_places.html", area=_place(visit, area) if area else "", words=words, found=found
    )


def _wallets(visit: Visit) -> Wallets:
    return visit.platform.wallets


def _stopped(visit: Visit, problem: GongjiError, back: str) -> Response:
    """Where a transfer cannot go on: the exact limit, and when it clears; everything else as in binding."""
    clears = problem.details.get("clears_at")
    if clears is None:
        return stopped(visit, problem, back=back)
    return visit.render(
        "citizen/wallet_stopped.html",
        status=problem.status,
        code=problem.code,
        title=visit.reader.sentence(problem),
        clears=datetime.fromisoformat(str(clears)),
        way=f"/c{back}",
    )


def _clock(visit: Visit, facts: Facts) -> str:
    """How many may still be sent today, and until when."""
    assert facts.rule is not None, "asked only where every condition holds"
    left = facts.rule.terms.most_a_day - len(facts.sent_today)
    return visit.reader.text("wallet.clock", closes=f"{closes_at(facts.rule.terms, visit.now):%H:%M}", count=left)


def _left(visit: Visit, span: timedelta) -> str:
    hours, minutes = divmod(max(1, int(span.total_seconds()) // 60), 60)
    return visit.reader.text("wallet.left", hours=hours, minutes=minutes)


def _areas(visit: Visit, facts: Facts) -> list[tuple[str, str, str]]:
    """The cities in which the wallet is open, the reader's own first, as choices."""
    rules, today = visit.platform.rules, visit.now.date()
    own = rules.pooling(facts.sender.region) if facts.sender.region is not None else ""
    cities = {one for one in rules.regions() if not one.endswith("0000")} | set(_wallets(visit).opened)
    shown = sorted((one for one in cities if _wallets(visit).is_open(one, today)), key=lambda one: (one != own, one))
    return [(one, _place(visit, one), "") for one in shown]


def _place(visit: Visit, region: str) -> str:
    return wording.place(region, visit.platform.rules.name(region), visit.reader.language)


def _typed_person(visit: Visit, typed: dict[str, str], errors: dict[str, str]) -> tuple[str, str]:
    """The name and the key of the certificate that were typed; sentences by field go into `errors`."""
    name = number = ""
    try:
        name = check_name(typed["name"], field="name")
    except InvalidInput as problem:
        errors["name"] = visit.reader.sentence(problem)
    try:
        number = check_certificate(CITIZEN_ID, typed["number"], type_field="kind", field="number").key
    except InvalidInput as problem:
        errors["number"] = visit.reader.sentence(problem)
    return name, number


def _known(visit: Visit) -> list[tuple[str, str]]:
    """Near relatives whom the registers know: what the reader calls them, and the address that goes on with them."""
    me = visit.person_id
    facts = kinship_around(visit.connection, (me,))
    others = {person for fact in facts for person in (fact.one, fact.other)} - {me}
    related = {one: relation_of(one, me, facts, visit.now.date()) for one in others}
    near = {one: relation for one, relation in related.items() if relation is not None and relation in NEAR}
    people = registry.people_by_id(visit.connection, visit.platform.vault, near)
    shown = []
    for one, person in sorted(people.items()):
        words = _called(visit, person, near[one])
        shown.append((words, f"/c/wallet/send?to={_ticket(visit, one, near[one])}"))
    return shown


def _called(visit: Visit, person: Person, relation: Relation) -> str:
    kin = wording.kin(relation, person.gender, visit.reader.language)
    return visit.reader.text("wallet.called", kin=kin, name=person.masked_name)


def _mac(visit: Visit, person_id: int, relation: str) -> str:
    return visit.platform.vault.index("wallet.to", f"{visit.person_id}:{person_id}:{relation}").hex()[:32]


def _ticket(visit: Visit, person_id: int, relation: Relation) -> str:
    """Says in an address whom the reader may send to: it cannot be made for somebody whose name was not known."""
    return f"{person_id}-{relation}-{_mac(visit, person_id, relation)}"


def _to(visit: Visit) -> To:
    """Whom the address names.

    Raises:
        NotFound: ``wallet.transfer_unknown`` for a ticket that is not this reader's.
    """
    ticket = visit.form.text("to") or visit.query("to")
    number, _, rest = ticket.partition("-")
    relation, _, mac = rest.partition("-")
    known = next((one for one in NEAR if one == relation), None)
    right = known is not None and _is_number(number) and mac.isascii()
    if not right or known is None or not hmac.compare_digest(mac, _mac(visit, int(number), known)):
        raise unknown()
    return To(int(number), known, ticket)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _number(visit: Visit) -> int:
    number = visit.part("number")
    if not _is_number(number):
        raise unknown()
    return int(number)


def _name(visit: Visit, to: To) -> str:
    people = registry.people_by_id(visit.connection, visit.platform.vault, [to.person_id])
    return _called(visit, people[to.person_id], to.relation)


def _lines(visit: Visit, made: list[Transfer]) -> list[Line]:
    """Transfers as the reader sees them; whose names were read stands in the audit."""
    me = visit.person_id
    others = {one.receiver_id if one.sender_id == me else one.sender_id for one in made}
    people = registry.people_by_id(visit.connection, visit.platform.vault, others)
    for person in sorted(people):
        audit.record(visit.connection, visit.caller, "wallet.read", at=visit.now, person_id=person)
    chinese = visit.reader.language is wording.Language.CHINESE
    lines = []
    for one in made:
        sent = one.sender_id == me
        other = people[one.receiver_id if sent else one.sender_id]
        said = wording.kin if sent else wording.kin_seen_by_user
        kin = said(one.relation, other.gender, visit.reader.language)
        words = STATE_WORDS[one.state][0 if chinese else 1]
        lines.append(
            Line(
                who=visit.reader.text("wallet.called", kin=kin, name=other.masked_name),
                sent=sent,
                state=words if sent else visit.reader.text(f"wallet.yours.{one.state}"),
                tag=_TAGS.get(one.state, ""),
                at=one.made_at,
                amount=one.amount,
                address=f"/c/wallet/transfers/{one.id}",
                waits=one.state is TransferState.PENDING and visit.now < one.deadline,
            )
        )
    return lines

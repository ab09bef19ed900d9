"""The wallet on the phone: what stands in the way, to whom, how much, a check, then a page that follows it for both."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.responses import Response

from gongji.entrances import wording
from gongji.entrances.web.citizen.binding import amount_typed
from gongji.entrances.web.citizen.quotas import lines_of
from gongji.entrances.web.citizen.receivers import To, chosen, name_of, quotas_now
from gongji.entrances.web.citizen.stops import stopped
from gongji.entrances.web.visits import Visit, whole
from gongji.foundation import audit
from gongji.foundation.errors import GongjiError, InvalidInput
from gongji.registry import service as registry
from gongji.wallet import answering, service, store
from gongji.wallet.decide import check_transfer, closes_at, deadline_of, plan
from gongji.wallet.model import Condition, Facts, Part, Source, Transfer, TransferState
from gongji.wallet.quotas.model import QuotaState
from gongji.wallet.quotas.service import quota_conditions
from gongji.wallet.refusals import STATE_WORDS, own_hands
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


def overview(visit: Visit) -> Response:
    """``GET /wallet``: what can be used, every condition with its clock, what waits, all quotas and transfers."""
    by_quota = quotas_now(visit)
    facts: Facts
    listed: tuple[Condition, ...]
    if by_quota:
        facts, listed = quota_conditions(visit.connection, _wallets(visit), visit.person_id)
    else:
        facts, listed = service.wallet_conditions(visit.connection, _wallets(visit), visit.person_id)
    possible = all(one.refusal is None for one in listed)
    lines = _lines(visit, store.transfers_of(visit.connection, visit.person_id, _SHOWN))
    quotas = lines_of(visit)
    mine = [one.one for one in quotas if not one.given and one.one.state is QuotaState.ACTIVE]
    return visit.render(
        "citizen/wallet.html",
        facts=facts,
        opening=facts.sender.opening,
        can_open=facts.sender.region_open,
        area=_place(visit, facts.sender.opening.area) if facts.sender.opening is not None else "",
        conditions=[(one.name, visit.reader.sentence(one.refusal) if one.refusal else "") for one in listed],
        clock=_clock(visit, facts) if possible and not by_quota else "",
        possible=possible,
        waiting=[one for one in lines if one.waits and not one.sent],
        lines=lines,
        by_quota=by_quota,
        quotas=quotas,
        usable=sum(one.left for one in mine),
        used_up=bool(mine),
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


def send(visit: Visit) -> Response:
    """``GET /wallet/send``: how much, after every condition; what is too much for one transfer gets a plan."""
    to = chosen(visit)
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
        who=name_of(visit, to),
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
    if visit.for_another:
        raise own_hands()
    to = chosen(visit)
    asked = visit.form.text if visit.posted else visit.query
    amount = whole(asked("amount")) or 0
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
        who=name_of(visit, to),
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
    act = answering.accept if accepts else answering.decline
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
        to=visit.form.text("to") or visit.query("to"),
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


def _number(visit: Visit) -> int:
    return visit.number()


def _lines(visit: Visit, made: list[Transfer]) -> list[Line]:
    """Transfers as the reader sees them; whose names were read stands in the audit."""
    me = visit.person_id
    others = {one.receiver_id if one.sender_id == me else one.sender_id for one in made}
    people = registry.people_by_id(visit.connection, visit.platform.vault, others)
    audit.record_each(visit.connection, visit.caller, "wallet.read", people, at=visit.now)
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

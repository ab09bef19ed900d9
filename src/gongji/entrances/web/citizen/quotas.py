"""Wallet quotas on the phone: how much for whom, a check, and a page of each quota that both follow, change and end."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import Response

from gongji.entrances.naming import named
from gongji.entrances.web.citizen.binding import amount_typed
from gongji.entrances.web.citizen.receivers import chosen, name_of
from gongji.entrances.web.citizen.stops import stopped
from gongji.entrances.web.visits import Visit, whole
from gongji.entrances.wording import money
from gongji.foundation import audit
from gongji.foundation.errors import GongjiError
from gongji.registry import service as registry
from gongji.settlement.queries import places_of
from gongji.wallet.quotas import refusals, service, store
from gongji.wallet.quotas.decide import check_change, check_quota, rule_of
from gongji.wallet.quotas.model import Quota, QuotaFacts, QuotaState
from gongji.wallet.service import Wallets

#: How a quota's state is coloured.
_TAGS: Final = {QuotaState.PROPOSED: "under_review", QuotaState.ACTIVE: "active", QuotaState.ENDED: "refused"}

#: Quotas on the wallet's page, those that stand first.
_SHOWN: Final = 30


@dataclass(frozen=True, slots=True)
class Line:
    """A quota as the reader sees it: with whom, which way, how it stands in words, and its page."""

    one: Quota
    who: str
    given: bool
    state: str
    tag: str
    address: str

    @property
    def waits(self) -> bool:
        """Whether the reader has to answer it."""
        return not self.given and self.one.state is QuotaState.PROPOSED


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a quota's history: when, what in words, where, and how much (fen)."""

    at: datetime
    what: str
    place: str
    amount: int


def lines_of(visit: Visit) -> list[Line]:
    """The reader's quotas; whose names were read stands in the audit."""
    return _lines(visit, store.quotas_of(visit.connection, visit.person_id, _SHOWN))


def new(visit: Visit) -> Response:
    """``GET /wallet/quotas/new``: how much, after every condition."""
    if visit.for_another:
        raise refusals.own_hands()
    to = chosen(visit)
    facts, listed = service.quota_conditions(
        visit.connection, _wallets(visit), visit.person_id, to.person_id, to.relation
    )
    refusal = next((one.refusal for one in listed if one.refusal is not None), None)
    if refusal is not None:
        way = (
            f"/wallet/quotas/{facts.standing.id}" if refusal.code == "quota.standing" and facts.standing else "/wallet"
        )
        return stopped(visit, refusal, back=way)
    errors: dict[str, str] = {}
    typed = visit.form.text("amount")
    if visit.posted:
        amount = amount_typed(visit, typed, "amount", errors) or 0
        if not errors:
            try:
                check_quota(facts, amount)
                return visit.go(f"/wallet/quotas/check?to={to.ticket}&amount={amount}")
            except GongjiError as problem:
                errors["amount"] = visit.reader.sentence(problem)
    return visit.render(
        "citizen/quota_amount.html",
        status=422 if errors else 200,
        errors=errors,
        who=name_of(visit, to),
        to=to,
        typed=typed,
        account=facts.account,
        limits=_limits(visit, facts),
        most=_most(facts, facts.account),
        one=None,
    )


def check(visit: Visit) -> Response:
    """``GET /wallet/quotas/check``: how much for whom, and what it means; ``POST`` sets it."""
    if visit.for_another:
        raise refusals.own_hands()
    to = chosen(visit)
    asked = visit.form.text("amount") if visit.posted else visit.query("amount")
    amount = whole(asked) or 0
    back = f"/wallet/quotas/new?to={to.ticket}"
    try:
        if visit.posted:
            made = service.set_quota(
                _wallets(visit),
                giver_id=visit.person_id,
                user_id=to.person_id,
                amount=amount,
                stated=to.relation,
                key=visit.form.text("key"),
                caller=visit.caller,
            )
            return visit.go(f"/wallet/quotas/{made.id}")
        facts, _ = service.quota_conditions(
            visit.connection, _wallets(visit), visit.person_id, to.person_id, to.relation
        )
        check_quota(facts, amount)
    except GongjiError as problem:
        return stopped(visit, problem, back=back)
    return visit.render(
        "citizen/quota_check.html",
        to=to,
        who=name_of(visit, to),
        amount=amount,
        left=facts.account - amount,
        both_agree=rule_of(facts).both_agree,
        ends_with_insurance=rule_of(facts).ends_with_insurance,
        back=f"/c{back}",
        key=secrets.token_urlsafe(18),
    )


def quota(visit: Visit) -> Response:
    """``GET /wallet/quotas/{number}``: how it stands, what was used where, and what the reader can do."""
    one = _mine(visit)
    (line,) = _lines(visit, [one])
    return visit.render("citizen/quota.html", one=one, line=line, events=_events(visit, one))


def change(visit: Visit) -> Response:
    """``GET /wallet/quotas/{number}/change``: the amount anew; ``POST`` sets it."""
    one = _mine(visit)
    if visit.for_another:
        raise refusals.own_hands()
    if one.giver_id != visit.person_id or one.state is QuotaState.ENDED:
        return visit.go(f"/wallet/quotas/{one.id}")
    facts, _ = service.quota_conditions(visit.connection, _wallets(visit), visit.person_id)
    (line,) = _lines(visit, [one])
    errors: dict[str, str] = {}
    typed = visit.form.text("amount")
    if visit.posted:
        amount = amount_typed(visit, typed, "amount", errors) or 0
        if not errors:
            try:
                check_change(facts, one, amount)
                service.change_quota(
                    _wallets(visit), one.id, giver_id=visit.person_id, amount=amount, caller=visit.caller
                )
                return visit.go(f"/wallet/quotas/{one.id}")
            except GongjiError as problem:
                errors["amount"] = visit.reader.sentence(problem)
    return visit.render(
        "citizen/quota_amount.html",
        status=422 if errors else 200,
        errors=errors,
        who=line.who,
        to=None,
        typed=typed,
        account=facts.account,
        limits=_limits(visit, facts),
        most=max(_most(facts, one.amount + facts.account), one.used),
        one=one,
    )


def accept(visit: Visit) -> Response:
    """``POST /wallet/quotas/{number}/accept``."""
    one = _mine(visit)
    try:
        service.accept_quota(_wallets(visit), one.id, user_id=visit.person_id, caller=visit.caller)
    except GongjiError as problem:
        return stopped(
            visit, problem, back="/wallet" if problem.code.startswith("wallet.") else f"/wallet/quotas/{one.id}"
        )
    return visit.go(f"/wallet/quotas/{one.id}")


def end(visit: Visit) -> Response:
    """``GET /wallet/quotas/{number}/end``: what it does, before it is done; ``POST`` ends it."""
    one = _mine(visit)
    if visit.posted and visit.form.text("sure") == "yes":
        service.end_quota(_wallets(visit), one.id, person_id=visit.person_id, caller=visit.caller)
        return visit.go(f"/wallet/quotas/{one.id}")
    if one.state is QuotaState.ENDED:
        return visit.go(f"/wallet/quotas/{one.id}")
    (line,) = _lines(visit, [one])
    return visit.render("citizen/quota_end.html", one=one, line=line)


def _most(facts: QuotaFacts, account: int) -> int:
    """The most that a quota can be now, fen."""
    rule = facts.quota_rule
    return account if rule is None or rule.most_each is None else min(account, rule.most_each)


def _limits(visit: Visit, facts: QuotaFacts) -> list[tuple[str, str]]:
    """What the rule of the giver's region limits: in words, and how much."""
    rule, text = facts.quota_rule, visit.reader.text
    if rule is None:
        return []
    amounts = {"least_each": rule.least_each, "most_each": rule.most_each}
    told = [(text(f"quota.limit.{name}"), money(found)) for name, found in amounts.items() if found is not None]
    if rule.most_users is not None:
        told.append(
            (text("quota.limit.most_users"), text("quota.limit.users", count=rule.most_users, given=facts.given))
        )
    if rule.most_givers is not None:
        told.append((text("quota.limit.most_givers"), text("quota.limit.givers", count=rule.most_givers)))
    return told


def _wallets(visit: Visit) -> Wallets:
    return visit.platform.wallets


def _mine(visit: Visit) -> Quota:
    return service.quota_of(visit.connection, visit.number(), visit.person_id)


def _lines(visit: Visit, found: list[Quota]) -> list[Line]:
    me = visit.person_id
    others = {one.user_id if one.giver_id == me else one.giver_id for one in found}
    people = registry.people_by_id(visit.connection, visit.platform.vault, others)
    audit.record_each(visit.connection, visit.caller, "wallet.read", people, at=visit.now)
    lines = []
    for one in found:
        given = one.giver_id == me
        other = people[one.user_id if given else one.giver_id]
        state = f"quota.state.{one.end or one.state}"
        side = "given" if given else "mine"
        lines.append(
            Line(
                one=one,
                who=named(other, one.relation, visit.reader.language, seen_by_user=not given),
                given=given,
                state=visit.reader.text(f"{state}.{side}"),
                tag=_TAGS[one.state],
                address=f"/c/wallet/quotas/{one.id}",
            )
        )
    return lines


def _events(visit: Visit, one: Quota) -> list[Event]:
    """What happened to its money, newest first; where, and not what for."""
    moved = store.movements(visit.connection, one.id)
    places = places_of(visit.connection, {line.settlement_id for line in moved if line.settlement_id is not None})
    events = []
    for line in moved:
        place = places.get(line.settlement_id or 0)
        name = place.institution if place else ""
        events.append(Event(line.at, visit.reader.text(f"quota.moved.{line.what}"), name, line.amount))
    return events

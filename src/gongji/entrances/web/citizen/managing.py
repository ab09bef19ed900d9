"""What the two sides of an authorisation do with it: pause, resume, limits, purposes, the end; order and amount kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.responses import Response

from gongji.allotment import service as allotments
from gongji.entrances import reminding
from gongji.entrances.naming import name_of
from gongji.entrances.reminding import Kind
from gongji.entrances.web.citizen.binding import amount_typed, purpose_choices
from gongji.entrances.web.citizen.sharings import Sharing, sharings
from gongji.entrances.web.citizen.stops import stopped
from gongji.entrances.web.visits import Visit
from gongji.family import changes, wishes
from gongji.family import service as family
from gongji.family.model import Authorisation, AuthorisationState
from gongji.family.refusals import Code, refuse
from gongji.family.transitions import IN_FORCE_STATES
from gongji.foundation import audit, reminders
from gongji.foundation.errors import GongjiError
from gongji.foundation.money import yuan
from gongji.ledger import service as ledger
from gongji.ledger.model import AccountKind
from gongji.registry import service as registry
from gongji.rules.model import BalanceSource, Purpose, SharingRule
from gongji.settlement import queries


@dataclass(frozen=True, slots=True)
class Effect:
    """What ending an authorisation now would mean.

    Attributes:
        from_day: the first day on which it may be ended; None when that is now.
        visits: the user's visits that are registered and not settled yet; they would no longer be paid from it.
        in_hospital: whether the user is in hospital.
        unused: fen of this month's limit that are not used; None without a limit.
        allotted: fen that were allotted, are not used, and come back to the sharer.
    """

    from_day: date | None
    visits: int
    in_hospital: bool
    unused: int | None
    allotted: int


def sharing(visit: Visit) -> Response:
    """One authorisation, with what the reader can do about it."""
    one = _mine(visit)
    return visit.render(
        "citizen/sharing.html",
        one=one,
        shown=_told(visit, one),
        sharer=one.sharer_id == visit.person_id,
        limits=_limits_allowed(visit, one),
        allots=_allots(visit, one),
        in_force=one.state in IN_FORCE_STATES,
        done=visit.query("done") if visit.query("done") in _DONE else "",
    )


#: What a page says was just done (``mine.done.<word>``).
_DONE: Final = ("paused", "resumed", "changed")


def pause(visit: Visit) -> Response:
    """Stop spending, or let it be spent again."""
    one = _mine(visit)
    step = family.resume if visit.form.text("step") == "resume" else family.pause
    try:
        with visit.connection.begin_nested():
            after = step(visit.connection, one.id, person_id=visit.person_id, actor=visit.caller.holder, at=visit.now)
    except GongjiError as problem:
        return stopped(visit, problem, back=f"/sharings/{one.id}")
    paused = after.state is AuthorisationState.PAUSED
    _note(visit, "authorisation.pause" if paused else "authorisation.resume", one)
    return visit.go(f"/sharings/{one.id}?done={'paused' if paused else 'resumed'}")


def limits(visit: Visit) -> Response:
    """How much a month, and for what."""
    one = _mine(visit)
    if one.sharer_id != visit.person_id or one.state not in IN_FORCE_STATES:
        raise refuse(Code.UNKNOWN)
    rule = _rule(visit, one)
    typed = "" if one.limit_month is None else yuan(one.limit_month)
    chosen = [str(purpose) for purpose in one.purposes]
    errors: dict[str, str] = {}
    if visit.posted:
        typed, chosen = visit.form.text("limit"), visit.form.all("purposes")
        fen = amount_typed(visit, typed, "limit", errors) if rule.sharer_limit_allowed else None
        purposes = {purpose for purpose in Purpose if purpose in chosen and purpose in rule.purposes}
        if not purposes:
            errors["purposes"] = visit.reader.text("bind.terms.purposes.missing")
        if not errors:
            _change(visit, one, rule, fen, purposes)
            return visit.go(f"/sharings/{one.id}?done=changed")
    return visit.render(
        "citizen/limits.html",
        status=422 if errors else 200,
        errors=errors,
        one=one,
        shown=_told(visit, one),
        limit=typed,
        limits=rule.sharer_limit_allowed,
        choices=purpose_choices(visit, rule),
        chosen=chosen,
    )


def _change(visit: Visit, one: Authorisation, rule: SharingRule, fen: int | None, purposes: set[Purpose]) -> None:
    if rule.sharer_limit_allowed and fen != one.limit_month:
        family.change_limits(
            visit.connection,
            visit.platform.rules,
            one.id,
            limit_total=one.limit_total,
            limit_month=fen,
            person_id=visit.person_id,
            actor=visit.caller.holder,
            at=visit.now,
        )
    if purposes != one.purposes:
        wishes.change_purposes(
            visit.connection,
            visit.platform.rules,
            one.id,
            purposes=purposes,
            person_id=visit.person_id,
            actor=visit.caller.holder,
            at=visit.now,
        )
    _note(visit, "authorisation.limits", one)


def end(visit: Visit) -> Response:
    """The end: first what it means for this family, with softer choices; then, once confirmed, the end."""
    one = _mine(visit)
    sharer = one.sharer_id == visit.person_id
    if one.state not in IN_FORCE_STATES:
        return visit.go(f"/sharings/{one.id}")
    effect = _effect(visit, one) if sharer else Effect(None, *_care(visit, one), None, 0)
    if visit.posted and effect.from_day is not None and visit.form.text("later") in ("do", "tell"):
        do_it = visit.form.text("later") == "do"
        holder = visit.caller.holder
        reminding.ask_to_unbind(visit.connection, one, effect.from_day, do_it=do_it, asked_by=holder, at=visit.now)
        _note(visit, "reminder.ask", one)
        return visit.go("/reminders")
    if visit.posted and visit.form.text("sure") == "yes":
        step = family.unbind if sharer else family.leave
        try:
            with visit.connection.begin_nested():
                step(visit.connection, one.id, person_id=visit.person_id, actor=visit.caller.holder, at=visit.now)
        except GongjiError as problem:
            return stopped(visit, problem, back=f"/sharings/{one.id}")
        for kind in (Kind.UNBIND, Kind.UNBIND_DAY):
            reminders.void(visit.connection, one.sharer_id, kind, str(one.id), visit.now)
        _note(visit, "authorisation.end", one)
        return visit.go(f"/sharings/{one.id}")
    return visit.render(
        "citizen/end.html",
        one=one,
        shown=_told(visit, one),
        sharer=sharer,
        effect=effect,
        limits=_limits_allowed(visit, one),
        appointed=_appointed(visit, one),
    )


def _appointed(visit: Visit, one: Authorisation) -> str:
    """What the reader has asked for about the end of a sharing: a kind of reminder; "" for nothing."""
    waiting = reminders.waiting_of(visit.connection, visit.person_id)
    mine = [
        each.kind for each in waiting if each.kind in (Kind.UNBIND, Kind.UNBIND_DAY) and each.subject == str(one.id)
    ]
    return mine[0] if mine else ""


def order(visit: Visit) -> Response:
    """Whose account pays first, where several share with the reader."""
    mine = sorted(_in_force_for(visit), key=lambda one: (one.rank, one.id))
    if visit.posted:
        wanted = visit.form.text("first")
        first = next((one for one in mine if str(one.id) == wanted), None)
        if first is None:
            raise refuse(Code.UNKNOWN)
        ids = [first.id, *(one.id for one in mine if one.id != first.id)]
        wishes.put_in_order(
            visit.connection, user_id=visit.person_id, order=ids, actor=visit.caller.holder, at=visit.now
        )
        _note(visit, "authorisation.order", first)
        return visit.go("/order")
    names = _names(visit, mine)
    return visit.render("citizen/order.html", rows=[(one.id, names[one.id]) for one in mine])


def keep(visit: Visit) -> Response:
    """Three figures that add up: what is kept for oneself, what relatives may spend at most this month, the rest."""
    given = [
        one
        for one in family.authorisations_of_sharer(visit.connection, visit.person_id)
        if one.state in IN_FORCE_STATES
    ]
    kept = wishes.kept_by(visit.connection, visit.person_id)
    rules = {one.region: visit.platform.rules.sharing(one.region, visit.now.date()) for one in given}
    allowed = bool(given) and all(rule is not None and rule.sharer_limit_allowed for rule in rules.values())
    typed = yuan(kept) if kept else ""
    errors: dict[str, str] = {}
    if visit.posted and allowed:
        typed = visit.form.text("kept")
        fen = amount_typed(visit, typed, "kept", errors)
        if not errors:
            wishes.keep(
                visit.connection,
                visit.platform.rules,
                sharer_id=visit.person_id,
                amount=fen or 0,
                actor=visit.caller.holder,
                at=visit.now,
            )
            audit.record(visit.connection, visit.caller, "authorisation.keep", at=visit.now, person_id=visit.person_id)
            return visit.go("/keep")
    floor = max((rule.retained_floor for rule in rules.values() if rule is not None), default=0)
    return visit.render(
        "citizen/keep.html",
        status=422 if errors else 200,
        errors=errors,
        allots=any(rule is not None and rule.allotment_required for rule in rules.values()),
        typed=typed,
        allowed=allowed,
        figures=_figures(visit, given, rules, max(kept, floor)),
        floor=floor,
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """Fen of an account: all of it, what is kept, what each relative may still spend, and what that leaves shared."""

    total: int
    kept: int
    relatives: tuple[tuple[str, int | None], ...]

    @property
    def open(self) -> int:
        """What relatives can spend together."""
        return self.total - self.kept


def _figures(visit: Visit, given: list[Authorisation], rules: dict[str, SharingRule | None], kept: int) -> Figures:
    balances = ledger.balances_of(visit.connection, visit.person_id)
    sources = [AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL]
    total = sum(balances.get(kind, 0) for kind in sources)
    if rules and all(
        rule is not None and rule.balance_source is BalanceSource.HISTORICAL_ONLY for rule in rules.values()
    ):
        kept += balances.get(AccountKind.PERSONAL_CURRENT, 0)
    names = _names(visit, given)
    return Figures(total, min(kept, total), tuple((names[one.id], one.limit_month) for one in given))


def _mine(visit: Visit) -> Authorisation:
    """The authorisation in the address, if the reader is one of its two sides.

    Raises:
        NotFound: ``authorisation.unknown``.
    """
    one = family.authorisation(visit.connection, visit.number())
    if visit.person_id not in (one.sharer_id, one.user_id):
        raise refuse(Code.UNKNOWN)
    return one


def _told(visit: Visit, one: Authorisation) -> Sharing:
    other = one.user_id if one.sharer_id == visit.person_id else one.sharer_id
    people = registry.people_by_id(visit.connection, visit.platform.vault, [other])
    audit.record(visit.connection, visit.caller, "person.read_masked", at=visit.now, person_id=other)
    left = allotments.left_of(visit.connection, visit.platform.rules, [one], visit.now)
    return sharings([one], visit.person_id, people, visit.reader.language, left)[0]


def _names(visit: Visit, ones: list[Authorisation]) -> dict[int, str]:
    others = {one.id: one.user_id if one.sharer_id == visit.person_id else one.sharer_id for one in ones}
    people = registry.people_by_id(visit.connection, visit.platform.vault, set(others.values()))
    audit.record_each(visit.connection, visit.caller, "person.read_masked", people, at=visit.now)
    return {one.id: name_of(one, visit.person_id, people, visit.reader.language) for one in ones}


def _in_force_for(visit: Visit) -> list[Authorisation]:
    mine = family.authorisations_of_user(visit.connection, visit.person_id)
    return [one for one in mine if one.state in IN_FORCE_STATES]


def _rule(visit: Visit, one: Authorisation) -> SharingRule:
    rule = visit.platform.rules.sharing(one.region, visit.now.date())
    if rule is None:
        raise refuse(Code.REGION_UNKNOWN, region=one.region)
    return rule


def _allots(visit: Visit, one: Authorisation) -> bool:
    """Whether relatives spend only what was allotted."""
    rule = visit.platform.rules.sharing(one.region, visit.now.date())
    return rule is not None and rule.allotment_required


def _limits_allowed(visit: Visit, one: Authorisation) -> bool:
    rule = visit.platform.rules.sharing(one.region, visit.now.date())
    return rule is not None and rule.sharer_limit_allowed


def _care(visit: Visit, one: Authorisation) -> tuple[int, bool]:
    """The user's visits that are not settled yet, and whether the user is in hospital."""
    return queries.unsettled_visits(visit.connection, one.user_id)


def _effect(visit: Visit, one: Authorisation) -> Effect:
    used = family.used_in_month(visit.connection, one.id, visit.now)
    unused = None if one.limit_month is None else max(0, one.limit_month - used)
    free = changes.may_unbind_from(one, visit.now.date())
    return Effect(free, *_care(visit, one), unused, _comes_back(visit, one))


def _comes_back(visit: Visit, one: Authorisation) -> int:
    """What was allotted and would come back with the end: the relative's own part, or with the last one what is for all."""
    standing = allotments.standing_of(visit.connection, visit.platform.rules, one.sharer_id, visit.now)
    if standing is None:
        return 0
    last = len(allotments.in_force_of(visit.connection, one.sharer_id)) == 1
    return sum(part.amount for part in standing.given if part.authorisation_id == one.id or last)


def _note(visit: Visit, action: str, one: Authorisation) -> None:
    other = one.user_id if one.sharer_id == visit.person_id else one.sharer_id
    audit.record(visit.connection, visit.caller, action, at=visit.now, person_id=other, authorisation=str(one.id))

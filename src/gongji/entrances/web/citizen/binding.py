"""Asking to share, screen by screen: what was answered stands in the database, so back, reload and another phone work."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gongji.entrances import wording
from gongji.entrances.web.citizen.stops import balance_note, in_words, stopped
from gongji.entrances.web.pages import render
from gongji.entrances.web.session import CITIZENS
from gongji.entrances.web.visits import Visit
from gongji.family import applications
from gongji.family.applications import Application, ConsentWay, Outlook
from gongji.family.kinship import NEAREST_FIRST
from gongji.family.refusals import Code, refuse
from gongji.family.words import who_in_words
from gongji.foundation import audit
from gongji.foundation.database import AWAY
from gongji.foundation.errors import Busy, GongjiError, InvalidInput
from gongji.foundation.limits import Limit, check_limit, count_attempt
from gongji.foundation.money import parse_yuan, yuan
from gongji.registry import service as registry
from gongji.registry.certificate import BIRTH_CERTIFICATE, CITIZEN_ID, check_certificate
from gongji.registry.name import check_name
from gongji.rules.model import Procedure, Purpose, Relation, SharingRule

#: How often somebody may name a person that is not known under that number: whoever tries numbers learns nothing.
NAMED_WRONGLY: Final = Limit("person.named_wrongly", 10, timedelta(days=1))


def start(request: Request) -> Response:
    """What it is, who can, what one needs: for everybody, logged in or not."""
    return render("citizen/start.html", request, signed_in=CITIZENS.cookie in request.cookies)


def topic(request: Request) -> Response:
    """A page about one question that people come with: an unrecognised face, a 亲情账户, a newborn's number …"""
    name = request.path_params["topic"]
    if name not in TOPICS:
        raise refuse(Code.APPLICATION_UNKNOWN)
    return render("citizen/topic.html", request, signed_in=CITIZENS.cookie in request.cookies, topic=name)


#: Questions with a page of their own (``bind.topic.<name>.…``).
TOPICS: Final = ("face", "qinqing", "when", "wallet", "switch")


def eligibility(visit: Visit) -> Response:
    """What the reader has to meet, answered by the system; asks nothing that it can look up."""
    checks = applications.eligibility(visit.connection, visit.platform.rules, visit.person_id, visit.now)
    draft = applications.draft_of(visit.connection, visit.platform.vault, visit.person_id)
    return visit.render(
        "citizen/bind_can.html",
        checks=[(one.name, *in_words(visit, one.refusal)) for one in checks],
        possible=all(check.refusal is None for check in checks),
        note=balance_note(visit, "bind.can.empty"),
        draft=draft,
    )


def who(visit: Visit) -> Response:
    """Relation, name and ID number (or, for a newborn, the number of the certificate of birth)."""
    try:
        rule = _rule(visit)
    except GongjiError as problem:
        return stopped(visit, problem, back="/bind")
    draft = applications.begin(visit.connection, visit.platform.vault, visit.person_id, visit.now)
    newborn = visit.query("newborn") == "yes" or draft.certificate_kind == BIRTH_CERTIFICATE
    newborn = newborn and visit.query("newborn") != "no"
    typed = {"relation": draft.relation or "", "name": draft.name or "", "number": draft.certificate or ""}
    errors: dict[str, str] = {}
    if visit.posted:
        newborn = visit.form.text("kind") == BIRTH_CERTIFICATE
        typed = {name: visit.form.text(name) for name in typed}
        try:
            _take_who(visit, draft, rule, typed, BIRTH_CERTIFICATE if newborn else CITIZEN_ID, errors)
        except GongjiError as problem:
            return stopped(visit, problem, back="/bind/who", about=typed["name"])
        if not errors:
            return visit.go("/bind/consent" if rule.user_consent else "/bind/check")
    choices = [
        (one, wording.text(f"kin.{one}", visit.reader.language), "")
        for one in NEAREST_FIRST
        if one in rule.relations and (not newborn or one in (Relation.CHILD, Relation.GRANDCHILD))
    ]
    return visit.render(
        "citizen/bind_who.html",
        status=422 if errors else 200,
        errors=errors,
        typed=typed,
        choices=choices,
        newborn=newborn,
        kind=BIRTH_CERTIFICATE if newborn else CITIZEN_ID,
    )


def _take_who(
    visit: Visit, draft: Application, rule: SharingRule, typed: dict[str, str], kind: str, errors: dict[str, str]
) -> None:
    """Keep what was typed; sentences by field go into `errors`.

    Raises:
        GongjiError: when it is well-formed and cannot be: nobody by that name and number, or a rule against it.
    """
    relation = next((one for one in Relation if one == typed["relation"]), None)
    if relation is None:
        errors["relation"] = visit.reader.text("bind.who.relation.missing")
    name = number = ""
    try:
        name = check_name(typed["name"], field="name")
    except InvalidInput as problem:
        errors["name"] = visit.reader.sentence(problem)
    try:
        number = check_certificate(kind, typed["number"], type_field="kind", field="number").number
    except InvalidInput as problem:
        errors["number"] = visit.reader.sentence(problem)
    if errors or relation is None:
        return
    if relation not in rule.relations:
        raise _not_a_relative(rule)
    user_id = _person(visit, kind, number, name)
    applications.name_user(
        visit.connection,
        visit.platform.vault,
        draft,
        relation=relation,
        certificate_kind=kind,
        certificate=number,
        name=name,
        user_id=user_id,
        at=visit.now,
    )
    kept = _draft(visit)
    with visit.connection.begin_nested():
        applications.outlook(visit.connection, visit.platform.rules, kept, visit.now)


def _not_a_relative(rule: SharingRule) -> GongjiError:
    zh, en = who_in_words(rule.relations)
    return refuse(Code.NOT_NEAR_RELATIVE, accepted=", ".join(sorted(rule.relations)), who=zh, who_en=en)


def _person(visit: Visit, kind: str, number: str, name: str) -> int:
    database, whose = visit.platform.database, str(visit.person_id)
    check_limit(visit.connection, NAMED_WRONGLY, whose, at=visit.now)
    checked = check_certificate(kind, number, type_field="kind", field="number")
    found = registry.person_by_credential(visit.connection, visit.platform.vault, "certificate", checked.key)
    if found is None or found.name != name:
        count_attempt(database, NAMED_WRONGLY, whose, at=visit.now)
        raise refuse(Code.NAME_MISMATCH)
    audit.record(visit.connection, visit.caller, "person.named", at=visit.now, person_id=found.id)
    return found.id


def consent(visit: Visit) -> Response:
    """How the relative is to be asked; recognising faces is not among the ways."""
    draft = _draft(visit)
    if draft.user_id is None:
        return visit.go("/bind/who")
    errors: dict[str, str] = {}
    if visit.posted:
        way = next((one for one in ways_to_agree(visit) if one == visit.form.text("way")), None)
        if way is not None:
            applications.choose_consent_way(visit.connection, draft, way, visit.now)
            return visit.go("/bind/check")
        errors["way"] = visit.reader.text("bind.consent.missing")
    choices = [
        (one, visit.reader.text(f"bind.consent.{one}"), visit.reader.text(f"bind.consent.{one}.hint"))
        for one in ways_to_agree(visit)
    ]
    return visit.render(
        "citizen/bind_consent.html",
        status=422 if errors else 200,
        errors=errors,
        choices=choices,
        chosen=draft.consent_way or "",
    )


def ways_to_agree(visit: Visit) -> list[ConsentWay]:
    """How a relative can agree here; a code only where text messages are sent."""
    return [one for one in ConsentWay if one is not ConsentWay.SMS or visit.platform.settings.sms_url]


def terms(visit: Visit) -> Response:
    """How much a month, and for what; only where the region lets the sharer say so."""
    draft, rule = _draft(visit), _rule(visit)
    limit = "" if draft.limit_month is None else yuan(draft.limit_month)
    chosen = [str(one) for one in draft.purposes or rule.purposes]
    errors: dict[str, str] = {}
    if visit.posted:
        limit, chosen = visit.form.text("limit"), visit.form.all("purposes")
        fen = amount_typed(visit, limit, "limit", errors) if rule.sharer_limit_allowed else None
        purposes = {one for one in Purpose if one in chosen and one in rule.purposes}
        if not purposes:
            errors["purposes"] = visit.reader.text("bind.terms.purposes.missing")
        if not errors:
            everything = purposes == rule.purposes
            applications.choose_terms(
                visit.connection, draft, limit_month=fen, purposes=None if everything else purposes, at=visit.now
            )
            return visit.go("/bind/check")
    return visit.render(
        "citizen/bind_terms.html",
        status=422 if errors else 200,
        errors=errors,
        limit=limit,
        limits=rule.sharer_limit_allowed,
        choices=purpose_choices(visit, rule),
        chosen=chosen,
    )


def check(visit: Visit) -> Response:
    """All answers with a way to change each, the commitment, and the button that sends."""
    draft = _draft(visit)
    if draft.user_id is None:
        return visit.go("/bind/who")
    try:
        seen = applications.outlook(visit.connection, visit.platform.rules, draft, visit.now)
        if seen.rule.user_consent and draft.consent_way is None:
            return visit.go("/bind/consent")
        if not visit.posted:
            return _check_page(visit, draft, seen, {})
        committed = visit.form.text("commitment") == "yes"
        if not committed:
            return _check_page(visit, draft, seen, {"commitment": visit.reader.text("bind.check.commitment.missing")})
        return _send(visit, draft)
    except (GongjiError, *AWAY) as problem:
        return stopped(visit, problem, back="/bind/who", about=draft.name or "")


def _send(visit: Visit, draft: Application) -> Response:
    with visit.connection.begin_nested():  # a refusal leaves the answers as they are
        applications.send(
            visit.connection,
            visit.platform.rules,
            draft,
            commitment=True,
            actor=visit.caller.holder,
            at=visit.now,
            serials=visit.platform.database.serials,
            calendar=visit.platform.calendar,
        )
    audit.record(visit.connection, visit.caller, "authorisation.bind", at=visit.now, person_id=draft.user_id)
    return visit.go(f"/applications/{draft.number}")


def _check_page(visit: Visit, draft: Application, seen: Outlook, errors: dict[str, str]) -> Response:
    language = visit.reader.language
    assert draft.relation is not None
    purposes = draft.purposes or seen.rule.purposes
    return visit.render(
        "citizen/bind_check.html",
        status=422 if errors else 200,
        errors=errors,
        draft=draft,
        relation=wording.text(f"kin.{draft.relation}", language),
        purposes=[wording.text(f"purpose.{one}", language) for one in Purpose if one in purposes],
        rule=seen.rule,
        proven=seen.proven,
        by_commitment=seen.rule.procedure is Procedure.COMMITMENT,
        way=visit.reader.text(f"bind.consent.{draft.consent_way}") if draft.consent_way else "",
    )


def give_up(visit: Visit) -> Response:
    """Throw the draft away."""
    draft = applications.draft_of(visit.connection, visit.platform.vault, visit.person_id)
    if draft is not None:
        applications.withdraw(visit.connection, draft, visit.now)
    return visit.go("/")


def amount_typed(visit: Visit, typed: str, name: str, errors: dict[str, str]) -> int | None:
    """An amount of yuan that somebody typed, in fen; None when nothing was, with a sentence in `errors` when it is none."""
    if not typed:
        return None
    plain = "".join(str(int(one)) if one.isdecimal() else "." if one in "．。" else one for one in typed)
    try:
        return parse_yuan(plain.replace(",", "").replace("，", "").removeprefix("¥").removesuffix("元"), name)
    except InvalidInput:
        errors[name] = visit.reader.text("bind.amount.wrong")
        return None


def purpose_choices(visit: Visit, rule: SharingRule) -> list[tuple[str, str, str]]:
    """The purposes of a region as choices of a form."""
    return [(one, wording.text(f"purpose.{one}", visit.reader.language), "") for one in Purpose if one in rule.purposes]


def _draft(visit: Visit) -> Application:
    return applications.begin(visit.connection, visit.platform.vault, visit.person_id, visit.now)


def _rule(visit: Visit) -> SharingRule:
    """The rule of the reader's region.

    Raises:
        Refused: the first thing that keeps the reader from sharing at all.
    """
    checks = applications.eligibility(visit.connection, visit.platform.rules, visit.person_id, visit.now)
    for one in checks:
        if one.refusal is not None:
            raise one.refusal
    enrolment = registry.enrolment_on(visit.connection, visit.person_id, visit.now.date())
    rule = visit.platform.rules.sharing(enrolment.region, visit.now.date()) if enrolment else None
    if rule is None:
        raise Busy("sharing.rule_changed", "the rule changed meanwhile: try again", "规则刚刚有变化，请重试")
    return rule

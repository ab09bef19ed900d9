"""A request after it was sent: received, waiting for whom, what is missing, done by when. One address from first to last."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from gongji.entrances import wording
from gongji.entrances.web.citizen.documents import handed_in
from gongji.entrances.web.citizen.stops import balance_note, stopped
from gongji.entrances.web.visits import Visit
from gongji.family import applications, consent_codes
from gongji.family import service as family
from gongji.family.applications import Application, ApplicationState, ConsentWay
from gongji.family.evidence import EvidenceState, useful_kinds
from gongji.family.model import Authorisation, AuthorisationState
from gongji.family.refusals import Code, refuse
from gongji.family.words import EVIDENCE_WORDS, REFUSE_WORDS, RETURN_WORDS, EvidenceKind, ReturnReason
from gongji.foundation import audit
from gongji.foundation.documents import read_document
from gongji.foundation.errors import GongjiError, InvalidInput
from gongji.foundation.limits import check_limit, count_attempt
from gongji.registry import service as registry


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the request's history: what happened, and when."""

    words: str
    at: str


def tracker(visit: Visit) -> Response:
    """How a request stands; the confirmation right after it was sent is this page too."""
    one = _mine(visit)
    if one.state is ApplicationState.DRAFT:
        return visit.go("/bind/check")
    return _page(visit, one, {})


def _page(visit: Visit, one: Application, errors: dict[str, str]) -> Response:
    made = family.authorisation(visit.connection, one.authorisation_id) if one.authorisation_id else None
    state = made.state if made else one.state
    chinese = visit.reader.language is wording.Language.CHINESE
    wanted = _wanted(visit, made) if made else []
    rule = visit.platform.rules.sharing(made.region, visit.now.date()) if made else None
    assert one.relation is not None
    return visit.render(
        "citizen/tracker.html",
        status=422 if errors else 200,
        one=one,
        state=state,
        relation=wording.text(f"kin.{one.relation}", visit.reader.language),
        finish_by=visit.reader.day(one.finish_by) if one.finish_by and state in _RUNNING else "",
        wanted=[(kind, EVIDENCE_WORDS[kind][0 if chinese else 1], why) for kind, why in wanted],
        steps=_steps(visit, one, made),
        handed=handed_in(visit, made),
        why=_why(visit, made),
        how=visit.reader.text(f"home.how.{rule.trigger}") if rule and state == AuthorisationState.ACTIVE else "",
        sharing=made.id if made and state in (AuthorisationState.ACTIVE, AuthorisationState.PAUSED) else None,
        empty=balance_note(visit, "bind.active.empty") if state == AuthorisationState.ACTIVE else "",
        sms=visit.platform.settings.sms_url is not None,
        code_sent=visit.query("code") == "sent",
        errors=errors,
        typed={"phone": visit.form.text("phone"), "code": ""},
    )


_RUNNING = (
    ApplicationState.WAITING_CONSENT,
    AuthorisationState.SUBMITTED,
    AuthorisationState.UNDER_REVIEW,
    AuthorisationState.RETURNED,
)


def hand_in(visit: Visit) -> Response:
    """One document of the request; of a returned one only what was named."""
    one = _mine(visit)
    if one.authorisation_id is None:
        raise refuse(Code.APPLICATION_OVER)
    upload = visit.form.file("file")
    made = family.authorisation(visit.connection, one.authorisation_id)
    kinds = [kind for kind, _ in _wanted(visit, made)]
    kind = next((kind for kind in kinds if kind == visit.form.text("kind")), None)
    errors: dict[str, str] = {}
    if kind is None:
        errors["kind"] = visit.reader.text("bind.evidence.kind.missing")
    if upload is None:
        errors["file"] = visit.reader.text("bind.evidence.file.missing")
    if kind is not None and upload is not None:
        try:
            family.hand_in_evidence(
                visit.connection,
                visit.platform.files,
                made.id,
                kind=kind,
                document=read_document(upload.content),
                person_id=visit.person_id,
                actor=visit.caller.holder,
                at=visit.now,
            )
        except GongjiError as problem:
            errors["file"] = visit.reader.sentence(problem)
    if errors:
        return _page(visit, one, errors)
    audit.record(visit.connection, visit.caller, "authorisation.hand_in", at=visit.now, person_id=one.user_id)
    return visit.go(f"/applications/{one.number}")


def send_code(visit: Visit) -> Response:
    """A code to the relative's phone, to be read out."""
    one = _waiting(visit)
    if visit.platform.settings.sms_url is None:
        raise refuse(Code.CONSENT_OVER)
    try:
        check_limit(visit.connection, consent_codes.SENT, one.number, at=visit.now)
        phone = consent_codes.check_phone(visit.form.text("phone"))
    except InvalidInput as problem:
        return _page(visit, one, {"phone": visit.reader.sentence(problem)})
    except GongjiError as problem:
        return stopped(visit, problem, back=f"/applications/{one.number}")
    count_attempt(visit.platform.database, consent_codes.SENT, one.number, at=visit.now)
    text = visit.reader.text("bind.code.text", code="{code}")
    applications.choose_consent_way(visit.connection, one, ConsentWay.SMS, visit.now)
    consent_codes.send_code(visit.connection, visit.platform.vault, one, phone, text, at=visit.now)
    audit.record(visit.connection, visit.caller, "consent.code_sent", at=visit.now, person_id=one.user_id)
    return visit.go(f"/applications/{one.number}?code=sent")


def take_code(visit: Visit) -> Response:
    """The code that the relative read out."""
    one = _waiting(visit)
    try:
        check_limit(visit.connection, consent_codes.TRIED, one.number, at=visit.now)
        consent_codes.check_code(visit.connection, one, visit.form.text("code"), at=visit.now)
        with visit.connection.begin_nested():
            applications.consent(
                visit.connection,
                visit.platform.rules,
                one,
                by="sms",
                at=visit.now,
                serials=visit.platform.database.serials,
                calendar=visit.platform.calendar,
            )
    except InvalidInput as problem:
        count_attempt(visit.platform.database, consent_codes.TRIED, one.number, at=visit.now)
        return _page(visit, one, {"code": visit.reader.sentence(problem)})
    except GongjiError as problem:
        return stopped(visit, problem, back=f"/applications/{one.number}")
    audit.record(visit.connection, visit.caller, "consent.by_code", at=visit.now, person_id=one.user_id)
    return visit.go(f"/applications/{one.number}")


def withdraw(visit: Visit) -> Response:
    """The sharer takes the request back before anything came of it."""
    one = _mine(visit)
    if one.authorisation_id is None:
        applications.withdraw(visit.connection, one, visit.now)
    else:
        made = family.authorisation(visit.connection, one.authorisation_id)
        if made.state in (AuthorisationState.ACTIVE, AuthorisationState.PAUSED):
            return visit.go(f"/sharings/{made.id}/end")
        family.unbind(visit.connection, made.id, person_id=visit.person_id, actor=visit.caller.holder, at=visit.now)
    audit.record(visit.connection, visit.caller, "authorisation.withdraw", at=visit.now, person_id=one.user_id)
    return visit.go(f"/applications/{one.number}")


def asked(visit: Visit) -> Response:
    """The relative's own page: somebody wants to share with them, yes or no."""
    one = applications.find(visit.connection, visit.platform.vault, visit.part("number"))
    if one.user_id != visit.person_id or one.state is ApplicationState.DRAFT:
        raise refuse(Code.APPLICATION_UNKNOWN)
    if visit.for_another:
        raise refuse(
            Code.NOT_YOURS,
            whose_zh="家人",
            whose_en="relative",
            step_zh="请本人登录确认，或者到窗口办理",
            step_en="they log in themselves, or go to the counter",
        )
    if visit.posted:
        try:
            with visit.connection.begin_nested():
                _answer(visit, one)
        except GongjiError as problem:
            return stopped(visit, problem, back="/")
        return visit.go(f"/consents/{one.number}")
    sharer = registry.people_by_id(visit.connection, visit.platform.vault, [one.sharer_id])[one.sharer_id]
    audit.record(visit.connection, visit.caller, "person.read_masked", at=visit.now, person_id=one.sharer_id)
    assert one.relation is not None
    return visit.render(
        "citizen/asked.html",
        one=one,
        sharer=sharer.masked_name,
        kin=wording.kin_seen_by_user(one.relation, sharer.gender, visit.reader.language),
    )


def _answer(visit: Visit, one: Application) -> None:
    agreed = visit.form.text("answer") == "yes"
    if agreed:
        applications.consent(
            visit.connection,
            visit.platform.rules,
            one,
            by="user",
            at=visit.now,
            serials=visit.platform.database.serials,
            calendar=visit.platform.calendar,
        )
    else:
        applications.decline(visit.connection, one, visit.now)
    action = "consent.given" if agreed else "consent.declined"
    audit.record(visit.connection, visit.caller, action, at=visit.now, person_id=one.sharer_id)


def _mine(visit: Visit) -> Application:
    """The request in the address, if it is the reader's.

    Raises:
        NotFound: ``application.unknown``, whether there is none or it is another's.
    """
    one = applications.find(visit.connection, visit.platform.vault, visit.part("number"))
    if one.sharer_id != visit.person_id:
        raise refuse(Code.APPLICATION_UNKNOWN)
    return one


def _waiting(visit: Visit) -> Application:
    one = _mine(visit)
    if one.state is not ApplicationState.WAITING_CONSENT:
        raise refuse(Code.CONSENT_OVER)
    return one


def _wanted(visit: Visit, made: Authorisation) -> list[tuple[EvidenceKind, str]]:
    """The documents that can be handed in now, each with why it was returned ("" when it was not)."""
    items = family.evidence_list(visit.connection, made.id)
    chinese = visit.reader.language is wording.Language.CHINESE
    if made.state is AuthorisationState.RETURNED:
        named = _returned_item(visit, made)
        return [(kind, RETURN_WORDS[reason][0 if chinese else 1]) for kind, reason in named]
    if made.state is not AuthorisationState.SUBMITTED:
        return []
    there = {item.kind for item in items if item.state is EvidenceState.HANDED_IN}
    return [(kind, "") for kind in useful_kinds(made.relation) if kind not in there]


def _returned_item(visit: Visit, made: Authorisation) -> list[tuple[EvidenceKind, ReturnReason]]:
    """What the officer named, and why."""
    events = [one for one in family.events(visit.connection, made.id) if one.state is AuthorisationState.RETURNED]
    if not events:
        return []
    last = events[-1]
    return [(EvidenceKind(str(last.details["item"])), ReturnReason(str(last.reason)))]


def _why(visit: Visit, made: Authorisation | None) -> str:
    """Why the agency refused, in its coded words."""
    if made is None or made.state is not AuthorisationState.REFUSED:
        return ""
    reason = family.events(visit.connection, made.id)[-1].reason
    chinese = visit.reader.language is wording.Language.CHINESE
    return next((words[0 if chinese else 1] for code, words in REFUSE_WORDS.items() if code == reason), "")


def _steps(visit: Visit, one: Application, made: Authorisation | None) -> list[Step]:
    """What has happened, newest first."""
    told: list[Step] = []
    if one.sent_at:
        told.append(Step(visit.reader.text("bind.step.sent"), visit.reader.moment(one.sent_at)))
    if one.consent_at:
        told.append(Step(visit.reader.text("bind.step.consent"), visit.reader.moment(one.consent_at)))
    events = family.events(visit.connection, made.id) if made else []
    seen = ""
    for event in events:
        passed_through = event.state is AuthorisationState.SUBMITTED and any(
            later.state is not event.state and later.at == event.at for later in events
        )
        if event.state != seen and not passed_through:
            told.append(Step(visit.reader.text(f"bind.step.{event.state}"), visit.reader.moment(event.at)))
        seen = event.state
    return told[::-1]

"""The tasks of a claim, one page each: saved when it is sent, so that the reader can go and come back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from starlette.responses import Response

from gongji.entrances import wording
from gongji.entrances.web.citizen.claims import claim_at, doing_of, reasons
from gongji.entrances.web.citizen.helping import own_step
from gongji.entrances.web.visits import PLACE, Visit, whole
from gongji.foundation.documents import read_document
from gongji.foundation.errors import GongjiError, InvalidInput
from gongji.foundation.money import parse_yuan
from gongji.registry.filings import FilingKind, filings_of
from gongji.registry.model import InstitutionKind
from gongji.registry.service import enrolment_on, institutions_named
from gongji.reimbursement import filling, refusals
from gongji.reimbursement.model import ClaimState, DocumentKind, Task
from gongji.reimbursement.words import AT, WELCOME, wanted_documents
from gongji.rules.model import Tier

#: Codes of provinces and their cities come after this; before it stands the nation's own.
FIRST_PROVINCE: Final = "110000"

#: What looks like a national code: capital letters and digits.
_CODE: Final = re.compile(r"[0-9A-Z][0-9A-Z-]{2,}")

#: Institutions that a search shows.
_FOUND: Final = 20

#: A place that no pack knows: no region's code begins so.
ANYWHERE: Final = "990000"


def why(visit: Visit) -> Response:
    """``/claims/{number}/why``."""
    one = claim_at(visit)
    problem = _sent(visit, lambda: filling.set_why(doing_of(visit), one.id, visit.form.text("why")))
    if visit.posted and problem is None:
        return visit.go(f"/claims/{one.id}")
    return visit.render(
        "citizen/claim_why.html",
        status=_status(problem),
        action=f"/c/claims/{one.id}/why",
        back=f"/c/claims/{one.id}",
        reasons=reasons(visit),
        typed=visit.form.text("why") or one.why,
        key="",
        errors=_errors(visit, problem, "why"),
    )


def place(visit: Visit) -> Response:
    """``/claims/{number}/place``: looked for in a city or province by a part of its name, and chosen; or described, where
    it is not found."""
    one = claim_at(visit)
    form = visit.form
    problem = None
    if visit.posted and form.text("institution"):
        problem = _sent(visit, lambda: filling.set_institution(doing_of(visit), one.id, form.text("institution")))
    elif visit.posted:
        problem = _sent(
            visit,
            lambda: filling.set_place(
                doing_of(visit),
                one.id,
                name=form.text("name"),
                region=form.text("region"),
                kind=form.text("kind"),
                tier=form.text("tier"),
            ),
        )
    if visit.posted and problem is None:
        return visit.go(f"/claims/{one.id}")
    words = visit.query("words")[:60]
    text, rules = visit.reader.text, visit.platform.rules
    places = [(code, wording.place(code, rules.name(code), visit.reader.language)) for code in rules.regions()]
    places = [one for one in places if one[0] >= FIRST_PROVINCE]
    area = _area(visit, [code for code, _ in places])
    return visit.render(
        "citizen/claim_place.html",
        status=_status(problem),
        claim=one,
        words=words,
        area=area,
        areas=places,
        found=[
            (found.code, found.name, places_name(visit, found.region))
            for found in institutions_named(visit.connection, words, area, visit.now.date(), _FOUND)
        ],
        elsewhere=visit.query("other") == "yes" or (visit.posted and not form.text("institution")),
        regions=[*places, (ANYWHERE, text("claim.place.anywhere"))],
        kinds=[(kind.value, text(f"claim.place.{kind}"), "") for kind in InstitutionKind],
        tiers=[(tier.value, text(f"rules.word.{tier}")) for tier in Tier],
        form=form,
        errors=_errors(visit, problem, "name"),
    )


def _area(visit: Visit, known: Sequence[str]) -> str:
    """Where a place is looked for: what the reader chose, else the nearest area to where they are insured."""
    chosen = visit.query("area")
    if chosen in known:
        return chosen
    insured = enrolment_on(visit.connection, visit.person_id, visit.now.date())
    region = insured.region if insured is not None else ""
    nearest = (code for code in (region, f"{region[:4]}00", f"{region[:2]}0000") if code in known)
    return next(nearest, known[0])


def places_name(visit: Visit, region: str) -> str:
    """What a place is called, by the nearest pack."""
    try:
        name = visit.platform.rules.name(region)
    except GongjiError:
        return region
    return wording.place(region, name, visit.reader.language)


def visited(visit: Visit) -> Response:
    """``/claims/{number}/visit``: what kind of visit it was, and when."""
    one = claim_at(visit)
    form = visit.form

    def save() -> None:
        began, ended = _day(form.text("began_on"), "began_on"), form.text("ended_on")
        filling.set_visit(
            doing_of(visit),
            one.id,
            med_type=form.text("med_type"),
            disease=form.text("disease"),
            began_on=began,
            ended_on=_day(ended, "ended_on") if ended else None,
        )

    problem = _sent(visit, save)
    if visit.posted and problem is None:
        return visit.go(f"/claims/{one.id}")
    kinds = AT[one.place.kind] if one.place is not None else AT[InstitutionKind.HOSPITAL]
    return visit.render(
        "citizen/claim_visit.html",
        status=_status(problem),
        claim=one,
        kinds=[(kind, visit.reader.text(f"claim.med_type.{kind}"), "") for kind in kinds],
        diseases=_diseases(visit),
        typed={
            "med_type": form.text("med_type") or one.med_type,
            "disease": form.text("disease") or one.disease,
            "began_on": form.text("began_on") or (one.began_on.isoformat() if one.began_on else ""),
            "ended_on": form.text("ended_on") or (one.ended_on.isoformat() if one.ended_on else ""),
        },
        errors=_errors(visit, problem, "began_on"),
    )


def invoices(visit: Visit) -> Response:
    """``/claims/{number}/invoices``: the numbers, one below the other."""
    one = claim_at(visit)
    typed = visit.form.text("invoices")
    numbers = [line for line in typed.replace(",", "\n").replace("，", "\n").splitlines() if line.strip()]
    problem = _sent(visit, lambda: filling.set_invoices(doing_of(visit), one.id, numbers))
    if visit.posted and problem is None:
        return visit.go(f"/claims/{one.id}")
    return visit.render(
        "citizen/claim_invoices.html",
        status=_status(problem),
        claim=one,
        typed=typed if visit.posted else "\n".join(one.invoices),
        errors=_errors(visit, problem, "invoices"),
    )


def lines(visit: Visit) -> Response:
    """``/claims/{number}/lines``: the lines so far, one more, or one fewer."""
    one = claim_at(visit)
    form = visit.form

    def save() -> None:
        before = filling.open_for(doing_of(visit), one.id, Task.LINES)
        if form.text("so_far") not in ("", str(len(before.lines))):
            return  # the same form once more, from a double tap: the page that follows shows what there is
        if form.text("remove"):
            filling.remove_line(doing_of(visit), one.id, whole(form.text("remove"), PLACE) or 0)
            return
        kept = [(line.name, line.code, line.pieces, line.total) for line in before.lines]
        count = whole(form.text("pieces") or "1", PLACE) or 0
        name, code = form.text("name"), form.text("code")
        # Whoever has only the code on the bill writes that.
        told = (name, code or (name if _CODE.fullmatch(name) else ""), count, parse_yuan(form.text("amount"), "amount"))
        filling.set_lines(doing_of(visit), one.id, [*kept, told])

    problem = _sent(visit, save)
    if visit.posted and problem is None:
        return visit.go(f"/claims/{one.id}/lines")
    return visit.render(
        "citizen/claim_lines.html",
        status=_status(problem),
        claim=one,
        form=form,
        errors=_errors(visit, problem, "name", at={"lines": "name"}),
    )


def handed_in(visit: Visit) -> Response:
    """``/claims/{number}/documents``: what is wanted, by the answers before, and one upload at a time."""
    one = claim_at(visit)
    form, upload = visit.form, visit.form.file("file")

    def save() -> None:
        if form.text("remove"):
            n = whole(form.text("remove"), PLACE) or 0
            filling.remove_document(doing_of(visit), visit.platform.files, one.id, n)
            return
        if upload is None:
            raise InvalidInput("claim.file", "choose a photo or PDF", "请选一张照片或 PDF", field="file")
        made = read_document(upload.content)
        filling.hand_in_document(doing_of(visit), visit.platform.files, one.id, form.text("kind"), made)

    problem = _sent(visit, save)
    if visit.posted and problem is None:
        return visit.go(f"/claims/{one.id}/documents")
    wanted = wanted_documents(one.why, one.med_type, one.invoices)
    there = {item.kind for item in one.documents if not item.returned}
    first = next((kind for kind in wanted if kind not in there), None)
    offered = dict.fromkeys((*wanted, *WELCOME.get(one.why, ()), *DocumentKind))
    return visit.render(
        "citizen/claim_documents.html",
        status=_status(problem),
        claim=one,
        wanted=[(kind, kind in there) for kind in wanted],
        welcome=WELCOME.get(one.why, ()),
        kinds=[(kind.value, visit.reader.text(f"claim.document.{kind}"), "") for kind in offered],
        chosen=form.text("kind") or first or "",
        complete=first is None,
        errors=_errors(visit, problem, "file"),
    )


def bank(visit: Visit) -> Response:
    """``/claims/{number}/bank``: where the money goes. Somebody who helps with a mandate does not say that."""
    if visit.mandate is not None:
        raise own_step()
    one = claim_at(visit)
    form = visit.form
    own = form.text("whose") != "family"

    def save() -> None:
        told = {name: form.text(name) for name in ("bank", "account", "holder")}
        filling.set_bank(doing_of(visit), one.id, own=own, **told)

    problem = _sent(visit, save)
    if visit.posted and problem is None:
        return visit.go(f"/claims/{one.id}")
    text = visit.reader.text
    return visit.render(
        "citizen/claim_bank.html",
        status=_status(problem),
        claim=one,
        whose=[(word, text(f"claim.bank.{word}"), text(f"claim.bank.{word}.hint")) for word in ("own", "family")],
        chosen=form.text("whose") or ("family" if one.bank is not None and not one.bank.is_own else "own"),
        bounced=one.state is ClaimState.BOUNCED,
        form=form,
        errors=_errors(visit, problem, "account"),
    )


#: By task its page.
PAGES: Final = {
    Task.WHY: why,
    Task.PLACE: place,
    Task.VISIT: visited,
    Task.INVOICES: invoices,
    Task.LINES: lines,
    Task.DOCUMENTS: handed_in,
    Task.BANK: bank,
}


def task(visit: Visit) -> Response:
    """``/claims/{number}/{task}``: the page of a task.

    Raises:
        NotFound: ``claim.unknown`` when there is no such task.
    """
    name = visit.part("task")
    chosen = next((page for one, page in PAGES.items() if one == name), None)
    if chosen is None:
        raise refusals.unknown()
    return chosen(visit)


def _sent(visit: Visit, save: Callable[[], None]) -> GongjiError | None:
    """Save what was sent, if anything was; what kept it from being saved."""
    if not visit.posted:
        return None
    try:
        with visit.connection.begin_nested():
            save()
    except GongjiError as problem:
        return problem
    return None


def _errors(
    visit: Visit, problem: GongjiError | None, otherwise: str, at: dict[str, str] | None = None
) -> dict[str, str]:
    if problem is None:
        return {}
    field = problem.field or otherwise
    return {(at or {}).get(field, field if field != "claim" else otherwise): visit.reader.sentence(problem)}


def _status(problem: GongjiError | None) -> int:
    return 200 if problem is None else problem.status


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise refusals.day_unreadable(field) from None


def _diseases(visit: Visit) -> list[tuple[str, str]]:
    """The special diseases that were ever granted to the person: which of them held on the day is for the decision."""
    found = filings_of(visit.connection, visit.person_id)
    return [(one.subject, one.name or one.subject) for one in found if one.kind is FilingKind.SPECIAL_DISEASE]

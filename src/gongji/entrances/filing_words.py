"""Filings in words, for the person, for officers and for programs: what one is about, and why it was closed."""

from __future__ import annotations

from datetime import date
from typing import Final

import sqlalchemy as sa

from gongji.entrances import wording
from gongji.entrances.wording import Language
from gongji.foundation.errors import NotFound
from gongji.registry import service as registry
from gongji.registry.filings import Filing, FilingKind, FilingState
from gongji.rules.book import RuleBook

#: Under which name the details of a filing keep why it was closed.
_CLOSED: Final = ("ended", "refused", "withdrawn")


def subject_of(connection: sa.Connection, rules: RuleBook, one: Filing, language: Language) -> str:
    """What a filing is about: the disease, the area, the institution and its rank."""
    if one.kind is FilingKind.ELSEWHERE:
        return _region(rules, one.subject, language)
    if one.kind in (FilingKind.PROVIDER, FilingKind.FAMILY_DOCTOR):
        place = registry.institutions_by_id(connection, [one.institution_id or 0]).get(one.institution_id or 0)
        return wording.text("filing.ranked", language, rank=one.subject, name=place.name if place else one.name)
    return " ".join(part for part in (one.name, one.subject) if part)


def standing(one: Filing, on: date) -> str:
    """How a filing stands on a day: its state, or ``holds`` and ``over`` of one that was granted."""
    if one.holds(on):
        return "holds"
    return "over" if one.state is FilingState.GRANTED and one.until is not None and one.until < on else str(one.state)


def reason_code(one: Filing) -> tuple[str, str] | None:
    """How a filing was closed (``ended``, ``refused``, ``withdrawn``) and the code or text of why; None while it is not."""
    return next(((how, one.details[how]) for how in _CLOSED if how in one.details), None)


def why(one: Filing, language: Language) -> str:
    """Why a filing was closed, as its person reads it: our sentence, or what an institution told; "" while it is not."""
    closed = reason_code(one)
    if closed is None:
        return ""
    how, reason = closed
    return wording.catalogue(language).get(f"filing.{how}.{reason}", reason)


def closed(one: Filing, language: Language) -> str:
    """How and why a filing was closed, in a sentence; "" while it is not."""
    found = reason_code(one)
    return wording.text(f"filing.why.{found[0]}", language, why=why(one, language)) if found else ""


def _region(rules: RuleBook, code: str, language: Language) -> str:
    try:
        return wording.place(code, rules.name(code), language)
    except NotFound:
        return code

"""The rule pages as one application, to be mounted at ``/rules``: plain links and GET forms, no log-in, no script."""

from __future__ import annotations

import secrets
from datetime import date
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gongji.entrances import wording
from gongji.entrances.open_rules.atlas import Atlas
from gongji.entrances.open_rules.provenance import provenance
from gongji.entrances.web.headers import SafeHeaders
from gongji.entrances.web.pages import Reader, page_of, render
from gongji.entrances.web.rules.calculator import calculate
from gongji.entrances.web.rules.china import China, tiles
from gongji.entrances.web.rules.clauses import tell, title_of
from gongji.entrances.web.rules.comparing import compare
from gongji.entrances.web.rules.drafting import draft_page
from gongji.entrances.web.rules.form import read_day
from gongji.entrances.web.rules.history import history
from gongji.entrances.web.rules.region import RegionPages, other_doubts
from gongji.entrances.web.switches import switch_language, switch_mode
from gongji.foundation.errors import GongjiError, NotFound
from gongji.rules.book import SHORT_DIGEST
from gongji.rules.model import Attribute, CareKind, Grade, OffSite, Status, Tier
from gongji.rules.vocabulary import Late
from gongji.settlement.model import AccountUse

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform

_log = structlog.get_logger()

_BASE: Final = "/rules"


def build_rule_pages(platform: Platform) -> ASGIApp:
    """The pages, for mounting at ``/rules``. They read the rules and the clock, never the database."""
    pages = RulePages(platform)
    app = Starlette(
        routes=[
            Route("/", pages.regions),
            Route("/calculator", pages.calculator),
            Route("/compare", pages.compare),
            Route("/draft", pages.draft),
            Route("/mode", switch_mode, methods=["POST"]),
            Route("/language", switch_language, methods=["POST"]),
            Route("/clause/{rule:path}", pages.clause),
            Route("/{code}", pages.region),
        ],
        exception_handlers={GongjiError: _refusal, HTTPException: _no_such_page, Exception: _our_fault},
    )
    return SafeHeaders(app)


class RulePages:
    """What the addresses answer."""

    def __init__(self, platform: Platform) -> None:
        self._clock = platform.clock
        self._atlas = Atlas(platform.rules)
        self._regions = RegionPages(self._atlas)
        self._china = China(self._atlas)
        self._blanks: dict[tuple[date, Reader], bytes] = {}

    def regions(self, request: Request) -> Response:
        """All regions on a map and in a table, or those whose name or code holds what is searched for."""
        reader = Reader.of(request)
        searched = request.query_params.get("q", "").strip()[:20]
        provinces = self._china.provinces(searched, self._clock.now().date(), reader.language)
        return render(
            "rules/list.html",
            request,
            signed_in=False,
            base=_BASE,
            provinces=provinces,
            tiles=() if searched else tiles(provinces, reader.language),
            grades=list(Grade),
            count=sum(len(one.rows) for one in provinces),
            searched=searched,
        )

    def region(self, request: Request) -> Response:
        """One region's rules on a day."""
        reader = Reader.of(request)
        region = self._atlas.region(request.path_params["code"])
        typed = request.query_params.get("on", "")
        today: date = self._clock.now().date()
        read = read_day(typed)
        on = read or today
        cards = self._regions.cards(region, on, reader.language)
        conflicts, gaps = other_doubts(region, cards, self._atlas.book.conflicts(region.code))
        return render(
            "rules/region.html",
            request,
            status=422 if typed and read is None else 200,
            signed_in=False,
            base=_BASE,
            region=region,
            name=wording.place(region.code, region.name, reader.language),
            on=on,
            wrong_day=bool(typed) and read is None,
            typed=typed or on.isoformat(),
            cards=cards,
            any_benefit=any(card.block.is_benefit for card in cards),
            any_sharing=any(card.block.key == "sharing" for card in cards),
            years=self._regions.years(region, today, reader.language),
            changes=history(self._atlas, region, reader.language),
            conflicts=conflicts,
            gaps=gaps,
            readings=self._regions.readings(region, on, reader.language),
            digest=region.digest[:SHORT_DIGEST],
            day=reader.day,
        )

    def clause(self, request: Request) -> Response:
        """One value with its sources: ``cn/liaoning/tieling/outpatient.share`` for ``cn/liaoning/tieling#outpatient.share``."""
        reader = Reader.of(request)
        pack, _, tail = request.path_params["rule"].rpartition("/")
        found = provenance(self._atlas.book, f"{pack}#{tail}")
        return render(
            "rules/clause.html",
            request,
            signed_in=False,
            base=_BASE,
            found=found,
            name=wording.place(found.region, found.name, reader.language),
            what=title_of(found, reader.language),
            held=tell(found, reader.language),
            day=reader.day,
        )

    def calculator(self, request: Request) -> Response:
        """What a bill comes to."""
        today = self._clock.now().date()
        if request.query_params:
            return self._calculated(request, today)
        # The empty form says the same to everybody who reads it in one language and size on one day.
        which = (today, Reader.of(request))
        blank = self._blanks.get(which)
        if blank is None:
            blank = bytes(self._calculated(request, today).body)
            self._blanks = {which: blank} | {day: known for day, known in self._blanks.items() if day[0] == today}
        return page_of(blank)

    def _calculated(self, request: Request, today: date) -> HTMLResponse:
        reader = Reader.of(request)
        form, result = calculate(self._atlas, request.query_params, today, reader)
        return render(
            "rules/calculator.html",
            request,
            status=422 if form.errors else 200,
            signed_in=False,
            base=_BASE,
            form=form,
            result=result,
            regions=self._choices(reader, form.values["region"]),
            options=partial(_options, reader),
            words={
                "late": Late,
                "status": Status,
                "kind": CareKind,
                "tier": Tier,
                "offsite": OffSite,
                "use": AccountUse,
            },
            attributes=list(Attribute),
            day=reader.day,
        )

    def _choices(self, reader: Reader, *chosen: str) -> list[tuple[str, str]]:
        """The regions to choose from: code and name; a county that an address names is one more."""
        known = [(one.code, wording.place(one.code, one.name, reader.language)) for one in self._atlas.regions()]
        codes = {code for code, _ in known}
        for code in chosen:
            if code and code not in codes:
                try:
                    near = self._atlas.region(code)
                except GongjiError:
                    continue
                known.append((code, f"{wording.place(near.code, near.name, reader.language)} {code}"))
        return known

    def compare(self, request: Request) -> Response:
        """Two regions, or one on two days."""
        reader = Reader.of(request)
        query = request.query_params
        today = self._clock.now().date()
        values = {name: query.get(name, "").strip()[:20] for name in ("a", "b", "on", "on_b")}
        values["on"] = values["on"] or today.isoformat()
        if values["on_b"] and not values["b"]:
            values["b"] = values["a"]  # one region on two days
        errors = self._wrong(values, reader) if query else {}
        first, second = read_day(values["on"]), read_day(values["on_b"] or values["on"])
        found = None
        if query and not errors and first and second:
            found = compare(self._atlas, (values["a"], first), (values["b"], second), reader.language)
        sides = {side: self._atlas.region(values[side]) for side in "ab"} if found is not None else {}
        names = {side: wording.place(one.code, one.name, reader.language) for side, one in sides.items()}
        return render(
            "rules/compare.html",
            request,
            status=422 if errors else 200,
            signed_in=False,
            base=_BASE,
            values=values,
            errors=errors,
            found=found,
            names=names,
            days=(first, second),
            regions=self._choices(reader, values["a"], values["b"]),
            day=reader.day,
        )

    def draft(self, request: Request) -> Response:
        """What if some numbers of a region's rules were others."""
        reader, query = Reader.of(request), request.query_params
        code, typed = query.get("region", "").strip()[:20], query.get("on", "").strip()[:20]
        on = read_day(typed or self._clock.now().date().isoformat())
        errors: dict[str, str] = {} if on is not None else {"on": reader.text("rules.error.day")}
        region = None
        if code:
            try:
                region = self._atlas.region(code)
            except GongjiError:
                errors["region"] = reader.text("rules.error.region")
        drafted = None
        if region is not None and on is not None:
            drafted = draft_page(self._atlas, region, on, dict(query), reader.language)
            errors |= drafted.errors
        return render(
            "rules/draft.html",
            request,
            status=422 if errors else 200,
            signed_in=False,
            base=_BASE,
            region=region,
            name=wording.place(region.code, region.name, reader.language) if region is not None else "",
            values={"region": code, "on": typed or (on.isoformat() if on is not None else "")},
            errors=errors,
            drafted=drafted,
            regions=self._choices(reader, code),
            signed=wording.signed,
        )

    def _wrong(self, values: dict[str, str], reader: Reader) -> dict[str, str]:
        errors = {}
        for side in ("a", "b"):
            try:
                self._atlas.nearest(values[side])
            except GongjiError:
                errors[side] = reader.text("rules.error.region")
        for name in ("on", "on_b"):
            if values[name] and read_day(values[name]) is None:
                errors[name] = reader.text("rules.error.day")
        return errors


def _options(reader: Reader, beginning: str, words: type[StrEnum]) -> list[tuple[str, str]]:
    """A closed list for a choice: each word with what it is called."""
    return [(word, reader.text(f"{beginning}{word}")) for word in words]


def _refusal(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, GongjiError)
    kind = "missing" if isinstance(problem, NotFound) else "input"
    sentence = Reader.of(request).sentence(problem)
    return _message(request, kind, problem.status, sentence=sentence)


def _no_such_page(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    return _message(request, "missing" if problem.status_code in (404, 405) else "input", problem.status_code)


def _our_fault(request: Request, problem: Exception) -> Response:
    number = secrets.token_hex(4)
    _log.error("page.failed", request_id=number, path=request.url.path, problem=type(problem).__name__)
    return _message(request, "ours", 500, request_id=number)


def _message(request: Request, kind: str, status: int, *, sentence: str = "", request_id: str = "") -> HTMLResponse:
    return render(
        "rules/message.html",
        request,
        status=status,
        signed_in=False,
        base=_BASE,
        kind=kind,
        sentence=sentence,
        request_id=request_id,
    )

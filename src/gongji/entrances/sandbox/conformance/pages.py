"""The pages of the conformance run: which scenarios there are, how they stand, the report for people and programs."""

from __future__ import annotations

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gongji.entrances.national.deviations import words_of
from gongji.entrances.sandbox.conformance.demo import play
from gongji.entrances.sandbox.conformance.model import Outcome, Scenario
from gongji.entrances.sandbox.conformance.report import Report, deviations_of, make_report
from gongji.entrances.sandbox.conformance.scenarios import BY_KEY as SCENARIOS
from gongji.entrances.sandbox.host import Sandbox
from gongji.entrances.sandbox.institutions import BY_CODE, INSTITUTIONS, InventedInstitution
from gongji.entrances.sandbox.page import Shown
from gongji.entrances.sandbox.people import BY_KEY as PEOPLE
from gongji.entrances.sandbox.standing import standings
from gongji.foundation.errors import NotFound


class ConformancePages:
    """What the addresses below ``/sandbox/conformance`` answer."""

    def __init__(self, sandbox: Sandbox, shown: Shown) -> None:
        self._sandbox = sandbox
        self._shown = shown

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/conformance", self.institutions),
            Route("/conformance/{code}.json", self.as_json),
            Route("/conformance/{code}", self.report),
            Route("/conformance/{code}/stop", self.stop, methods=["POST"]),
            Route("/conformance/{code}/{key}", self.start, methods=["POST"]),
            Route("/conformance/{code}/{key}/demo", self.demo, methods=["POST"]),
        ]

    async def institutions(self, request: Request) -> Response:
        """Whose system to try."""
        reports = [await self._report(each) for each in INSTITUTIONS if not each.ended]
        return self._shown.page(request, "conformance", reports=reports, outcomes=list(Outcome))

    async def report(self, request: Request) -> Response:
        """One institution's report, with the scenario under way."""
        institution = _institution(request)
        current = self._sandbox.director.current(institution.code)
        return self._shown.page(
            request,
            "report",
            report=await self._report(institution),
            current=current,
            outcomes=list(Outcome),
            people=PEOPLE,
            kind_in_words=words_of,
        )

    async def as_json(self, request: Request) -> Response:
        """The same for programs."""
        return JSONResponse((await self._report(_institution(request))).as_json())

    async def start(self, request: Request) -> Response:
        """Begin a scenario."""
        institution, scenario = _institution(request), _scenario(request)
        await self._start(institution, scenario)
        return RedirectResponse(f"/sandbox/conformance/{institution.code}#now", status_code=303)

    async def stop(self, request: Request) -> Response:
        """Give the scenario under way up."""
        institution = _institution(request)
        self._sandbox.director.stop(institution.code)
        return RedirectResponse(f"/sandbox/conformance/{institution.code}", status_code=303)

    async def demo(self, request: Request) -> Response:
        """Have the demo's own system go through a scenario, to see what a right run looks like."""
        institution, scenario = _institution(request), _scenario(request)
        await self._start(institution, scenario)
        base = f"{request.url.scheme}://{request.url.netloc}"
        await to_thread.run_sync(play, base, institution, scenario.key)
        return RedirectResponse(f"/sandbox/conformance/{institution.code}#{scenario.key}", status_code=303)

    async def _start(self, institution: InventedInstitution, scenario: Scenario) -> None:
        psn_no = ""
        if scenario.patient:
            found = await to_thread.run_sync(standings, self._sandbox.platform)
            psn_no = found[scenario.patient].psn_no
        self._sandbox.director.start(institution.code, scenario, psn_no)

    async def _report(self, institution: InventedInstitution) -> Report:
        seen = await to_thread.run_sync(deviations_of, self._sandbox.platform, institution)
        return make_report(self._sandbox.director, institution, self._sandbox.clock.now(), seen)


def _institution(request: Request) -> InventedInstitution:
    found = BY_CODE.get(request.path_params["code"])
    if found is None:
        raise NotFound("sandbox.institution", "no such institution in the sandbox", "沙箱里没有这个机构", field="code")
    return found


def _scenario(request: Request) -> Scenario:
    found, institution = SCENARIOS.get(request.path_params["key"]), _institution(request)
    if found is None or found.kind not in (None, institution.kind):
        raise NotFound(
            "sandbox.scenario",
            "this institution has no such scenario",
            "这个机构没有这个场景",
            field="key",
            accepted="、".join(SCENARIOS),
        )
    return found

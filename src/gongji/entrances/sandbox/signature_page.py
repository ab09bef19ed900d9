"""The page that checks signatures: a pasted request judged, and a message signed in every way to compare with."""

from __future__ import annotations

import json
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gongji.entrances.national.transactions import TRANSACTIONS
from gongji.entrances.sandbox.clock import SignatureClock
from gongji.entrances.sandbox.institutions import BY_CODE, INSTITUTIONS
from gongji.entrances.sandbox.page import Shown
from gongji.entrances.sandbox.pasted import read_pasted
from gongji.entrances.sandbox.signing import Verdict, judge, recipes

#: Longest request that may be pasted.
_LONGEST: Final = 100_000


class SignaturePage:
    """What ``/sandbox/signature`` answers."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._clock = SignatureClock()

    async def show(self, request: Request) -> Response:
        """An example in every way of signing."""
        return self._page(request)

    async def check(self, request: Request) -> Response:
        """Judge what was pasted."""
        form = await request.form()
        text = form.get("request", "")
        pasted = text[:_LONGEST] if isinstance(text, str) else ""
        read = read_pasted(pasted)
        return self._page(request, pasted=pasted, verdict=judge(read.headers, read.body, self._clock.now()))

    def _page(self, request: Request, *, pasted: str = "", verdict: Verdict | None = None) -> Response:
        query = request.query_params
        institution = BY_CODE.get(query.get("institution", ""), INSTITUTIONS[0])
        infno = query.get("infno", "")
        infno = infno if infno in TRANSACTIONS else "9001"
        now = self._clock.now()
        message = {
            "infno": infno,
            "msgid": f"{institution.code}{now:%Y%m%d%H%M%S}0001",
            "fixmedins_code": institution.code,
            "input": {"signIn": {"opter_no": "0053"}} if infno == "9001" else {},
        }
        body = json.dumps(message, ensure_ascii=False)
        return self._shown.page(
            request,
            "signature",
            pasted=pasted,
            verdict=verdict,
            body=body,
            institution=institution,
            infno=infno,
            institutions=INSTITUTIONS,
            transactions=TRANSACTIONS,
            recipes=recipes(institution, infno, body, now),
        )

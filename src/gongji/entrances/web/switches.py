"""The two switches in the head of every page: large type, and the other language. They hold for all our pages."""

from __future__ import annotations

import re
from typing import Final

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gongji.entrances.web.pages import LANGUAGE_COOKIE, MODE_COOKIE, Reader

YEAR: Final = 365 * 24 * 3600

#: A page of ours, with its query: where a switch leads back to. Anything else would let a link send readers away.
OUR_PAGE: Final = re.compile(
    r"/(?:c|office|rules|login|sandbox)/(?!static)[\w/-]*(?:\.\w+)*(\?[\w=&%.:~+*/-]*)?", re.ASCII
)


async def switch_mode(request: Request) -> Response:
    """Large type on or off."""
    return await _switch(request, MODE_COOKIE, "standard" if Reader.of(request).elder else "elder")


async def switch_language(request: Request) -> Response:
    """The other language."""
    return await _switch(request, LANGUAGE_COOKIE, Reader.of(request).language.other)


async def _switch(request: Request, cookie: str, value: str) -> Response:
    form = await request.form()
    back = form.get("back", "")
    if isinstance(back, UploadFile) or not OUR_PAGE.fullmatch(back):
        back = f"{request.scope['root_path']}/"
    response = RedirectResponse(back, status_code=303)
    response.set_cookie(
        cookie, value, max_age=YEAR, path="/", httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )
    return response

"""Everything that goes wrong, in one form: a code, a sentence in both languages, the field, what is accepted."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

import structlog
from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from gongji.foundation.errors import Busy, GongjiError, InvalidInput, NotAllowed, NotFound, NotSignedIn, Refused

_log = structlog.get_logger()


class Words(BaseModel):
    """A sentence in both languages."""

    zh: str
    en: str


class Problem(BaseModel):
    """Why a request was not carried out; nothing was written."""

    code: str = Field(description="stable identifier, for programs", examples=["authorisation.already_bound"])
    message: Words = Field(description="for people: what is wrong and what to do")
    field: str | None = Field(description="the input field at fault, where one is")
    accepted: str | None = Field(description="what that field would accept")
    details: dict[str, Any] = Field(description="further facts; `next` is the next step in words")
    request_id: str = Field(description="to quote when asking for help; the log has it too")


#: What each operation may answer besides its result.
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    error.status: {"model": Problem, "description": text}
    for error, text in (
        (NotSignedIn, "no bearer token, or one that does not hold"),
        (NotAllowed, "the token's role may not do this"),
        (NotFound, "there is no such thing, or it is not yours to see"),
        (Refused, "a rule forbids it, or the Idempotency-Key was used for another request"),
        (InvalidInput, "a field cannot be read"),
        (Busy, "too much waits: try again shortly"),
    )
}

_PROBLEM_TYPE: Final = "application/problem+json"

_HTTP: Final = {
    404: ("path.unknown", "there is no such address: see /api/docs", "没有这个地址：请查看 /api/docs"),
    405: (
        "method.unknown",
        "this address does not take this method: see /api/docs",
        "这个地址不接受这种方法：请查看 /api/docs",
    ),
}


def add_problems(app: FastAPI) -> None:
    """Answer every failure of an application as a `Problem`."""
    app.add_exception_handler(GongjiError, _refusal)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failure)


def answer_unknown_path(request: Request, problem: Exception) -> Response:
    """What no entrance takes: a `Problem` below ``/api``, a plain answer elsewhere.

    A path with a line break in it matches no mount, so it never reaches the API itself.
    """
    if request.url.path.startswith("/api/"):
        return _http(request, problem)
    return PlainTextResponse("Not Found", status_code=404)


def _refusal(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, GongjiError)
    number = _number()
    if problem.status >= 500:
        _log.error("api.failed", request_id=number, path=request.url.path, code=problem.code)
    answer = _answer(
        number,
        problem.status,
        problem.code,
        problem.zh,
        problem.en,
        field=problem.field,
        accepted=problem.accepted,
        details=problem.details,
    )
    if isinstance(problem, NotSignedIn):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _unreadable(_request: Request, problem: Exception) -> JSONResponse:
    """FastAPI's list of what it could not read; the values themselves are not repeated, they may be personal."""
    assert isinstance(problem, RequestValidationError)
    wrong = [{"field": _field(one["loc"]), "problem": str(one["msg"])} for one in problem.errors()]
    first = wrong[0]
    return _answer(
        _number(),
        InvalidInput.status,
        "request.invalid",
        f"{first['field']} 填写不正确，请对照接口文档修改",
        f"{first['field']}: {first['problem']}",
        field=first["field"],
        accepted=first["problem"],
        details={"fields": wrong},
    )


def _field(place: tuple[int | str, ...]) -> str:
    """``("body", "user", "name")`` as the sender knows it: ``user.name``; a header or query by its name."""
    inner = place[1:] if place and place[0] in ("body", "query", "path", "header") else place
    return ".".join(str(part) for part in inner) or "body"


def _http(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, HTTPException)
    if isinstance(problem.__cause__, GongjiError):
        return _refusal(request, problem.__cause__)  # a refusal of ours while the body was read
    other = ("request.unreadable", "the request cannot be read", "请求无法读取，请对照接口文档修改")
    code, en, zh = _HTTP.get(problem.status_code, other)
    answer = _answer(_number(), problem.status_code, code, zh, en)
    answer.headers.update(problem.headers or {})
    return answer


def _failure(request: Request, problem: Exception) -> JSONResponse:
    number = _number()
    _log.error("api.failed", request_id=number, path=request.url.path, problem=type(problem).__name__)
    return _answer(
        number,
        500,
        "server.failed",
        "系统出了问题，没有写入任何内容，请稍后再试",
        "something broke on our side and nothing was written: try again later",
    )


def _number() -> str:
    return secrets.token_hex(8)


def _answer(
    number: str,
    status: int,
    code: str,
    zh: str,
    en: str,
    *,
    field: str | None = None,
    accepted: str | None = None,
    details: Mapping[str, object] | None = None,
) -> JSONResponse:
    problem = Problem(
        code=code,
        message=Words(zh=zh, en=en),
        field=field,
        accepted=accepted,
        details=jsonable_encoder(dict(details or {})),
        request_id=number,
    )
    return JSONResponse(
        problem.model_dump(), status_code=status, media_type=_PROBLEM_TYPE, headers={"X-Request-Id": number}
    )

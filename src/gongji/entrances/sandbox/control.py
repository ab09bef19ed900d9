"""What is done on the sandbox's pages: the clock moved, failures planned, the world reset."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gongji.entrances.sandbox.clock import FURTHEST
from gongji.entrances.sandbox.failures import FailureKind
from gongji.entrances.sandbox.host import Sandbox
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import InvalidInput

#: Spans that the clock may be advanced by.
SPANS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}

#: Longest err_msg of a scripted refusal.
_LONGEST_TEXT: Final = 200

_PAGE: Final = "/sandbox/control"


class Control:
    """Takes the forms of the page ``control``; programs may post them too (`docs/sandbox.zh-CN.md`)."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def clock(self, request: Request) -> Response:
        """Set, advance or put back the clock."""
        form = await request.form()
        how = _text(form, "how")
        if how == "back":
            await self._sandbox.clock_back()
        else:
            await self._sandbox.put_clock(_near(self._target(how, form), self._sandbox.clock.now()))
        return _done("clock")

    def _target(self, how: str, form: FormData) -> datetime:
        """The moment that the form asks for."""
        now = self._sandbox.clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if how in SPANS:
            return now + SPANS[how]
        if how == "day_end":
            return midnight + timedelta(days=1)
        if how == "month_end":
            return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
        if how == "year_end":
            return midnight.replace(year=now.year + 1, month=1, day=1)
        if how == "set":
            return _moment(_text(form, "moment"))
        raise InvalidInput(
            "sandbox.clock",
            "how has to be set, hour, day, week, day_end, month_end, year_end or back",
            "how 应为 set、hour、day、week、day_end、month_end、year_end 或 back",
            field="how",
            accepted="set, hour, day, week, day_end, month_end, year_end or back",
        )

    async def plan(self, request: Request) -> Response:
        """Plan a failure."""
        form = await request.form()
        kind = _text(form, "kind")
        if kind not in tuple(FailureKind):
            raise InvalidInput(
                "sandbox.failure",
                f"kind has to be one of {', '.join(FailureKind)}",
                f"kind 应为 {'、'.join(FailureKind)} 之一",
                field="kind",
                accepted=", ".join(FailureKind),
            )
        self._sandbox.failures.plan(
            FailureKind(kind),
            institution=_text(form, "institution"),
            infno=_text(form, "infno"),
            msgid=_text(form, "msgid"),
            times=_number(form, "times", 1),
            seconds=_number(form, "seconds", 0),
            minutes=_number(form, "minutes", 0),
            text=_text(form, "text"),
        )
        return _done("planned")

    async def drop(self, request: Request) -> Response:
        """Take a planned failure back; without a number, all."""
        form = await request.form()
        number = _number(form, "number", 0)
        if number:
            self._sandbox.failures.drop(number)
        else:
            self._sandbox.failures.clear()
        return _done("dropped")

    async def reset(self, request: Request) -> Response:
        """Back to the world's first state."""
        await self._sandbox.reset()
        return _done("reset")


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip()[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _number(form: FormData, name: str, otherwise: int) -> int:
    text = _text(form, name)
    try:
        return int(text) if text else otherwise
    except ValueError:
        raise InvalidInput(
            "sandbox.number", f"{name} is not a number", f"{name} 不是数字", field=name, accepted="a whole number"
        ) from None


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=CHINA)
    except ValueError:
        raise InvalidInput(
            "sandbox.clock",
            "moment is not a moment: write 2026-01-31T08:00",
            "moment 不是日期时间，格式如 2026-01-31T08:00",
            field="moment",
            accepted="2026-01-31T08:00",
        ) from None


def _near(moment: datetime, now: datetime) -> datetime:
    """The moment, unless it is too far from the clock."""
    if abs(moment - now) > FURTHEST:
        raise InvalidInput(
            "sandbox.clock",
            "the clock moves by at most three years at a time",
            "时钟一次最多移动三年",
            field="moment",
            accepted="a moment within three years",
        )
    return moment


def _done(what: str) -> Response:
    return RedirectResponse(f"{_PAGE}?done={what}", status_code=303)

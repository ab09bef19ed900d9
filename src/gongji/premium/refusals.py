"""Every way in which a premium is refused, in words to act on."""

from __future__ import annotations

from datetime import date, datetime

from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.premium.model import OrderState, Standing
from gongji.premium.season import season_of
from gongji.premium.words import STANDING_WORDS, STATE_WORDS, season_in_words


def cannot_be_paid(standing: Standing) -> GongjiError:
    """The year is not open for an order, for a reason that the list shows too."""
    zh, en = STANDING_WORDS[standing]
    return Refused(f"premium.{standing}", en, zh, field="year", details={"standing": str(standing)})


def season_closed(year: int, on: date) -> GongjiError:
    """Outside the season."""
    season = season_of(year)
    zh, en = season_in_words(year, on)
    return Refused(
        "premium.season",
        en,
        zh,
        field="year",
        accepted=f"{season.first} to {season.last}",
        details={"first": season.first.isoformat(), "last": season.last.isoformat()},
    )


def not_a_relative() -> GongjiError:
    """Nobody whom the payer shares with."""
    return Refused(
        "premium.no_authorisation",
        "you share with this person under no authorisation in force that allows premiums: bind them first",
        "您和这位家人没有生效的家庭共济（或没有选“居民医保缴费”用途），请先绑定",
        field="person",
        accepted="a relative bound to your account",
    )


def year_invalid(years: list[int]) -> GongjiError:
    """A coverage year that is neither this one nor the next."""
    told = " or ".join(map(str, years))
    return InvalidInput(
        "premium.year",
        f"the coverage year is {told}",
        f"只能选 {'、'.join(map(str, years))} 年度",
        field="year",
        accepted=told,
    )


def order_unknown() -> GongjiError:
    """No such order, or not the caller's."""
    return NotFound("premium.order_unknown", "there is no such order", "没有找到这笔缴费，请核对编号", field="order")


def voucher_missing() -> GongjiError:
    """A confirmation without the number of the voucher."""
    return InvalidInput(
        "premium.voucher",
        "give the number of the voucher: 4 to 40 letters and digits",
        "请填写缴费凭证号：4 到 40 位字母或数字",
        field="voucher",
        accepted="4 to 40 letters, digits and hyphens",
    )


def reason_unknown(accepted: str) -> GongjiError:
    """A reason that is none of the list."""
    return InvalidInput(
        "premium.reason", "choose a reason of the list", "请从列表里选一个原因", field="reason", accepted=accepted
    )


def answered_before(state: OrderState) -> GongjiError:
    """The tax office said something else before."""
    zh, en = STATE_WORDS[state]
    return Refused(
        "premium.answered",
        f"the order was answered before ({en}): this answer differs from the first and changes nothing",
        f"这笔缴费此前已有答复（{zh}），与这次不同，没有改动",
        field="order",
        details={"state": str(state)},
    )


def over(state: OrderState, deadline: datetime) -> GongjiError:
    """A confirmation after the money went back: the tax office has to take its booking back."""
    zh, en = STATE_WORDS[state]
    return Refused(
        "premium.over",
        f"the order ended ({en}; deadline {deadline.isoformat(timespec='minutes')}): take the booking back",
        f"这笔缴费{zh}（期限 {deadline:%Y-%m-%d %H:%M}），请撤销入库",
        field="order",
        details={"state": str(state), "deadline": deadline.isoformat()},
    )


def not_booked(state: OrderState) -> GongjiError:
    """Only what was booked can be sent back."""
    zh, en = STATE_WORDS[state]
    return Refused(
        "premium.not_booked",
        f"only a booked premium can be sent back; the order: {en}",
        f"只有已入库的才能退费，这笔缴费：{zh}",
        field="order",
        details={"state": str(state)},
    )

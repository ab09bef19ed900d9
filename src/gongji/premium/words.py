"""What people read of orders for premiums, in Chinese and English: the same on pages, in REST and in refusals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from gongji.premium.model import Member, OrderState, RejectReason, Standing
from gongji.premium.season import season_of

REASON_WORDS: Final[Mapping[RejectReason, tuple[str, str]]] = {
    RejectReason.NOT_REGISTERED: (
        "税务那边查不到参保登记，请先到社区或医保窗口登记",
        "the tax office finds no registration: register at the community or the agency first",
    ),
    RejectReason.PAID_ALREADY: ("这一年度已经缴过了", "the year is paid already"),
    RejectReason.AMOUNT: ("缴费金额不对，请重新提交", "the amount is not the right one: order again"),
    RejectReason.NAME_MISMATCH: (
        "姓名和证件号码对不上，请先核对参保登记",
        "name and number do not match: check the registration first",
    ),
    RejectReason.CLOSED: ("这一年度的缴费期已经结束", "the year's season is over"),
    RejectReason.WRONG_PERSON: ("缴错了人", "it was paid for the wrong person"),
}

STATE_WORDS: Final[Mapping[OrderState, tuple[str, str]]] = {
    OrderState.PLACING: ("正在提交", "being made"),
    OrderState.BOOKING: ("正在入库", "at the tax office"),
    OrderState.BOOKED: ("已入库", "booked"),
    OrderState.REJECTED: ("税务未入库，钱已退回", "not booked; the money has gone back"),
    OrderState.EXPIRED: ("超过期限没有入库，钱已退回", "not answered in time; the money has gone back"),
    OrderState.SENT_BACK: ("已退费，钱已退回", "sent back; the money has gone back"),
}

STANDING_WORDS: Final[Mapping[Standing, tuple[str, str]]] = {
    Standing.UNPAID: ("未缴", "not paid"),
    Standing.BOOKING: (
        "您已经提交过这一年度的缴费，正在等税务入库，不用再交",
        "an order of yours for this year is at the tax office: do not pay again",
    ),
    Standing.BOOKING_BY_OTHER: (
        "另一位家人正在缴这一年度的保费，不用再交",
        "another family member is paying this year's premium just now: do not pay again",
    ),
    Standing.PAID: ("这一年度您已经缴过了，不用再交", "you have paid this year"),
    Standing.PAID_BY_OTHER: ("这一年度已由他人缴过，不用再交", "this year has been paid by somebody else"),
    Standing.NOT_REGISTERED: (
        "还没有办居民医保参保登记，请先到社区或医保窗口登记，再来缴费",
        "not registered as a resident: register at the community or the agency first",
    ),
    Standing.EMPLOYEE: (
        "参加的是职工医保，不用缴居民医保费",
        "insured with an employer: there is no resident premium to pay",
    ),
    Standing.NOT_HERE: (
        "您所在的地区现在还不能用个人账户给家人缴居民医保费",
        "your region does not let the account pay residents' premiums on this day",
    ),
    Standing.NO_AMOUNT: (
        "这一年度的缴费标准还没有公布，公布后就可以缴",
        "the amount for this year has not been announced yet",
    ),
}


def standing(member: Member, on: date) -> tuple[str, str]:
    """How a family member stands; a season that is not open is told with its day."""
    if member.standing is Standing.CLOSED:
        return season_in_words(member.year, on)
    return STANDING_WORDS[member.standing]


def season_in_words(year: int, on: date) -> tuple[str, str]:
    """When the season of a coverage year begins, or that it is over."""
    season = season_of(year)
    if on < season.first:
        return (
            f"{year} 年度的保费从 {_day(season.first)}起收",
            f"premiums for {year} are collected from {season.first} on",
        )
    return (
        f"{year} 年度的集中缴费期已于 {_day(season.last)}结束，能否补缴请问参保地医保窗口",
        f"the season for {year} ended on {season.last}: ask the agency whether it may still be paid",
    )


def _day(value: date) -> str:
    return f"{value.year}年{value.month}月{value.day}日"

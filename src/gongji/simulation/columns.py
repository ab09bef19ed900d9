"""The columns of a file of claims: their names, what they hold, what stands in for one that is missing.

An amount's column may be called ``total`` (yuan) or ``total_fen`` (whole fen); a file uses one of the two throughout,
and its results come back the same way.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gongji.foundation.errors import InvalidInput
from gongji.rules import layout
from gongji.rules.model import STATUSES, Attribute, CareKind, OffSite, Scheme, Status, Tier
from gongji.rules.vocabulary import Late


class Holds(StrEnum):
    """What a column holds."""

    ID = "id"
    DAY = "day"
    REGION = "region"
    WORD = "word"
    AMOUNT = "amount"
    COUNT = "count"
    FLAG = "flag"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class ClaimColumn:
    """A column that a file of claims may have.

    Attributes:
        name: its name; an amount in fen has ``_fen`` behind it.
        holds: what it holds.
        accepted: what is accepted, in words.
        also: other names that a header may use for it.
        words: the words it may hold with the number of each (`Holds.WORD`).
        default: what stands in for an empty cell, as the engine counts it; None where a cell may not be empty.
        most: the largest number that is accepted (`Holds.COUNT`).
    """

    name: str
    holds: Holds
    accepted: str
    also: tuple[str, ...] = ()
    words: Mapping[str, int] | None = None
    default: int | None = None
    most: int = 0


#: What an empty cell of a column is counted as where only some rules ask for the column.
UNKNOWN: Final = -1

SCHEMES: Final = tuple(Scheme)
KINDS: Final = tuple(CareKind)

_SCHEME_WORDS: Final = {
    **{str(scheme): place for place, scheme in enumerate(SCHEMES)},
    **{"employee": 0, "职工": 0, "resident": 1, "居民": 1},
}
_KIND_WORDS: Final = {str(kind): place for place, kind in enumerate(KINDS)}
_STATUS_WORDS: Final = {
    **{str(status): place for status, place in layout.STATUS_PLACES.items()},
    **{"在职": layout.STATUS_PLACES[Status.ACTIVE], "退休": layout.STATUS_PLACES[Status.RETIRED]},
    "居民": layout.STATUS_PLACES[Status.RESIDENT],
}
_LATE_WORDS: Final = {
    **{str(late): place for place, late in enumerate(Late)},
    **{"集中参保期外": 0, "断保": 1, "灵活就业": 2},
}
_TIER_WORDS: Final = {
    **{str(tier): place for tier, place in layout.TIER_PLACES.items()},
    **{
        word: layout.TIER_PLACES[tier]
        for tier, words in (
            (Tier.TIER_1, ("1", "一级")),
            (Tier.TIER_2, ("2", "二级")),
            (Tier.TIER_3, ("3", "三级")),
            (Tier.COMMUNITY, ("社区",)),
        )
        for word in words
    },
}
_OFFSITE_WORDS: Final = {str(way): layout.CASE_BITS.get(str(way), 0) for way in OffSite}
_FLAG_WORDS: Final = {
    **dict.fromkeys(("1", "true", "yes", "是"), 1),
    **dict.fromkeys(("0", "false", "no", "否"), 0),
}

YUAN_ACCEPTED: Final = "an amount of yuan such as 1268.50"
FEN_ACCEPTED: Final = "a whole number of fen such as 126850"
_ID_ACCEPTED: Final = "a number or a text"
_DAY_ACCEPTED: Final = "a day from 2000 to 2099 such as 2024-06-12"


def _count(name: str, accepted: str, default: int, most: int, *also: str) -> ClaimColumn:
    return ClaimColumn(name, Holds.COUNT, accepted, also, default=default, most=most)


def _amount(name: str, default: int | None, *also: str) -> ClaimColumn:
    return ClaimColumn(name, Holds.AMOUNT, YUAN_ACCEPTED, also, default=default)


def _word(name: str, words: Mapping[str, int], default: int | None, *also: str) -> ClaimColumn:
    return ClaimColumn(name, Holds.WORD, ", ".join(words), also, words, default)


COLUMNS: Final[Mapping[str, ClaimColumn]] = {
    column.name: column
    for column in (
        ClaimColumn("claim", Holds.ID, _ID_ACCEPTED, ("结算号",), default=UNKNOWN),
        ClaimColumn("person", Holds.ID, _ID_ACCEPTED, ("人员",)),
        ClaimColumn("family", Holds.ID, _ID_ACCEPTED, ("家庭",)),
        ClaimColumn("date", Holds.DAY, _DAY_ACCEPTED, ("日期",)),
        ClaimColumn("region", Holds.REGION, "the six digits of a region, such as 211200", ("统筹区",)),
        _word("scheme", _SCHEME_WORDS, None, "险种"),
        _word("kind", _KIND_WORDS, None, "待遇"),
        _word("status", _STATUS_WORDS, None, "身份"),
        _word("tier", _TIER_WORDS, UNKNOWN, "级别"),
        _word("prescriber", _TIER_WORDS, UNKNOWN, "处方机构级别"),
        _count("age", "full years, 0 to 150", UNKNOWN, 150, "年龄"),
        _count("months_covered", "whole months, 0 to 1800", UNKNOWN, 1800, "参保月数"),
        _word("late", _LATE_WORDS, UNKNOWN, "等待情形"),
        _count("missed_years", "whole years, 0 to 99", 0, 99, "断保年数"),
        _count("repaid_years", "whole years, 0 to 99", 0, 99, "补缴年数"),
        _word("offsite", _OFFSITE_WORDS, 0, "异地"),
        *(ClaimColumn(str(one), Holds.FLAG, "1 or 0", words=_FLAG_WORDS, default=0) for one in Attribute),
        _count("days", "whole days, 1 to 3660", 1, 3660, "住院天数"),
        ClaimColumn("disease", Holds.TEXT, "a word of the region's rule pack", ("病种",), default=UNKNOWN),
        _amount("total", None, "总费用"),
        _amount("self_paid", 0, "全自费"),
        _amount("over_limit", 0, "超限价"),
        _amount("first_self_pay", 0, "先行自付"),
        _amount("in_scope", UNKNOWN, "政策范围内"),
        _amount("current_account", UNKNOWN, "当年账户"),
        _amount("historical_account", UNKNOWN, "历年账户"),
        ClaimColumn("sharer", Holds.ID, _ID_ACCEPTED, ("共济人",), default=UNKNOWN),
        _amount("sharer_current_account", UNKNOWN, "共济人当年账户"),
        _amount("sharer_historical_account", UNKNOWN, "共济人历年账户"),
    )
}

#: With any of these, the accounts pay their part of what the funds leave.
ACCOUNTS: Final = (
    *("current_account", "historical_account"),
    *("sharer", "sharer_current_account", "sharer_historical_account"),
)

#: What the columns that a file lacks can be given for all its rows.
DEFAULTS: Final = ("region", "scheme", "kind", "status", "tier", "date")

#: What comes out, in this order; those after ``cap_used`` where accounts are given.
RESULTS: Final = ("deductible", "fund_pool", "fund_large", "patient", "deductible_used", "cap_used")
ACCOUNT_RESULTS: Final = ("own", "shared", "cash")
NOTE: Final = "note"
DIGEST: Final = "digest"
ROW: Final = "row"
COUNTER_PREFIX: Final = "counter_"
FEN: Final = "_fen"

#: How alike a column that nobody knows may be to a known one before it counts as misspelt.
_ALIKE: Final = 0.86

#: For each scheme, which statuses it insures, by place.
INSURES: Final = tuple(tuple(status in STATUSES[scheme] for status in layout.STATUS_PLACES) for scheme in SCHEMES)


@dataclass(frozen=True, slots=True)
class Header:
    """What the columns of a file are.

    Attributes:
        found: the place in the file of each known column that it has.
        fen: whether amounts are whole fen, else yuan.
        carried: the places of all columns that come back with the results: all but results of an earlier run.
    """

    found: Mapping[str, int]
    fen: bool
    carried: tuple[int, ...]

    @property
    def accounts(self) -> bool:
        """Whether accounts are given."""
        return any(name in self.found for name in ACCOUNTS)

    def shown(self, name: str) -> str:
        """A column's name as results write it."""
        return name + FEN if self.fen else name


def read_header(names: Iterable[str], given: Iterable[str] = ()) -> Header:
    """Recognise the columns of a file.

    Args:
        names: its header.
        given: columns for which a value for all rows stands ready.

    Raises:
        InvalidInput: ``columns.twice``, ``columns.units``, ``columns.misspelt`` or ``columns.missing``.
    """
    known = {alias: (name, False) for name, column in COLUMNS.items() for alias in (name, *column.also)}
    amounts = [name for name, column in COLUMNS.items() if column.holds is Holds.AMOUNT]
    known |= {name + FEN: (name, True) for name in amounts}
    found: dict[str, int] = {}
    units: set[bool] = set()
    carried = []
    for place, spelt in enumerate(names):
        name, fen = known.get(spelt.strip().lower(), ("", False))
        if name in found:
            raise _refused(
                "columns.twice", f"{spelt} is there twice", f"{spelt} 列出现了两次", spelt, "each column once"
            )
        if name:
            found[name] = place
            if name in amounts:
                units.add(fen)
        elif not _is_result(spelt):
            _check_spelling(spelt, known)
        if name or not _is_result(spelt):
            carried.append(place)
    if len(units) > 1:
        raise _refused(
            "columns.units",
            "some amounts are in fen and some in yuan",
            "金额有的以分为单位(_fen)，有的以元为单位",
            "total",
            "either total, self_paid … in yuan or total_fen, self_paid_fen … in fen",
        )
    _check_complete({*found, *given})
    return Header(found, True in units, tuple(carried))


def _is_result(spelt: str) -> bool:
    """Whether a column is a result of an earlier run, which the new one replaces."""
    name = spelt.removesuffix(FEN)
    return name in (*RESULTS, *ACCOUNT_RESULTS, NOTE, DIGEST, ROW) or spelt.startswith(COUNTER_PREFIX)


def _check_spelling(spelt: str, known: Iterable[str]) -> None:
    near = difflib.get_close_matches(spelt.strip().lower(), list(known), n=1, cutoff=_ALIKE)
    if near:
        raise _refused(
            "columns.misspelt",
            f"there is no column {spelt}: is it {near[0]}?",
            f"没有 {spelt} 这一列，是否为 {near[0]}？",
            spelt,
            f"{near[0]}, or a name of your own that is less like it",
        )


def _check_complete(there: set[str]) -> None:
    missing = [name for name in ("person", "date", "region", "status", "total") if name not in there]
    if missing:
        options = {"date": "on"}  # the others are called as their column
        hint = "; ".join(f"--{options.get(name, name)} gives it for all rows" for name in missing if name in DEFAULTS)
        raise _refused(
            "columns.missing",
            f"the file has no column {', '.join(missing)}",
            f"文件缺少列 {', '.join(missing)}",
            missing[0],
            hint or COLUMNS[missing[0]].accepted,
        )
    if "sharer" not in there and there & {"sharer_current_account", "sharer_historical_account"}:
        raise _refused(
            "columns.missing",
            "the file has a sharer's account, but no column sharer",
            "文件有共济人账户，但没有 sharer 列",
            "sharer",
            _ID_ACCEPTED,
        )


def _refused(code: str, en: str, zh: str, field: str, accepted: str) -> InvalidInput:
    return InvalidInput(code, en, zh, field=field, accepted=accepted)

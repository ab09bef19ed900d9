"""JSON Schema (draft 2020-12) of a pack file, from the vocabulary that the loader reads by.

It describes the file as the loader reads it: every scalar as text, so that ``300.00`` keeps its decimals and
``2024-01-01`` is no date of the parser's. It says what may stand where; what holds between entries (sources that are
registered, dates that do not overlap, tables without a hole) is told by ``gongji rules check`` only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, Final, TypeAlias

from gongji.rules.enrolment import ENROLMENT_NAMES
from gongji.rules.node import Node
from gongji.rules.pack import SCHEME_WORDS, SHARING_NAMES, benefit_word, every_benefit
from gongji.rules.structure import CASES, FURTHER, POOL, PRESCRIBER
from gongji.rules.vocabulary import (
    AccountScope,
    AccrualBase,
    AllotmentParts,
    AllotmentYearEnd,
    Area,
    Attribute,
    BackPayment,
    BalanceSource,
    Basis,
    Contributor,
    DeductibleKind,
    Dimension,
    Effect,
    FlagTwo,
    ForbiddenUse,
    Grade,
    Late,
    Measure,
    Procedure,
    Purpose,
    Relation,
    Reset,
    StatusChange,
    TakeBack,
    Tier,
    Trigger,
)
from gongji.rules.waiting import GAP_TERMS
from gongji.rules.wallet import QUOTA_AMOUNTS, QUOTA_COUNTS, QUOTA_TERMS, TERMS, WALLET_NAMES

Schema: TypeAlias = dict[str, Any]

_TEXT: Final[Schema] = {"$ref": "#/$defs/text"}
_DAY: Final[Schema] = {"$ref": "#/$defs/day"}
_WHOLE: Final[Schema] = {"$ref": "#/$defs/whole"}
_FLAG: Final[Schema] = {"$ref": "#/$defs/flag"}
_YUAN: Final[Schema] = {"$ref": "#/$defs/yuan"}
_NUMBER: Final[Schema] = {"$ref": "#/$defs/number"}
_TABLE: Final[Schema] = {"$ref": "#/$defs/table"}
_SOURCE: Final[Schema] = {"$ref": "#/$defs/source"}
_WHEN: Final[Schema] = {"type": "object", "additionalProperties": _TEXT}

#: What stands beside every dated entry.
_DATED: Final[dict[str, Schema]] = {"effective": _DAY, "source": _SOURCE}
_DATED_OPTIONAL: Final[dict[str, Schema]] = {"until": _DAY, "published": _DAY, "note": _TEXT}


def pack_schema() -> Schema:
    """The schema, ready to be written as JSON."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Gongji rule pack 共济规则包",
        "description": "One file of a pack, every scalar read as text. 每个标量都按文字读取。",
        **_object(
            {"pack": _TEXT},
            {
                "region": {"type": "string", "pattern": "^[0-9]{6}$"},
                "name": _TEXT,
                "inherits": _TEXT,
                "sources": _named(_object(_texts("title", "publisher", "reference") | {"grade": _words(Grade)})),
                "scheme": _words(benefit_word(key) for key in every_benefit()),
                "counters": _named(_counter()),
                "rules": _list(_rule()),
                "values": _named(_list(_object(_DATED | {"value": _TABLE}, _DATED_OPTIONAL))),
                "sharing": _sharing(),
                "accrual": _accrual(),
                "waiting": _waiting(),
                "enrolment": _enrolment(),
                "wallet": _wallet(),
                "interpretations": _named(
                    _object(_texts("default", "why") | {"options": _list(_TEXT)}, {"docs": _list(_TEXT)})
                ),
                "bounds": _bounds(),
                "conflicts": _list(_object(_texts("about", "says", "against", "handling") | {"docs": _list(_TEXT)})),
                "gaps": _list(_object(_texts("about", "says"))),
            },
        ),
        "$defs": _definitions(),
    }


def _definitions() -> Schema:
    percent = {"type": "string", "pattern": r"^[0-9]{1,5}(\.[0-9]{1,2})? ?%$"}
    return {
        "text": {"type": "string", "pattern": r"\S"},
        "day": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        "whole": {"type": "string", "pattern": "^[0-9]{1,9}$"},
        "flag": {"enum": ["true", "false"]},
        "yuan": {"type": "string", "pattern": r"^[0-9]{1,9}\.[0-9]{2}$"},
        "number": {"anyOf": [_YUAN, percent]},
        "table": {"anyOf": [_NUMBER, {"type": "object", "additionalProperties": _TABLE}]},
        "source": {
            **_object(
                {"doc": _TEXT, "grade": _words(Grade), "checked": _DAY},
                {"quote": _TEXT, "summary": _TEXT},
            ),
            "oneOf": [{"required": ["quote"]}, {"required": ["summary"]}],
        },
    }


def _object(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """A mapping with a closed list of keys."""
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def _named(held: Schema) -> Schema:
    return {"type": "object", "additionalProperties": held}


def _list(held: Schema) -> Schema:
    return {"type": "array", "items": held}


def _texts(*names: str) -> dict[str, Schema]:
    return dict.fromkeys(names, _TEXT)


def _words(words: Iterable[str]) -> Schema:
    return {"enum": [str(word) for word in words]}


def _shape(word: str) -> dict[str, Schema]:
    return {"shape": {"const": word}}


def _by(*special: Dimension) -> Schema:
    """The dimensions a table may have; admissions and bands only where a shape counts them."""
    counted = {Dimension.ADMISSION, Dimension.BAND} - set(special)
    return _list(_words(one for one in Dimension if one not in counted))


def _counter() -> Schema:
    periods = _object(
        {"scope": {"const": "person"}, "reset": _words(one for one in Reset if one is not Reset.INSURANCE_YEAR)},
        {"interpretation": _TEXT},
    )
    year = _object(
        {
            "scope": {"const": "person"},
            "reset": {"const": str(Reset.INSURANCE_YEAR)},
            "starts": {"type": "string", "pattern": "^(0[1-9]|1[0-2])-01$"},
        },
        {"interpretation": _TEXT},
    )
    return {"oneOf": [periods, year]}


def _rule() -> Schema:
    return _object(
        _DATED | {"deductible": _deductible(), "share": _share(), "caps": _list(_cap())},
        _DATED_OPTIONAL
        | {
            "modifiers": _list(_modifier()),
            "overflow": _list(_stage()),
            "pharmacy": _words((*Tier, PRESCRIBER)),
            "emergency": _FLAG,
            "account_first": _FLAG,
        },
    )


def _deductible() -> Schema:
    waiver = _object(
        {"for": _words((Attribute.FAMILY_DOCTOR, Attribute.ESSENTIAL_DRUGS)), "less": _TEXT, "by": _by()},
    )
    further: dict[str, Schema] = {"of": _TEXT, "waivers": _list(waiver)}
    times = _list(_object({"times": _WHOLE, "counter": _TEXT}))
    by_admission = _object(
        _shape(DeductibleKind.BY_ADMISSION) | {"counter": _TEXT, "by": _by(Dimension.ADMISSION)},
        further | {"repeat": _words(("factors", "less")), "charged_again_after_days": _WHOLE},
    )
    return {
        "oneOf": [
            _object(_shape(DeductibleKind.NONE)),
            _object(_shape(DeductibleKind.CUMULATIVE) | {"counter": _TEXT, "by": _by()}, further),
            _object(_shape(DeductibleKind.PER_VISIT) | {"by": _by()}, further | {"at_most": times}),
            by_admission,
        ]
    }


def _share() -> Schema:
    half_up: dict[str, Schema] = {"round": {"const": "half_up"}}
    banded = _object(
        _shape("banded") | half_up | {"by": _by(Dimension.BAND), "edges": _TEXT},
        {"on": _words(Measure), "interpretation": _TEXT, "counter": _TEXT},
    )
    measured = [{"required": ["on"]}, {"required": ["interpretation"]}]
    return {"oneOf": [_object(_shape("ratio") | half_up | {"by": _by()}), banded | {"oneOf": measured}]}


def _modifier() -> Schema:
    return _object(
        {"for": _list(_words(CASES)) | {"minItems": 1}, "shape": _words(Effect), "value": _TEXT, "by": _by()},
        {"when": _WHEN},
    )


def _cap() -> Schema:
    return _object(
        {"limit": _TEXT, "fund": {"const": POOL}, "by": _by()},
        {"counter": _TEXT, "when": _WHEN, "of": _TEXT, "on": _words(Measure), "each": {"const": "disease"}},
    )


def _stage() -> Schema:
    limited: dict[str, Schema] = {"limit": _TEXT, "counter": _TEXT, "when": _WHEN, "of": _TEXT}
    bands = _object({"edges": _TEXT, "on": _words(Measure), "counter": _TEXT})
    deductible = _object({"value": _TEXT, "counter": _TEXT, "by": _by()}, {"of": _TEXT})
    own: dict[str, Schema] = {"takes": _words(Basis), "deductible": deductible, "bands": bands}
    named: dict[str, Schema] = {"fund": _words(FURTHER), "by": _by()}
    at_its_own = {"type": "string", "pattern": r"\S", "not": {"const": "same"}}
    return {
        "oneOf": [
            _object(named | {"ratio": {"const": "same"}}, limited),
            _object(named | {"ratio": at_its_own}, limited | own),
        ]
    }


#: The schema of a sharing value that is one plain thing, by what reads it.
_PLAIN: Final[dict[Callable[[Node], object], Schema]] = {Node.whole: _WHOLE, Node.flag: _FLAG, Node.yuan: _YUAN}

_CHOICES: Final[dict[str, type[StrEnum]]] = {
    "procedure": Procedure,
    "area": Area,
    "trigger": Trigger,
    "account_scope": AccountScope,
    "flag_2_means": FlagTwo,
    "balance_source": BalanceSource,
    "allotment_parts": AllotmentParts,
    "allotment_take_back": TakeBack,
    "allotment_year_end": AllotmentYearEnd,
}
_LISTS: Final[dict[str, type[StrEnum]]] = {
    "relations": Relation,
    "purposes": Purpose,
    "forbidden_uses": ForbiddenUse,
}


def _sharing() -> Schema:
    properties = {
        name: _list(_object(_DATED | {"value": _sharing_value(name, read)}, _DATED_OPTIONAL))
        for name, read in SHARING_NAMES.items()
    }
    return _object({}, properties)


def _sharing_value(name: str, read: Callable[[Node], object]) -> Schema:
    if name in _LISTS:
        return _list(_words(_LISTS[name]))
    return _words(_CHOICES[name]) if name in _CHOICES else _PLAIN[read]


def _accrual() -> Schema:
    started: dict[str, Schema] = {"from": _words(StatusChange)}
    value = {
        "oneOf": [
            _object({"monthly": _TABLE}, started),
            _object({"of": _words(AccrualBase), "share": _TABLE}, started),
        ]
    }
    entries = _list(_object(_DATED | {"value": value}, _DATED_OPTIONAL))
    return _object({}, {str(one): entries for one in Contributor})


def _waiting() -> Schema:
    value = _object({}, {str(one): _WHOLE for one in Late} | dict.fromkeys(GAP_TERMS, _WHOLE)) | {"minProperties": 1}
    entries = _list(_object(_DATED | {"value": value}, _DATED_OPTIONAL))
    return _object({}, dict.fromkeys(SCHEME_WORDS, entries))


def _enrolment() -> Schema:
    window = _object({"closes": _DAY}, {"opens": _DAY})
    newborn = {"oneOf": [_object({"within_days": _WHOLE}), _object({"within_months": _WHOLE})]}
    retirement = _object(dict.fromkeys(("men", "women"), _WHOLE), {"paid_here": _WHOLE, "shortfall_at_once": _FLAG})
    days = dict.fromkeys(("sending_days", "receiving_days", "total_days"), _WHOLE)
    written: dict[str, Schema] = {
        "window": window,
        "newborn": newborn,
        "back_payment": _words(BackPayment),
        "retirement_years": retirement,
        "transfer": _object(days, dict.fromkeys(("balance_moves", "retired_may"), _FLAG)),
    }
    return _dated_names({name: written.get(name, _FLAG) for name in ENROLMENT_NAMES})


def _wallet() -> Schema:
    limits = dict.fromkeys(QUOTA_AMOUNTS, _YUAN) | dict.fromkeys(QUOTA_COUNTS, _WHOLE)
    written = {
        "terms": _object(dict.fromkeys(TERMS, _WHOLE)),
        "quota": _object(dict.fromkeys(QUOTA_TERMS, _FLAG), limits),
    }
    return _dated_names({name: written.get(name, _FLAG) for name in WALLET_NAMES})


def _dated_names(values: dict[str, Schema]) -> Schema:
    """A section whose names are known, each a list of dated values."""
    return _object({}, {name: _list(_object(_DATED | {"value": one}, _DATED_OPTIONAL)) for name, one in values.items()})


def _bounds() -> Schema:
    bound = _object(
        _DATED | {"on": {"type": "string", "pattern": r"^(deductible|share|caps)(\..+)?$"}},
        _DATED_OPTIONAL | {"at_least": _NUMBER, "at_most": _NUMBER},
    )
    return _object({}, {benefit_word(key): _list(bound) for key in every_benefit()})

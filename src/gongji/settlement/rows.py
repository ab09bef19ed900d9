"""Settlements as rows: one order of columns for writing and reading back, and the documents in them.

An explanation is kept as ``{"cited": [numbers], "payers": [[payer, fen, because, cited, inputs]…], "steps": [[code, fen,
cited, inputs]…]}``, where ``cited`` in a line is a place in the list of citations or null.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec

from gongji.benefit.model import CounterMove, Step
from gongji.foundation.clock import CHINA
from gongji.rules.model import Clause, Scheme, Status, Tier
from gongji.settlement.citations import Citations
from gongji.settlement.decide import Decision
from gongji.settlement.model import Explanation, FeeLine, PayerLine, Settlement

#: Column and PostgreSQL type, in the order in which rows are written and read.
SETTLEMENT_COLUMNS: Final = (
    ("id", "bigint"),
    ("kind", "text"),
    ("reverses", "bigint"),
    ("visit_id", "bigint"),
    ("person_id", "bigint"),
    ("institution_id", "integer"),
    ("infno", "text"),
    ("msgid", "text"),
    ("region", "text"),
    ("scheme", "text"),
    ("status", "text"),
    ("psn_type", "text"),
    ("civil_servant", "boolean"),
    ("med_type", "text"),
    ("certificate_kind", "text"),
    ("disease", "text"),
    ("prescriber", "text"),
    ("invoice", "text"),
    ("settled_at", "timestamptz"),
    ("total", "bigint"),
    ("self_paid", "bigint"),
    ("over_limit", "bigint"),
    ("first_self_pay", "bigint"),
    ("in_scope", "bigint"),
    ("deductible", "bigint"),
    ("ratio", "integer"),
    ("fund_pool", "bigint"),
    ("fund_large", "bigint"),
    ("fund_civil", "bigint"),
    ("fund_aid", "bigint"),
    ("own", "bigint"),
    ("shared", "bigint"),
    ("wallet", "bigint"),
    ("cash", "bigint"),
    ("balance_after", "bigint"),
    ("pack_digest", "text"),
    ("explanation", "text"),
    ("counters", "text"),
    ("lines", "text"),
)
NAMES: Final = tuple(name for name, _ in SETTLEMENT_COLUMNS)
_PLAIN: Final = NAMES[:-3]
_plain: Final = attrgetter(*_PLAIN)

#: Columns that hold a document.
DOCUMENTS: Final = NAMES[-3:]

#: What a settlement `s` is read back from: its columns, then the texts it cites, in their order.
READ: Final = (
    *(f"s.{name}::text" if name in DOCUMENTS else f"s.{name}" for name in NAMES),
    "(SELECT json_agg(c.document ORDER BY n.place) FROM json_array_elements_text(s.explanation -> 'cited')"
    " WITH ORDINALITY AS n(id, place) JOIN citation c ON c.id = n.id::integer)::text",
)


class _StoredExplanation(msgspec.Struct):
    cited: list[int]
    payers: list[tuple[str, int, str, int | None, dict[str, int | str]]]
    steps: list[tuple[str, int, int | None, dict[str, int | str]]]


_encoder = msgspec.json.Encoder()
_explanation = msgspec.json.Decoder(_StoredExplanation)
_clauses = msgspec.json.Decoder(list[Clause])
_moves = msgspec.json.Decoder(tuple[CounterMove, ...])
_lines = msgspec.json.Decoder(tuple[FeeLine, ...])


def cited_by(explanation: Explanation) -> list[Clause | None]:
    """The clauses that an explanation rests on."""
    return [line.clause for line in explanation.payers] + [step.clause for step in explanation.steps]


def settlement_row(decision: Decision, citations: Citations) -> tuple[Any, ...]:
    """The values of `SETTLEMENT_COLUMNS` for a decision whose clauses have their numbers."""
    answer = decision.settlement
    lines = _encoder.encode(answer.lines).decode() if answer.lines else None
    moves = _encoder.encode(decision.counters).decode()
    return (*_plain(answer), _explanation_document(answer.explanation, citations), moves, lines)


def _explanation_document(explanation: Explanation, citations: Citations) -> str:
    cited: dict[int, int] = {}

    def place(clause: Clause | None) -> int | None:
        return None if clause is None else cited.setdefault(citations.number(clause), len(cited))

    payers = [(line.payer, line.amount, line.because, place(line.clause), line.inputs) for line in explanation.payers]
    steps = [(step.code, step.amount, place(step.clause), step.inputs) for step in explanation.steps]
    return _encoder.encode({"cited": list(cited), "payers": payers, "steps": steps}).decode()


def settlement_from(row: Sequence[Any]) -> tuple[Settlement, tuple[CounterMove, ...]]:
    """A settlement from the columns of `READ`, and how it moved the counters."""
    values = dict(zip(_PLAIN, row[: len(_PLAIN)], strict=True))
    values["scheme"] = Scheme(values["scheme"])
    values["status"] = Status(values["status"])
    values["prescriber"] = Tier(values["prescriber"]) if values["prescriber"] else None
    values["settled_at"] = values["settled_at"].astimezone(CHINA)
    document, moves, lines, cited = row[len(_PLAIN) : len(_PLAIN) + 4]
    bought = _lines.decode(lines) if lines else ()
    explanation = _explanation_from(document, _clauses.decode(cited) if cited else [])
    return Settlement(**values, explanation=explanation, lines=bought), _moves.decode(moves)


def _explanation_from(document: str, cited: Sequence[Clause]) -> Explanation:
    stored = _explanation.decode(document)

    def clause(place: int | None) -> Clause | None:
        return None if place is None else cited[place]

    return Explanation(
        tuple(
            PayerLine(payer, amount, because, clause(place), inputs)
            for payer, amount, because, place, inputs in stored.payers
        ),
        tuple(Step(code, amount, clause(place), inputs) for code, amount, place, inputs in stored.steps),
    )

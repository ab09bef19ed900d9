"""One person's claims of a file step by step, by the readable reference: the same amounts as the file's results."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from gongji.benefit.model import CounterMove
from gongji.entrances import explaining, wording
from gongji.entrances.open_rules.atlas import Atlas
from gongji.entrances.open_rules.question import FIRST_SHARER, Accounts, Answer, Question, answer
from gongji.entrances.wording import Language
from gongji.foundation.errors import GongjiError, NotFound
from gongji.ledger.model import AccountKind, personal_account
from gongji.rules.book import SHORT_DIGEST, RuleBook
from gongji.rules.model import Scheme
from gongji.simulation import flow
from gongji.simulation.batches import Source
from gongji.simulation.chunk import VERDICTS, Chunk, ChunkReader, Defaults
from gongji.simulation.columns import read_header
from gongji.simulation.formats import Format
from gongji.simulation.plan import Plan
from gongji.simulation.settling import Settler
from gongji.simulation.sources import open_source
from gongji.simulation.told import ToldClaim, told_claim

_KINDS = (AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL)
_PATIENT = 1


def explained(
    source: Path, form: Format | None, person: str, defaults: Defaults, book: RuleBook, language: Language
) -> Iterator[str]:
    """The lines that explain a person's claims, in the order of their days.

    Args:
        source: the file.
        form: its format; found out when None.
        person: the person's id as the file has it.
        defaults: what stands for what is missing.
        book: the rules.
        language: of the lines.

    Raises:
        NotFound: ``person.unknown`` when the file has no claim of this person.
        InvalidInput: as `simulation.engine.assess_file`.
    """
    opened = open_source(source, form)
    header = read_header(opened.names, defaults.given())
    own = _rows(opened, header.found["person"], person)
    if own is None:
        raise NotFound(
            "person.unknown",
            f"the file has no claim of {person}",
            f"文件中没有人员 {person} 的费用",
            field="explain",
            accepted="an id in the column person",
        )
    rows = own
    if "family" in header.found:
        rows = _rows(opened, header.found["family"], str(own.column(header.found["family"])[0].as_py())) or own
    plan = Plan(book)
    chunk = ChunkReader(header, defaults, plan, opened.names).read(rows)
    ids = [str(one) for one in rows.column(header.found["person"]).to_pylist()]
    sharers = rows.column(header.found["sharer"]).to_pylist() if "sharer" in header.found else [None] * len(ids)
    yield from _Year(chunk, plan, Atlas(book), ids, sharers, language).lines(person)


def _rows(source: Source, column: int, value: str) -> pa.RecordBatch | None:
    """Every row of a file with a value in a column."""
    found = []
    for batch in source.batches():
        same = pc.equal(batch.rows.column(column).cast(pa.string()), value).fill_null(False)
        if pc.any(same).as_py():
            found.append(batch.rows.filter(same))
    if not found:
        return None
    batches = pa.Table.from_batches(found).unify_dictionaries().combine_chunks().to_batches()
    return batches[0]


class _Year:
    """A family's claims on their way through the reference."""

    def __init__(
        self, chunk: Chunk, plan: Plan, atlas: Atlas, ids: list[str], sharers: list[object], language: Language
    ) -> None:
        self._chunk = chunk
        self._plan = plan
        self._atlas = atlas
        self._ids = ids
        self._sharers = [None if one is None else str(one) for one in sharers]
        self._language = language
        self._counters: dict[tuple[str, str, str, str, str], int] = {}
        self._balances: dict[str, list[int]] = {}
        # Finds out what cannot be assessed, in the same way as over the whole file.
        Settler(plan, counters=False).settle(chunk)
        self._open_accounts()

    def lines(self, person: str) -> Iterator[str]:
        """The lines about one person; the claims of the others only move the accounts."""
        order = sorted(range(len(self._ids)), key=lambda row: int(self._chunk.claims.day[row]))
        for row in order:
            told = self._settled(row)
            if self._ids[row] == person:
                yield from told

    def _open_accounts(self) -> None:
        for name, told in self._chunk.accounts.items():
            holders = self._sharers if name.startswith("sharer") else self._ids
            for row, holder in enumerate(holders):
                if holder is not None and told[row] >= 0 and self._chunk.verdict[row] <= flow.OFFSITE_UNKNOWN:
                    self._balances.setdefault(holder, [0, 0])[name.endswith("historical_account")] = int(told[row])

    def _settled(self, row: int) -> list[str]:
        """One claim, and how it moves counters and accounts."""
        verdict = int(self._chunk.verdict[row])
        if verdict > flow.OFFSITE_UNKNOWN:
            return [wording.text("assess.rejected", self._language, reason=self._reason(row))]
        claim = told_claim(self._chunk, row, self._plan)
        question = self._question(claim, row)
        try:
            found = answer(self._atlas, question)
        except GongjiError as error:
            reason = error.zh if self._language is Language.CHINESE else error.en
            return [wording.text("assess.rejected", self._language, reason=reason)]
        for move in found.assessment.moves:
            self._move(claim, self._ids[row], move)
        for draw in found.payment.draws:
            holder = self._ids[row] if draw.account in _accounts(_PATIENT) else self._sharers[row]
            account = _accounts(_PATIENT if holder == self._ids[row] else FIRST_SHARER).index(draw.account)
            if holder is not None:
                self._balances[holder][account] -= draw.amount
        return self._told(claim, found, row)

    def _reason(self, row: int) -> str:
        for fault in self._chunk.faults:
            if row in fault.rows:
                return f"{fault.column}: {fault.zh if self._language is Language.CHINESE else fault.en}"
        column, _, en, zh = VERDICTS[int(self._chunk.verdict[row])]
        return f"{column}: {zh if self._language is Language.CHINESE else en}"

    def _question(self, claim: ToldClaim, row: int) -> Question:
        person, patient, sharer = claim.person, self._ids[row], self._sharers[row]
        rule = self._atlas.book.benefit(claim.region, claim.scheme, claim.kind, person.on)
        counters = {
            name: self._counters.get(self._counter(claim, patient, name, counter.period(person.on)), 0)
            for name, counter in (rule.counters if rule is not None else {}).items()
        }
        held = self._balances.get(patient, [0, 0])
        without = claim.scheme is Scheme.RESIDENT and not any(held)  # residents have no account of their own
        own = Accounts(*held) if self._chunk.accounts and not without else None
        shared = (Accounts(*self._balances.get(sharer, (0, 0))),) if sharer is not None else ()
        return Question(
            region=claim.region,
            scheme=claim.scheme,
            kind=claim.kind,
            on=person.on,
            status=person.status,
            tier=person.tier,
            bill=claim.bill,
            age=claim.age,
            months_covered=claim.months_covered,
            offsite=person.offsite,
            attributes=person.attributes,
            days=person.days,
            prescriber=person.prescriber,
            late=person.late,
            missed_years=person.missed_years,
            repaid_years=person.repaid_years,
            disease=person.disease,
            counters=counters,
            own=own,
            sharers=shared,
        )

    def _counter(self, claim: ToldClaim, person: str, name: str, period: str) -> tuple[str, str, str, str, str]:
        return (self._atlas.book.pooling(claim.region), str(claim.scheme), person, name, period)

    def _move(self, claim: ToldClaim, person: str, move: CounterMove) -> None:
        place = self._counter(claim, person, move.counter, move.period)
        self._counters[place] = self._counters.get(place, 0) + move.added

    def _told(self, claim: ToldClaim, found: Answer, row: int) -> list[str]:
        """The claim in words: what it was, every step of the funds, who paid, on what it rests."""
        language, on = self._language, claim.person.on
        names = {FIRST_SHARER: self._sharers[row] or ""}
        told = [
            "",
            wording.text(
                "assess.claim",
                language,
                day=date(on.year, on.month, on.day),
                where=found.name,
                kind=wording.text(f"rules.kind.{claim.kind}", language),
                tier=wording.text(f"rules.word.{claim.person.tier}", language),
                amount=claim.bill.total,
            ),
        ]
        for number, step in enumerate(found.assessment.steps, 1):
            sentence = explaining.tell_step(step, language)
            told.append(f"  {number}. {sentence.sentence}")
        explanation = explaining.explain(found.explanation, language, names)
        told += [f"  {payer.label} {wording.money(payer.amount)}  {payer.because}" for payer in explanation.payers]
        told += [f"  ⚠ {caution}" for caution in explanation.cautions]
        digest = found.assessment.digest[:SHORT_DIGEST]
        if digest:
            told.append("  " + wording.text("assess.digest", language, digest=digest))
        return told


def _accounts(person: int) -> list[int]:
    return [personal_account(kind, person) for kind in _KINDS]

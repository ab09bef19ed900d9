"""The texts that explanations cite, kept once: a settlement says which, by number, and reads them back whole.

A clause with its source is some 300 bytes and stands in thousands of explanations; written out each time it was most of
what a settlement put into the database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec
import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gongji.foundation.database import Database
from gongji.rules.model import Clause
from gongji.settlement.tables import citation

_encoder: Final = msgspec.json.Encoder()


class Citations:
    """The numbers of clauses, remembered by one writer; not for several threads.

    Args:
        database: where they are kept. New ones are committed at once and for themselves: a text that nothing cites
            yet does no harm, and the settlement that waits for it must not lock it against others.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[Clause, int] = {}

    def number_all(self, clauses: Iterable[Clause | None]) -> None:
        """Make sure that these clauses have numbers."""
        unknown = {clause for clause in clauses if clause is not None} - self._numbers.keys()
        if unknown:
            self._numbers |= self._enter(unknown)

    def number(self, clause: Clause) -> int:
        """The number of a clause that `number_all` has seen."""
        return self._numbers[clause]

    def _enter(self, clauses: set[Clause]) -> dict[Clause, int]:
        documents = {clause: _encoder.encode(clause) for clause in clauses}
        digests = {hashlib.sha256(document).digest(): clause for clause, document in documents.items()}
        numbers = self._kept(digests)
        # In one order, so that two writers do not wait for each other in a circle.
        while missing := sorted(digests.keys() - numbers.keys()):
            rows = [{"digest": one, "document": msgspec.json.decode(documents[digests[one]])} for one in missing]
            try:
                with self._database.transaction() as connection:
                    made = connection.execute(citation.insert().returning(citation.c.digest, citation.c.id), rows)
                    numbers |= {bytes(row.digest): row.id for row in made}
            except sa.exc.IntegrityError as problem:
                # Another writer was first: then some are there. Citus lets nobody say ON CONFLICT who may only add rows.
                if not isinstance(problem.orig, psycopg.errors.UniqueViolation):
                    raise
                numbers = self._kept(digests)
        return {clause: numbers[digest] for digest, clause in digests.items()}

    def _kept(self, digests: Iterable[bytes]) -> dict[bytes, int]:
        """The numbers of those that are kept already, by digest."""
        wanted = sa.cast(list(digests), ARRAY(sa.LargeBinary))
        query = sa.select(citation.c.digest, citation.c.id).where(citation.c.digest == sa.any_(wanted))
        with self._database.transaction() as connection:
            return {bytes(row.digest): row.id for row in connection.execute(query)}

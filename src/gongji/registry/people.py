"""People by id, for pages and for whoever serves many at every moment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any, Final

from gongji.foundation.personal import Vault
from gongji.foundation.questions import Question, Selection
from gongji.registry.model import Person

_FOUND: Final = """
SELECT p.id, p.psn_no, p.certificate_type, p.certificate_sealed, p.name_sealed, p.gender, p.born_on, p.nationality, p.died_on
  FROM ({ids}) AS k
  JOIN person p ON p.bucket = (k.id & 1023)::smallint AND p.id = k.id
"""


def people_question(vault: Vault, ids: Selection) -> Question[dict[int, Person]]:
    """People by id; ids of nobody are not in the answer."""
    return Question(_found(ids.sql), ids.values, partial(_people, vault))


@cache
def _found(ids: str) -> str:
    return _FOUND.format(ids=ids)


def _people(vault: Vault, rows: Sequence[Any]) -> dict[int, Person]:
    found = {}
    for person_id, psn_no, kind, certificate, name, gender, born_on, nationality, died_on in rows:
        if person_id not in found:
            found[person_id] = Person(
                person_id,
                psn_no,
                kind,
                vault.open(certificate),
                vault.open(name),
                gender,
                born_on,
                nationality,
                died_on,
            )
    return found

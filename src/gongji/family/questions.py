"""What pages ask the family: authorisations of a person, by id, and the relatives that they name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from gongji.family.model import Authorisation
from gongji.family.store import authorisation_from
from gongji.family.tables import authorisation
from gongji.foundation.arrays import Integers
from gongji.foundation.ids import bucket_of
from gongji.foundation.questions import Question, Rows, Selection

_ROWS: Final = Rows(authorisation)

_GIVEN: Final = f"SELECT {_ROWS.columns} FROM authorisation WHERE sharer_id = %(sharer)s ORDER BY made_at, id"

_HAD: Final = f"""
SELECT {_ROWS.columns} FROM authorisation WHERE bucket = %(bucket)s AND user_id = %(user)s ORDER BY made_at, id
"""

_BY_ID: Final = f"""
SELECT {_ROWS.of_t} FROM unnest(%(ids)b::bigint[]) AS k(id)
  JOIN authorisation t ON t.bucket = (k.id & 1023)::smallint AND t.id = k.id
"""

_RELATIVES: Final = """
SELECT sharer_id AS id FROM authorisation WHERE bucket = %(bucket)s AND user_id = %(person)s
 UNION ALL
SELECT user_id FROM authorisation WHERE sharer_id = %(person)s
"""

_SHARERS: Final = "SELECT sharer_id AS id FROM authorisation WHERE bucket = %(bucket)s AND user_id = %(user)s"

_USERS: Final = """
SELECT t.user_id AS id FROM unnest(%(ids)b::bigint[]) AS k(id)
  JOIN authorisation t ON t.bucket = (k.id & 1023)::smallint AND t.id = k.id
"""

_SIDES: Final = """
SELECT unnest(ARRAY[t.sharer_id, t.user_id]) AS id FROM unnest(%(ids)b::bigint[]) AS k(id)
  JOIN authorisation t ON t.bucket = (k.id & 1023)::smallint AND t.id = k.id
"""


def given_question(sharer_id: int) -> Question[list[Authorisation]]:
    """All authorisations that a sharer ever gave, those that are over included, oldest first."""
    return Question(_GIVEN, {"sharer": sharer_id}, _authorisations)


def had_question(user_id: int) -> Question[list[Authorisation]]:
    """All authorisations that a user ever had, those that are over included, oldest first."""
    return Question(_HAD, {"bucket": bucket_of(user_id), "user": user_id}, _authorisations)


def authorisations_question(ids: Iterable[int]) -> Question[dict[int, Authorisation]]:
    """Authorisations by id; ids of none are not in the answer."""
    return Question(_BY_ID, {"ids": Integers(ids)}, lambda rows: {one.id: one for one in _authorisations(rows)})


def relatives_of(person_id: int) -> Selection:
    """Whoever ever shared with a person, and with whom the person ever shared."""
    return Selection(_RELATIVES, {"bucket": bucket_of(person_id), "person": person_id})


def sharers_of(user_id: int) -> Selection:
    """Whoever ever shared with a person."""
    return Selection(_SHARERS, {"bucket": bucket_of(user_id), "user": user_id})


def users_of(ids: Iterable[int]) -> Selection:
    """The users of authorisations."""
    return Selection(_USERS, {"ids": Integers(ids)})


def sides_of(ids: Iterable[int]) -> Selection:
    """Both sides of authorisations."""
    return Selection(_SIDES, {"ids": Integers(ids)})


def _authorisations(rows: Sequence[Any]) -> list[Authorisation]:
    return [authorisation_from(row) for row in _ROWS.named(rows)]

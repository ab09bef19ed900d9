"""What whoever serves many at every moment asks about the credentials that they show: for all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from msgspec import Struct

from gongji.foundation.arrays import Blobs, Integers, Moments, Numbers, Texts
from gongji.foundation.personal import Vault
from gongji.foundation.questions import Question, ask
from gongji.registry.e_credential import INDEX

_TOKENS: Final = """
SELECT k.place, e.person_id
  FROM unnest(%(places)b::integer[], %(digests)b::bytea[], %(institutions)b::integer[], %(moments)b::timestamptz[])
       AS k(place, digest, institution_id, at)
  JOIN e_credential e ON e.digest = k.digest AND e.kind = 'token' AND e.institution_id = k.institution_id
       AND e.expires_at > k.at
"""

_CREDENTIALS: Final = """
SELECT k.place, c.person_id
  FROM unnest(%(places)b::integer[], %(kinds)b::text[], %(digests)b::bytea[]) AS k(place, kind, digest)
  JOIN credential c ON c.kind = k.kind AND c.digest = k.digest
"""

_PRESENTED: Final = """
SELECT k.place
  FROM unnest(%(places)b::integer[], %(people)b::bigint[], %(institutions)b::integer[], %(since)b::timestamptz[])
       AS k(place, person_id, institution_id, since)
  JOIN presented p ON p.bucket = (k.person_id & 1023)::smallint AND p.person_id = k.person_id
       AND p.institution_id = k.institution_id AND p.at >= k.since
"""


class Credential(Struct, frozen=True):
    """A token or card as it was shown.

    Attributes:
        kind: which of them.
        number: the token, or the card's number.
        institution_id, at: where and when; a token of ours holds at one institution for a while.
    """

    kind: Literal["token", "card"]
    number: str
    institution_id: int
    at: datetime


def holders_questions(vault: Vault, shown: Mapping[int, Credential]) -> list[Question[dict[int, int]]]:
    """Whose credentials are, by the asker's numbers; a later answer goes before an earlier one: a token that we made, where this
    institution read it and it is not over, before one that was entered with a person.

    Args:
        vault: makes the digests.
        shown: by a number of the asker's.
    """
    every = shown.values()
    entered = {
        "places": Numbers(shown),
        "kinds": Texts(one.kind for one in every),
        "digests": Blobs(vault.index(one.kind, one.number) for one in every),
    }
    asked: list[Question[dict[int, int]]] = [Question(_CREDENTIALS, entered, dict)]
    tokens = {place: one for place, one in shown.items() if one.kind == "token"}
    if tokens:
        read = {
            "places": Numbers(tokens),
            "digests": Blobs(vault.index(INDEX, one.number) for one in tokens.values()),
            "institutions": Numbers(one.institution_id for one in tokens.values()),
            "moments": Moments(one.at for one in tokens.values()),
        }
        asked.append(Question(_TOKENS, read, dict))
    return asked


def person_of_token(
    connection: sa.Connection, vault: Vault, token: str, institution_id: int, at: datetime
) -> int | None:
    """The person whose token an institution shows; None when it is nobody's, another's or over (`holders_questions` for one)."""
    shown = {0: Credential("token", token, institution_id, at)}
    holder = None
    for question in holders_questions(vault, shown):
        holder = ask(connection, question).get(0, holder)
    return holder


def presented_question(asked: Mapping[int, tuple[int, int, datetime]]) -> Question[set[int]]:
    """Which people showed a credential at an institution since a moment, by the asker's numbers (as
    `presented.presented_since` has it).

    Args:
        asked: person's id, institution's id and moment, by a number of the asker's.
    """
    people, institutions, since = zip(*asked.values(), strict=True)
    values = {
        "places": Numbers(asked),
        "people": Integers(people),
        "institutions": Numbers(institutions),
        "since": Moments(since),
    }
    return Question(_PRESENTED, values, lambda rows: {place for (place,) in rows})

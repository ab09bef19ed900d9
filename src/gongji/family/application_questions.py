"""What pages ask of requests to share (`gongji.family.applications`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any, Final

from gongji.family.applications import Application, application_from
from gongji.family.tables import binding_application
from gongji.foundation.personal import Vault
from gongji.foundation.questions import Question, Rows, Selection

_ROWS: Final = Rows(binding_application)

_BEGAN: Final = f"SELECT {_ROWS.columns} FROM binding_application WHERE sharer_id = %(sharer)s ORDER BY id"

_WAITING: Final = """
  FROM binding_application WHERE user_id = %(user)s AND state = 'waiting_consent' AND finish_by >= %(on)s
"""

_WAITING_ROWS: Final = f"SELECT {_ROWS.columns} {_WAITING} ORDER BY id"
_ASKING: Final = f"SELECT sharer_id AS id {_WAITING}"


def began_question(vault: Vault, sharer_id: int) -> Question[list[Application]]:
    """All that a sharer began, oldest first."""
    return Question(_BEGAN, {"sharer": sharer_id}, partial(_applications, vault))


def waiting_question(vault: Vault, user_id: int, on: date) -> Question[list[Application]]:
    """What waits for a person's consent on a day, oldest first."""
    return Question(_WAITING_ROWS, {"user": user_id, "on": on}, partial(_applications, vault))


def asking_of(user_id: int, on: date) -> Selection:
    """Whoever waits for a person's consent on a day."""
    return Selection(_ASKING, {"user": user_id, "on": on})


def _applications(vault: Vault, rows: Sequence[Any]) -> list[Application]:
    return [application_from(row, vault) for row in _ROWS.named(rows)]

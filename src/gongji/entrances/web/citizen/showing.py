"""The reader's own e-credential (医保码) for the window: 28 digits and the same as a QR code, good once, for two minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import segno
from markupsafe import Markup
from starlette.responses import Response

from gongji.entrances.web.citizen.helping import not_while_helping
from gongji.entrances.web.visits import Visit
from gongji.foundation import audit
from gongji.registry import e_credential
from gongji.registry import service as registry

#: Digits that stand together, so that they can be read aloud and typed.
_GROUP: Final = 4


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code as it is shown.

    Attributes:
        groups: its digits, as they are read aloud.
        picture: the same as a QR code.
        until: when it is over.
    """

    groups: tuple[str, ...]
    picture: Markup
    until: datetime


def code(visit: Visit) -> Response:
    """``GET /code``: what it is for; ``POST`` makes a fresh one and shows it, since nothing but its digest is kept."""
    not_while_helping(visit)
    return visit.render("citizen/code.html", code=fresh_code(visit, "show") if visit.posted else None)


def fresh_code(visit: Visit, use: e_credential.Use) -> ShownCode:
    """A fresh code of the reader's, noted in the audit; an earlier one of the same use is over."""
    enrolment = registry.enrolment_on(visit.connection, visit.person_id, visit.now.date())
    region = enrolment.region if enrolment is not None else _number(visit)[:6]
    made = e_credential.issue(visit.connection, visit.platform.vault, visit.person_id, region, use, visit.now)
    audit.record(visit.connection, visit.caller, "credential.issue", at=visit.now, person_id=visit.person_id, use=use)
    return ShownCode(
        groups=tuple(made[start : start + _GROUP] for start in range(0, len(made), _GROUP)),
        picture=_picture(made),
        until=visit.now + e_credential.CODE_HOLDS,
    )


def _number(visit: Visit) -> str:
    people = registry.people_by_id(visit.connection, visit.platform.vault, [visit.person_id])
    return people[visit.person_id].psn_no


def _picture(made: str) -> Markup:
    """The code as a QR code, drawn in the page itself: black on white whatever the page's colours, with its quiet zone."""
    drawn = segno.make(made, error="m", micro=False)
    # What segno writes is made of our digits alone.
    return Markup(drawn.svg_inline(border=4, light="#fff", omitsize=True, svgclass="qr", lineclass=None))

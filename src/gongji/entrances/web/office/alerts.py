"""Supervision: the queue of cases that alerts have joined into, with filters and age."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from starlette.responses import Response

from gongji.entrances.alert_words import name_of
from gongji.entrances.web.office.pages import area_prefix, for_duties, read_rows, show
from gongji.entrances.web.visits import Visit
from gongji.family import service as family
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.oversight.alerts import queue as alert_queue
from gongji.oversight.alerts import store
from gongji.oversight.alerts.model import Alert, Case, RuleCode, Subject
from gongji.registry import service as registry
from gongji.registry.model import Institution, Person

READERS: Final = (Duty.INSPECTOR, Duty.AUDITOR)

#: What can be shown, the first unless another is asked for.
SHOWN: Final = ("open", "free", "mine", "late", "concluded")

#: From how many days on; the first unless another is asked for.
AGES: Final = (0, 7, 30, 90)


@dataclass(frozen=True, slots=True)
class Line:
    """A case in the queue: what it is about, the names of its rules, and how many of its alerts hold."""

    case: Case
    subject: str
    rules: tuple[str, ...]
    alerts: int


@for_duties(*READERS)
def queue(visit: Visit) -> Response:
    """``GET /alerts``: the oldest first."""
    shown = visit.query("show") if visit.query("show") in SHOWN else SHOWN[0]
    rule = next((one for one in RuleCode if one == visit.query("rule")), None)
    subject = next((one for one in Subject if one == visit.query("subject")), None)
    age = next((one for one in AGES if str(one) == visit.query("age")), 0)
    on = visit.now.date()
    found, leaf = read_rows(
        visit,
        lambda most, after: alert_queue.listed(
            visit.connection,
            area_prefix(visit),
            concluded=shown == "concluded",
            rule=rule,
            subject=subject,
            holder={"free": "", "mine": visit.caller.holder}.get(shown),
            opened_before=visit.now - timedelta(days=age) if age else None,
            due_before=on if shown == "late" else None,
            limit=most,
            after=after,
        ),
    )
    cases = alert_queue.not_own(visit.connection, found, visit.caller, visit.now)
    audit.record(visit.connection, visit.caller, "alert_case.read_list", at=visit.now)
    text, everything = visit.reader.text, [("", visit.reader.text("office.alerts.all"))]
    return show(
        visit,
        "alerts.html",
        lines=_lines(visit, cases),
        leaf=leaf,
        on=on,
        chosen={"show": shown, "rule": rule or "", "subject": subject or "", "age": str(age)},
        filters=[
            ("show", [(one, text(f"office.alerts.show.{one}")) for one in SHOWN]),
            ("rule", everything + [(one.value, name_of(one, visit.reader.language)) for one in RuleCode]),
            ("subject", everything + [(one.value, text(f"alert.subject.{one}")) for one in Subject]),
            ("age", [(str(one), text("office.differences.days", count=one)) for one in AGES]),
        ],
    )


def _lines(visit: Visit, cases: Collection[Case]) -> list[Line]:
    alerts = store.alerts_of(visit.connection, [one.id for one in cases])
    names = Names.of(visit, cases, ())
    lines = []
    for case in cases:
        hold = [one for one in alerts.get(case.id, []) if one.lapsed_at is None]
        rules = tuple(dict.fromkeys(name_of(one.rule, visit.reader.language) for one in hold))
        lines.append(Line(case, names.subject(visit, case), rules, len(hold)))
    return lines


@dataclass(frozen=True, slots=True)
class Names:
    """The people and institutions that some cases and rows name: people masked, institutions by name."""

    people: Mapping[int, Person]
    institutions: Mapping[int, Institution]
    pairs: Mapping[int, tuple[int, int]]

    @classmethod
    def of(cls, visit: Visit, cases: Collection[Case], alerts: Collection[Alert]) -> Names:
        """The names of cases' subjects and of the rows behind alerts."""
        under = {one.subject_id for one in cases if one.subject_kind is Subject.AUTHORISATION}
        pairs = {number: _sides(visit.connection, number) for number in under}
        rows = [row.facts for one in alerts for row in one.rows]
        people = {one.subject_id for one in cases if one.subject_kind is Subject.PERSON}
        people |= {side for sides in pairs.values() for side in sides}
        people |= {int(facts[name]) for facts in rows for name in ("person", "to") if facts.get(name) is not None}
        places = {one.subject_id for one in cases if one.subject_kind is Subject.INSTITUTION}
        places |= {int(facts["institution"]) for facts in rows if facts.get("institution") is not None}
        return cls(
            registry.people_by_id(visit.connection, visit.platform.vault, people),
            registry.institutions_by_id(visit.connection, places),
            pairs,
        )

    def person(self, person_id: int) -> str:
        """A masked name."""
        return self.people[person_id].masked_name

    def institution(self, number: int) -> str:
        """A name."""
        return self.institutions[number].name

    def subject(self, visit: Visit, case: Case) -> str:
        """What a case is about, in words."""
        if case.subject_kind is Subject.INSTITUTION:
            return self.institution(case.subject_id)
        if case.subject_kind is Subject.PERSON:
            return self.person(case.subject_id)
        giver, taker = self.pairs[case.subject_id]
        return visit.reader.text("office.alerts.pair", giver=self.person(giver), taker=self.person(taker))


def _sides(connection: sa.Connection, number: int) -> tuple[int, int]:
    found = family.authorisation(connection, number)
    return found.sharer_id, found.user_id

"""Gathering says in SQL, for thousands of legs at once, what the desk says in Python for one: they say the same."""

from __future__ import annotations

import random
from datetime import date, timedelta

import sqlalchemy as sa
from clearing_office import Office

from gongji.clearing.monthly.decide import pooling_region
from gongji.clearing.monthly.gather import _HOME, _pooled
from gongji.ledger.model import AccountKind, personal_account
from gongji.registry.entering import add_enrolments
from gongji.registry.entries import NewEnrolment
from gongji.registry.model import Enrolment
from gongji.registry.service import enrolments_of, region_of_account
from gongji.rules.model import Scheme, Status

REGIONS = ("211200", "370800", "110000", "340800", "210000")


def test_the_pooling_region_of_every_kind_of_place(office: Office) -> None:
    drawn = random.Random(49)
    places = {f"{drawn.choice((11, 12, 21, 31, 37, 50, 65))}{drawn.randrange(10_000):04d}" for _ in range(500)}
    places |= {f"{place[:2]}0000" for place in places} | {f"{place[:4]}00" for place in places}
    query = sa.text(f"SELECT p, {_pooled('p')} FROM unnest(CAST(:places AS text[])) AS p")
    with office.town.database.transaction() as connection:
        found = {row[0]: row[1] for row in connection.execute(query, {"places": sorted(places)})}
    assert found == {place: pooling_region(place) for place in places}


def test_the_books_that_an_account_stands_in_on_a_day(office: Office) -> None:
    """Thirty people who changed region and scheme, with and without gaps, asked about on many days."""
    drawn, town = random.Random(145), office.town
    people = [town.person(f"某{n}", "1980-01-01", "active", balance=0) for n in range(30)]
    with town.database.transaction() as connection:
        connection.execute(sa.text("DELETE FROM enrolment WHERE person_id = ANY(:people)"), {"people": people})
        spans = []
        for person in people:
            since = date(2019, 1, 1) + timedelta(days=drawn.randrange(400))
            for _ in range(drawn.randrange(1, 5)):
                until = since + timedelta(days=drawn.randrange(30, 600))
                scheme = drawn.choice((Scheme.EMPLOYEE, Scheme.EMPLOYEE, Scheme.RESIDENT))
                status = Status.ACTIVE if scheme is Scheme.EMPLOYEE else Status.RESIDENT
                one = Enrolment(scheme, drawn.choice(REGIONS), status, "11", "1", "", False, since, until)
                spans.append(NewEnrolment(person, one))
                since = until + timedelta(days=drawn.choice((1, 1, 45)))
        add_enrolments(connection, spans)
        asked = [
            (person, date(2019, 1, 1) + timedelta(days=drawn.randrange(2500))) for person in people for _ in range(40)
        ]
        query = sa.text(
            f"""
            SELECT {_HOME} FROM unnest(CAST(:payers AS bigint[]), CAST(:days AS date[])) WITH ORDINALITY AS n(payer, day, place)
             CROSS JOIN LATERAL (SELECT n.payer, n.day, (n.payer >> 10) & 255 AS paying, 0 AS owing, 0::bigint AS owed) AS f
             ORDER BY n.place
            """
        )
        payers = [personal_account(AccountKind.PERSONAL_CURRENT, person) for person, _ in asked]
        homes = connection.execute(query, {"payers": payers, "days": [day for _, day in asked]}).scalars().all()
        known = {person: enrolments_of(connection, person) for person in people}
    told = [region_of_account(known[person], day) for person, day in asked]
    differ = [(here, there) for here, there in zip(told, homes, strict=True) if here is not None and here != there]
    assert differ == []
    assert sum(here is not None for here in told) > 600

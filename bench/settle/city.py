"""The people of the benchmark: pairs of a father and a daughter, a big hospital, and pharmacies."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count

import sqlalchemy as sa

from gongji.family.tables import authorisation
from gongji.foundation.clock import CHINA
from gongji.foundation.database import Database
from gongji.foundation.ids import bucket_of, compose
from gongji.foundation.personal import Vault
from gongji.ledger.model import AccountKind
from gongji.ledger.service import open_balances, register_poster
from gongji.registry.certificate import CITIZEN_ID, check_certificate, check_digit
from gongji.registry.entering import add_catalogue, add_enrolments, add_institutions, add_people
from gongji.registry.entries import NewCatalogueItem, NewEnrolment, NewInstitution, NewPerson
from gongji.registry.keys import add_institution_key
from gongji.registry.model import CatalogueItem, Enrolment, Institution, InstitutionKind, ItemClass
from gongji.registry.service import institution_by_code
from gongji.rules.model import Scheme, Status, Tier
from gongji.settlement.model import AccountUse, MessageKey, PricedLine, SettlePurchase

REGION = "211200"
SINCE = date(2020, 1, 1)
HOSPITAL = "H21120000001"

#: Fen in every account at the beginning: nobody runs dry while the benchmark lasts.
PLENTY = 10**10

ITEMS = (
    ("XC10AAA041A001010100001", "阿托伐他汀钙片", ItemClass.B, 1000, 4_260),
    ("XA10BAE040A001010200002", "盐酸二甲双胍片", ItemClass.A, 0, 1_880),
)


@dataclass(frozen=True)
class City:
    """What a load needs to know.

    Attributes:
        fathers: person ids of patients whose own accounts are empty and whose daughters share.
        psn_nos: their numbers.
        pharmacies: institutions, each with a key of the same name as its code.
        hospital: an institution like them.
        items: the catalogue's two drugs.
    """

    fathers: tuple[int, ...]
    psn_nos: tuple[str, ...]
    certificates: tuple[str, ...]
    pharmacies: tuple[Institution, ...]
    hospital: Institution
    items: tuple[CatalogueItem, ...]


def found_city(database: Database, vault: Vault, families: int, pharmacies: int = 40) -> City:
    """Make a city; about 100 µs a person.

    Args:
        database: migrated and empty.
        vault: seals the people's data.
        families: pairs of a retired father and a working daughter, whose account he may use.
        pharmacies: how many.
    """
    items = tuple(
        CatalogueItem(code, name, kind, share, None, "09", False, False, False) for code, name, kind, share, _ in ITEMS
    )
    codes = [f"P2112{number:07d}" for number in range(pharmacies)]
    with database.transaction() as connection:
        shops = [
            NewInstitution(code, f"第{number}药房", InstitutionKind.PHARMACY, None, "211202", SINCE)
            for number, code in enumerate(codes)
        ]
        ward = NewInstitution(HOSPITAL, "市中心医院", InstitutionKind.HOSPITAL, Tier.TIER_3, "211202", SINCE)
        numbers = add_institutions(connection, [*shops, ward])
        for code in (*codes, HOSPITAL):
            add_institution_key(
                connection, vault, numbers[code], code, f"secret-{code}", datetime(2020, 1, 1, tzinfo=CHINA)
            )
        add_catalogue(connection, [NewCatalogueItem("000000", item, SINCE) for item in items])
        *known, hospital = _entered(connection, (*codes, HOSPITAL))
    fathers, certificates = [], []
    for chunk in _chunks(list(range(families)), 5_000):
        people = [_person(number, generation) for number in chunk for generation in (0, 1)]
        certificates += [person.certificate.number for person in people[::2]]
        with database.transaction() as connection:
            ids = list(add_people(connection, vault, database.serials, people).values())
            add_enrolments(connection, [_enrolment(person, index % 2) for index, person in enumerate(ids)])
            _open_accounts(connection, database, ids)
            _share(connection, database, ids)
        fathers += ids[::2]
    with database.transaction() as connection:
        rows = connection.execute(sa.text("SELECT id, psn_no FROM person"))
        psn_nos = {row.id: row.psn_no for row in rows}
    return City(
        tuple(fathers), tuple(psn_nos[who] for who in fathers), tuple(certificates), tuple(known), hospital, items
    )


def _entered(connection: sa.Connection, codes: Iterable[str]) -> Iterator[Institution]:
    for code in codes:
        institution = institution_by_code(connection, code)
        assert institution is not None
        yield institution


def _person(number: int, generation: int) -> NewPerson:
    year, month, day = (1955, 1985)[generation], number % 12 + 1, number // 12 % 28 + 1
    place, sequence = divmod(number // 336, 1000)
    text = f"2112{place % 90 + 10:02d}{year + generation}{month:02d}{day:02d}{sequence:03d}"
    certificate = check_certificate(CITIZEN_ID, text + check_digit(text))
    return NewPerson(
        certificate, f"测试{number}", "1", date(year + generation, month, day), REGION, household=f"家{number}"
    )


def _enrolment(person_id: int, generation: int) -> NewEnrolment:
    status, kind = ((Status.RETIRED, "12"), (Status.ACTIVE, "11"))[generation]
    return NewEnrolment(person_id, Enrolment(Scheme.EMPLOYEE, REGION, status, kind, "1", "", False, SINCE, None))


def _open_accounts(connection: sa.Connection, database: Database, ids: Sequence[int]) -> None:
    at = datetime.now(CHINA)
    writer = register_poster(connection, database.serials, at)
    current, historical = AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL
    money = [
        (kind, who, PLENTY if index % 2 else 0, REGION)
        for index, who in enumerate(ids)
        for kind in (current, historical)
    ]
    open_balances(connection, writer, database.serials, money, at)


def _share(connection: sa.Connection, database: Database, ids: Sequence[int]) -> None:
    since = datetime(2024, 1, 1, tzinfo=CHINA)
    serials = database.serials.take(len(ids) // 2)
    rows = [
        {
            "bucket": bucket_of(father),
            "id": compose(serial, bucket_of(father)),
            "user_id": father,
            "sharer_id": daughter,
            "region": REGION,
            "relation": "parent",
            "procedure": "review",
            "state": "active",
            "exclusive": False,
            "purposes": ["care", "pharmacy"],
            "made_at": since,
            "pack_digest": "",
        }
        for father, daughter, serial in zip(ids[::2], ids[1::2], serials, strict=True)
    ]
    connection.execute(authorisation.insert().values(in_force=sa.func.tstzrange(since, None)), rows)


def _chunks(values: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for begin in range(0, len(values), size):
        yield values[begin : begin + size]


_msgids = count(1)


def purchase(city: City, father: int, pharmacy: Institution, stamp: str, at: datetime) -> SettlePurchase:
    """A father buys both drugs; his daughter's account pays."""
    msgid = f"{pharmacy.code}{stamp}{next(_msgids):010d}"
    lines = tuple(
        PricedLine(str(number), "1", item, item.code, item.code, at, 10_000, price * 10_000, price)
        for number, (item, (*_, price)) in enumerate(zip(city.items, ITEMS, strict=True), start=1)
    )
    total = sum(line.total for line in lines)
    key = MessageKey(pharmacy.id, "2102", msgid, msgid.encode().ljust(32, b"."))
    return SettlePurchase(key, pharmacy, father, lines, total, AccountUse.SHARERS, Scheme.EMPLOYEE, "41", "02", at)


def shuffled(city: City, seed: int, crowd: int | None = None) -> Iterator[int]:
    """Fathers in a random order, for ever."""
    draw = random.Random(seed)
    while True:
        yield draw.choice(city.fathers[:crowd])


def grow(database: Database, accounts: int) -> None:
    """More accounts, of people whom nobody treats: what a nation's books weigh on a city's settlements."""
    with database.transaction() as connection:
        connection.execute(
            sa.text(
                """
                INSERT INTO account (bucket, id, holder, kind, balance)
                SELECT (n % 1024)::smallint, ((1::bigint << 40) + n) << 18 | (1 + n % 2) << 10 | (n % 1024),
                       (1::bigint << 40) + n, 1 + n % 2, 0
                  FROM generate_series(1, CAST(:accounts AS bigint) - (SELECT count(*) FROM account)) AS s(n)
                """
            ),
            {"accounts": accounts},
        )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE account"))

"""A hospital and a pharmacy of the town, connected to the gateway over HTTP, with the whole platform behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from counter_window import SECRET, Household, Window
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from gongji.entrances.national.gateway import NationalGateway
from gongji.entrances.platform import Platform
from gongji.foundation.settings import Settings
from gongji.registry.keys import add_institution_key
from gongji.registry.service import people_by_id
from gongji.rules.book import RuleBook
from town import TIELING, Town
from ward import Ward


@pytest.fixture
def platform(town: Town, tmp_path: Path) -> Iterator[Platform]:
    """The platform over the town's database."""
    settings = Settings(data=tmp_path, institution_rate=0)
    made = Platform(settings, town.database, town.vault, town.clock, RuleBook.shipped())
    yield made
    made.close()


@pytest.fixture
def client(platform: Platform) -> Iterator[TestClient]:
    """HTTP to the gateway."""
    site = Starlette(routes=[Mount("/", app=NationalGateway(platform))])
    with TestClient(site) as opened:
        yield opened


def _window(client: TestClient, town: Town, code: str) -> Window:
    institution = town.institution(code)
    with town.database.transaction() as connection:
        add_institution_key(connection, town.vault, institution.id, f"paas-{code}", SECRET, town.clock.now())
    return Window(client, town, code)


@pytest.fixture
def window_of(client: TestClient, town: Town) -> Callable[[str], Window]:
    """The counter of an institution by its code, with a key."""
    return lambda code: _window(client, town, code)


@pytest.fixture
def hospital(client: TestClient, town: Town) -> Window:
    """铁岭市中心医院, a tier-3 hospital."""
    return _window(client, town, "H21120200001")


@pytest.fixture
def xian(client: TestClient, town: Town) -> Window:
    """西安市中心医院, tier 3; Xi'an's pack has a rule for stays."""
    Ward.built(town, "H61010300001", "西安市中心医院", "610103")
    return _window(client, town, "H61010300001")


@pytest.fixture
def pharmacy(client: TestClient, town: Town) -> Window:
    """银州惠民大药房."""
    return _window(client, town, "P21120200003")


@pytest.fixture
def household(town: Town) -> Household:
    """The family, bound, and a woman whom nobody knows."""
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=200_00, gender=2)
    son = town.person("李建国", "1980-03-01", "active", balance=3_000_00, historical=2_000_00)
    stranger = town.person("钱多", "1990-01-01", "active", balance=0, household="别家", region=TIELING)
    town.share(son, mother)
    with town.database.transaction() as connection:
        people = people_by_id(connection, town.vault, [mother, son, stranger])
    return Household(people[mother], people[son], people[stranger])

"""`gongji demo`: both families' stories over HTTP, as whoever types it sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa

from gongji.clearing.monthly.gather import gather
from gongji.clearing.monthly.store import positions
from gongji.entrances.app import build_app
from gongji.entrances.demo.families import MOTHER
from gongji.entrances.demo.story import AMOUNTS, Stories
from gongji.entrances.demo.world import demo_platform
from gongji.entrances.server import serving
from gongji.foundation.access import Duty
from gongji.foundation.database import with_database
from gongji.foundation.money import parse_yuan
from gongji.foundation.settings import Settings


def gongji(server_url: str, data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, on the test's server."""
    environment = os.environ | {"GONGJI_DATABASE_URL": server_url, "GONGJI_DATA": str(data), "GONGJI_PORT": "0"}
    command = [sys.executable, "-c", "from gongji.entrances.cli import main; main()", *arguments]
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def told(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What ``gongji demo --json`` prints."""
    run = gongji(server_url, tmp_path_factory.mktemp("demo"), "demo", "--json")
    assert run.returncode == 0, run.stderr
    answer: dict[str, Any] = json.loads(run.stdout)
    return answer


def fen(settlement: dict[str, Any], field: str) -> int:
    """An amount of a settlement in fen."""
    return parse_yuan(settlement[field], field, negative=True)


def test_the_first_visit_is_the_worked_example(told: dict[str, Any]) -> None:
    first = told["settlements"][0]
    assert (first["region"], first["infno"], first["medfee_sumamt"]) == ("211200", "2207", "1268.50")
    paid = [first[name] for name in ("hifp_pay", "acct_pay", "acct_mulaid_pay", "psn_cash_pay", "balc")]
    assert paid == ["468.05", "721.95", "521.95", "78.50", "0.00"]
    assert [line["amount_fen"] for line in first["explanation"]] == [468_05, 200_00, 521_95, 0, 78_50]
    assert "300元" in first["steps"][1] or "300.00" in first["steps"][1]


def test_every_explanation_adds_up_and_every_line_says_why(told: dict[str, Any]) -> None:
    assert [settlement["infno"] for settlement in told["settlements"]] == [
        *("2207", "2207", "2102", "2208"),
        "2207",
        "2102",
        "2207",
    ]
    for settlement in told["settlements"]:
        lines = settlement["explanation"]
        assert sum(line["amount_fen"] for line in lines) == fen(settlement, "medfee_sumamt")
        assert all(line["label"] and line["because"] and line["says"] for line in lines)
        assert all(settlement[name].count(".") == 1 for name in AMOUNTS)
        assert fen(settlement, "fund_pay_sumamt") + fen(settlement, "psn_part_amt") == fen(settlement, "medfee_sumamt")
        assert fen(settlement, "acct_pay") + fen(settlement, "psn_cash_pay") == fen(settlement, "psn_part_amt")


def test_the_reversal_is_the_second_visit_with_the_opposite_sign(told: dict[str, Any]) -> None:
    second, back = told["settlements"][1], told["settlements"][3]
    for name in set(AMOUNTS) - {"balc"}:
        assert fen(back, name) == -fen(second, name)


def test_the_father_is_paid_for_by_one_daughter_and_the_other_is_refused(told: dict[str, Any]) -> None:
    father = told["settlements"][4]
    assert (father["region"], father["acct_mulaid_pay"], father["psn_cash_pay"]) == ("370800", "465.30", "0.00")
    assert [line["because"] for line in father["explanation"]][:2] == ["fund.none.no_rule", "own.none.no_account"]
    (refusal,) = told["refusals"]
    assert refusal["code"] == "authorisation.already_bound"


def test_what_was_allotted_pays_where_it_has_to_be_allotted_first(told: dict[str, Any]) -> None:
    """A region of nobody's: the funds pay nothing there, and of the ¥600.00 the father has spent ¥57.20."""
    bought = told["settlements"][5]
    assert (bought["region"], bought["acct_mulaid_pay"], bought["psn_cash_pay"]) == ("990000", "57.20", "0.00")
    assert "shared.paid.allotted" in [line["because"] for line in bought["explanation"]]


def test_officers_find_a_difference_a_case_and_who_takes_the_wallet(server_url: str, tmp_path: Path) -> None:
    """What the stories leave behind for whoever logs in at the office."""
    with (
        demo_platform(Settings(database_url=server_url, database_owner_url=server_url, data=tmp_path)) as platform,
        serving(build_app(platform), "127.0.0.1", 0) as base,
        httpx.Client(timeout=60, trust_env=False) as client,
    ):
        stories = Stories(platform, client, base)
        stories.play()
        with platform.database.transaction() as connection:
            differences = connection.execute(
                sa.text("SELECT difference, owner FROM statement_difference WHERE cleared_at IS NULL")
            ).all()
            taking = connection.execute(sa.text("SELECT count(*) FROM wallet_institution")).scalar_one()
        assert [tuple(one) for one in differences] == [("missing_there", "institution")]
        assert taking == 1
        assert len(stories.officer("0210", "211200").get("/review-queue")) == 1
        assert "990000" in platform.rules.regions()
        gather(platform.database)
        with platform.database.transaction() as connection:
            (position,) = positions(connection, platform.clock.now().date().replace(day=1))
        assert (position.debtor, position.creditor, position.amount) == ("211200", "370800", 124_00)


def test_the_books_are_verified_and_nothing_of_the_demo_stays(told: dict[str, Any], server_url: str) -> None:
    assert told["ledger"]["verified"] is True
    assert told["ledger"]["counts"]["journal"] == 17
    with psycopg.connect(server_url) as connection:
        names = [name for (name,) in connection.execute("SELECT datname FROM pg_database")]
    assert not [name for name in names if name.startswith("gongji_demo_")]


def test_the_terminal_version_tells_the_same(server_url: str, tmp_path: Path) -> None:
    run = gongji(server_url, tmp_path, "demo")
    assert run.returncode == 0, run.stderr
    for part in ("468.05", "521.95", "78.50", "everything holds", "张敏"):
        assert part in run.stdout
    assert run.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["token", "citizen", "211202195508130022"], "person.unknown"),
        (["token", "citizen", "211202195508130022", "--days", "0"], "days"),
        (["load", "nowhere.csv"], "nowhere.csv"),
        (["unknown"], "unknown"),
    ],
)
def test_wrong_input_gets_a_sentence_and_no_traceback(
    arguments: list[str], said: str, server_url: str, tmp_path: Path, template_name: str
) -> None:
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS gongji_cli WITH (FORCE)")
        server.execute("CREATE DATABASE gongji_cli")
    run = gongji(with_database(server_url, "gongji_cli"), tmp_path, *arguments)
    assert run.returncode != 0
    assert said in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr


def test_supervision_has_a_case_and_a_letter_waits_for_the_mother(server_url: str, tmp_path: Path) -> None:
    """Ten boxes of four weeks are 280 days in a quarter: officer 0215 has the case, and she is asked."""
    settings = Settings(data=tmp_path, database_url=server_url, log_level="error")
    with (
        demo_platform(settings) as platform,
        serving(build_app(platform), "127.0.0.1", 0) as base,
        httpx.Client(timeout=60, trust_env=False) as client,
    ):
        stories = Stories(platform, client, base)
        stories.play()
        (case,) = stories.officer("0215", "211200", Duty.INSPECTOR).get("/oversight/cases")
        (letter,) = stories.citizen(MOTHER).get("/oversight/letters")
    assert case["holder"] == "0215"
    assert (letter["kind"], letter["over"], len(letter["payments"])) == ("ask", False, 2)

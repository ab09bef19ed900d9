"""Sealed messages of mobile payment over HTTP, and the call back to the hospital: its losses, its delays, its confirmation."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from counter_window import Household, Window
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from test_mobile_orders import code_of, fees, payment, question

from gongji.entrances.national.gateway import NationalGateway
from gongji.entrances.national.mobile_door import MobileDoor, is_mobile
from gongji.entrances.national.notices import tell_all_due
from gongji.entrances.national.sm import Application, seal, unseal
from gongji.entrances.platform import Platform
from gongji.foundation.errors import InvalidInput
from gongji.foundation.guomi import sm2_keypair
from gongji.settlement.mobile import service
from gongji.settlement.mobile.applications import ATTEMPTS, register_app, take_notice
from gongji.settlement.mobile.tables import mobile_notice, mobile_order
from town import Town

BASE = "/org/local/api/hos"


@dataclass
class Listener:
    """The hospital's own server: what it was told, and what it answers."""

    url: str
    keys: Application | None = None
    heard: list[dict[str, Any]] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server on the loopback that confirms unless a test says otherwise."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert made.keys is not None
            made.heard.append(unseal(made.keys, message))
            status, body = made.answers.pop(0) if made.answers else (200, b'{"success": true, "message": "ok"}')
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    made = Listener(f"http://127.0.0.1:{server.server_port}/notify")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Phone:
    """The hospital's mobile application: seals, posts, opens."""

    client: TestClient
    town: Town
    keys: Application

    def post(self, name: str, data: dict[str, Any], **change: Any) -> dict[str, Any]:
        """The raw answer."""
        message = seal(self.keys, data, self.town.clock.now()) | change
        response = self.client.post(f"{BASE}/{name}", json=message)
        assert response.status_code == 200
        return dict(response.json())

    def done(self, name: str, data: dict[str, Any]) -> dict[str, Any]:
        """The opened data of an answer that is no refusal."""
        answer = self.post(name, data)
        assert answer["code"] == 0, answer
        outside = ("code", "success", "message")
        return unseal(self.keys, {key: value for key, value in answer.items() if key not in outside})


@pytest.fixture
def phone(platform: Platform, town: Town, listener: Listener) -> Iterator[Phone]:
    """铁岭市中心医院's application."""
    private, public = sm2_keypair()
    with town.database.transaction() as connection:
        app, ours = register_app(
            connection, town.vault, town.institution("H21120200001"), public, listener.url, town.clock.now()
        )
    keys = Application(app.app_id, app.secret, ours, private)
    listener.keys = keys
    site = Starlette(routes=[Mount("/", MobileDoor(platform, NationalGateway(platform)))])
    with TestClient(site) as client:
        yield Phone(client, town, keys)


def paid_by_phone(phone: Phone, town: Town, household: Household) -> dict[str, Any]:
    """6101, 6201 and 6202, all sealed."""
    mother = household.mother
    shown = phone.done("parse_qrcode", {"ecQrCode": code_of(town, mother), "orgId": "H21120200001"})
    order = phone.done("uldFeeInfo", fees(mother, shown["ecToken"])["data"])
    return order | phone.done("pay_order", payment(town, mother, order)["data"])


def test_a_familys_bill_is_paid_in_sealed_messages(phone: Phone, town: Town, household: Household) -> None:
    """Amounts come as text, so that both sides sign the same letters."""
    paid = paid_by_phone(phone, town, household)
    assert (paid["selfAcctPay"], paid["acctMulaidPay"], paid["ownPayAmt"]) == ("200.00", "521.95", "78.50")
    told = phone.done("query_order_info", question(paid)["data"])
    assert (told["ordStas"], told["feeSumamt"]) == ("4", "1268.50")
    assert town.balance(household.son.id) == 4_478_05


def test_what_is_not_right_is_refused_in_words(phone: Phone, town: Town, household: Household) -> None:
    data = {"payOrdId": "1", "payToken": "2"}
    for change, code in (
        ({"appId": "43AF047BBA47FC8A1AE8EFB232BDBBCB"}, "access.signature"),
        ({"signData": "AAAA"}, "access.signature"),
        ({"encData": "00"}, "guomi.ciphertext"),
        ({"timestamp": "20240612100000"}, "access.timestamp"),
        ({"timestamp": "now"}, "access.timestamp"),
        ({"encData": 1}, "mobile.envelope"),
        ({}, "mobile.order_unknown"),
    ):
        answer = phone.post("query_order_info", data, **change)
        assert (answer["code"], answer["success"]) == (-1, False)
        assert f"[{code}]" in answer["message"], (change, answer)
    assert "[field.missing]" in phone.post("uldFeeInfo", {"psnNo": household.mother.psn_no})["message"]


def test_the_common_envelope_is_taken_at_the_same_address(
    phone: Phone, hospital: Window, town: Town, household: Household
) -> None:
    at_the_door = replace(hospital, client=phone.client)
    message = at_the_door.message("6101", {"data": {"ecQrCode": code_of(town, household.mother)}})
    answer = at_the_door.post(message, path=f"{BASE}/parse_qrcode").json()
    assert answer["output"]["data"]["psnNo"] == household.mother.psn_no
    other = at_the_door.post(message, path=f"{BASE}/pay_order").json()
    assert other["type"] == "error"
    assert at_the_door.post(b"not json", path=f"{BASE}/pay_order").json()["infcode"] == -1
    assert "envelope.too_large" in at_the_door.post(b"x" * 1_000_001, path=f"{BASE}/pay_order").text


@pytest.mark.parametrize(
    ("path", "mobile"),
    [
        (f"{BASE}/pay_order", True),
        ("/hos/uldFeeInfo", True),
        ("/uldFeeInfo", False),
        ("/hos/other", False),
        ("/", False),
    ],
)
def test_which_addresses_are_mobile_payments(path: str, mobile: bool) -> None:
    assert is_mobile(path) is mobile


def test_the_hospital_is_told_once_it_confirms(
    phone: Phone, platform: Platform, listener: Listener, town: Town, household: Household
) -> None:
    """The first call meets an error, the second a refusal, the third nonsense; the fourth is confirmed and the last."""
    paid = paid_by_phone(phone, town, household)
    listener.answers = [(500, b"oops"), (200, b'{"success": false, "message": "busy"}'), (200, b"<html>")]
    with httpx.Client(trust_env=False, timeout=60) as client:
        assert tell_all_due(platform, client) == 0
        assert tell_all_due(platform, client) == 0
        for seconds in (20, 40, 80):
            assert len(listener.heard) < 4
            town.clock.advance(timedelta(seconds=seconds))
            last = tell_all_due(platform, client)
        assert last == 1
        town.clock.advance(timedelta(days=1))
        assert tell_all_due(platform, client) == 0
    assert len(listener.heard) == 4
    told = listener.heard[-1]
    assert told == listener.heard[0]
    assert (told["payOrdId"], told["callType"], told["setlType"]) == (paid["payOrdId"], "02", "ALL")
    assert (told["psnAcctPay"], told["acctMulaidPay"], told["ownpayAmt"]) == ("721.95", "521.95", "78.50")
    assert (told["hiDocSn"], told["hiRgstSn"], told["hiChrgTime"]) == (paid["setlId"], paid["mdtrtId"], "103000")


def test_a_notice_that_one_process_has_in_hand_is_not_waited_for_by_another(
    phone: Phone, platform: Platform, town: Town, household: Household
) -> None:
    paid = paid_by_phone(phone, town, household)
    now = town.clock.now()
    with town.database.transaction() as mine, town.database.transaction() as theirs:
        taken = take_notice(mine, platform.vault, now)
        assert taken is not None
        assert service.pay_ord_id(taken[0]) == paid["payOrdId"]
        assert take_notice(theirs, platform.vault, now) is None
    with town.database.transaction() as later:
        assert take_notice(later, platform.vault, now + timedelta(seconds=119)) is None
        assert take_notice(later, platform.vault, now + timedelta(seconds=120)) is not None


def test_a_hospital_that_never_answers_is_given_up_after_a_day(
    phone: Phone, platform: Platform, listener: Listener, town: Town, household: Household
) -> None:
    paid_by_phone(phone, town, household)
    listener.answers = [(503, b"")] * 100
    with httpx.Client(trust_env=False, timeout=60) as client:
        for _ in range(ATTEMPTS + 3):
            tell_all_due(platform, client)
            town.clock.advance(timedelta(days=1))
    assert len(listener.heard) == ATTEMPTS
    with town.database.transaction() as connection:
        row = connection.execute(sa.select(mobile_notice)).one()
    assert (row.due_at, row.told_at, row.problem) == (None, None, "HTTP 503, 0 bytes")


def test_an_order_that_nobody_waits_for_any_more_is_finished_and_told(
    phone: Phone, platform: Platform, listener: Listener, town: Town, household: Household
) -> None:
    paid_by_phone(phone, town, household)
    with town.database.transaction() as connection:
        connection.execute(mobile_notice.delete())
        connection.execute(mobile_order.update().values(state=2, settlement_id=None, settled_at=None))
    town.clock.advance(timedelta(minutes=2))
    with httpx.Client(trust_env=False, timeout=60) as client:
        assert tell_all_due(platform, client) == 1
    assert listener.heard[0]["acctMulaidPay"] == "521.95"


def test_an_order_that_never_came_to_the_desk_may_be_withdrawn_or_paid_again(
    phone: Phone, platform: Platform, town: Town, household: Household
) -> None:
    mother = household.mother
    shown = phone.done("parse_qrcode", {"ecQrCode": code_of(town, mother)})
    order = phone.done("uldFeeInfo", fees(mother, shown["ecToken"])["data"])
    with town.database.transaction() as connection:
        connection.execute(mobile_order.update().values(state=2))
    assert "[mobile.paid]" in phone.post("revoke_order", question(order)["data"])["message"]
    town.clock.advance(timedelta(minutes=2))
    with httpx.Client(trust_env=False, timeout=60) as client:
        assert tell_all_due(platform, client) == 0
    assert phone.done("query_order_info", question(order)["data"])["ordStas"] == "15"
    assert phone.done("pay_order", payment(town, mother, order)["data"])["ordStas"] == "4"


def test_an_address_or_key_that_is_none_is_refused_at_registration(town: Town) -> None:
    hospital, (_, public) = town.institution("H21120200001"), sm2_keypair()
    with town.database.transaction() as connection:
        with pytest.raises(InvalidInput, match=r"mobile\.notify_url"):
            register_app(connection, town.vault, hospital, public, "ftp://127.0.0.1/x", town.clock.now())
        with pytest.raises(InvalidInput, match=r"guomi\.key"):
            register_app(connection, town.vault, hospital, b"\4" * 65, "", town.clock.now())

"""The ways of signing: known answers, and each against the door as an institution's system would use it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from counter_window import SECRET, Window, signed
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from gongji.entrances.national.dialects import Api, ApiKey, XCa, XTif
from gongji.entrances.national.gateway import NationalGateway
from gongji.entrances.platform import Platform
from gongji.foundation.errors import NotSignedIn
from gongji.foundation.settings import Settings
from gongji.foundation.signatures import Sighting, forget_signatures, note_signatures
from gongji.registry.keys import SigningDialect, add_institution_key, list_keys, rotate_key, withdraw_key
from gongji.rules.book import RuleBook
from town import Town

SIGN_IN = {"signIn": {"opter_no": "0053", "mac": "1", "ip": "1"}}
APIKEY = "an-apikey-that-nobody-could-ever-guess-0123"

Sign = Callable[[Town, bytes], dict[str, str]]


def stamp_of(town: Town, minutes: int = 0) -> int:
    return int(town.clock.now().timestamp()) + minutes * 60


def hunan(town: Town, body: bytes, minutes: int = 0, secret: str = SECRET, plus: int = 0) -> dict[str, str]:
    parts = {
        "_api_access_key": "ak",
        "_api_name": "api_9001",
        "_api_timestamp": str(stamp_of(town, minutes) * 1000 + plus),
        "_api_version": "1.0.0",
    }
    text = "&".join(f"{name}={value}" for name, value in parts.items())
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()
    return parts | {"_api_signature": base64.b64encode(digest).decode()}


def zhejiang(town: Town, body: bytes, minutes: int = 0, secret: str = SECRET) -> dict[str, str]:
    stamp = stamp_of(town, minutes)
    digest = hmac.new(secret.encode(), f"{stamp}\n".encode() + body, "sm3").hexdigest().upper()
    return {"x-ca-key": "H21120200001", "x-ca-signature": f"{stamp}:{digest}"}


def apikey(town: Town, body: bytes) -> dict[str, str]:
    return {"apikey": APIKEY}


@pytest.fixture
def keys(hospital: Window) -> dict[str, int]:
    """The hospital's keys in all dialects, by dialect."""
    town, now = hospital.town, hospital.town.clock.now()
    number = town.institution(hospital.code).id
    with town.database.transaction() as connection:
        for dialect, client, secret in (
            (SigningDialect.API, "ak", SECRET),
            (SigningDialect.X_CA, hospital.code, SECRET),
            (SigningDialect.APIKEY, "", APIKEY),
        ):
            add_institution_key(connection, town.vault, number, client, secret, now, dialect=dialect)
        return {key.dialect.value: key.id for key in list_keys(connection, number)}


def body_of(window: Window) -> bytes:
    return json.dumps(window.message("9001", SIGN_IN), ensure_ascii=False).encode()


def test_each_dialect_signs_as_openssl_does() -> None:
    """Each worked out with sha256sum or openssl: ``openssl dgst -sha1 -hmac``, ``-sm3 -hmac``."""
    tif = {
        "x-tif-paasid": "p",
        "x-tif-timestamp": "1718159400",
        "x-tif-nonce": "abc123",
        "x-tif-signature": "2CFE2E1EB5D8528CDE6B7100FEDAC6C21F2272159B37A53A08C0FCA325716A3B",
    }
    api = {
        "_api_access_key": "ak-test",
        "_api_name": "1101",
        "_api_timestamp": "1718159400000",
        "_api_version": "1.0",
        "_api_signature": "Z0qFVm+bBMBkiiLiR19LF+CEbOk=",
    }
    ca = {
        "x-ca-key": "H33018300001",
        "x-ca-signature": "1718159400:281681321493CB501BEE40052CA136959098B99BF56BB57E158FC4C01327158B",
    }
    for dialect, headers, body in ((XTif(), tif, b""), (Api(), api, b""), (XCa(), ca, b'{"infno":"9001"}')):
        proof = dialect.read(headers, body)
        assert proof.made_at == 1718159400
        assert proof.expected("test-secret") == proof.signature
        assert proof.expected("another") != proof.signature
    assert ApiKey().read({"apikey": "k"}, b"").expected("k") == "k"


@pytest.mark.parametrize("sign", [hunan, zhejiang, apikey])
def test_each_dialect_opens_the_door(hospital: Window, keys: dict[str, int], sign: Sign) -> None:
    body = body_of(hospital)
    for path in ("/fsi/callService", "/api9001", "/his/9001", "/fsi/api/signInSignOutService/signIn"):
        answer = hospital.post(body, path, sign(hospital.town, body)).json()
        assert answer["infcode"] == 0, (path, answer)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"_api_signature": None}, "hunan_gateway_401_missing_headers"),
        ({"_api_timestamp": "soon"}, "hunan_gateway_401_missing_headers"),
        ({"_api_access_key": "nobody"}, "hunan_gateway_401_user"),
        ({"_api_version": "2"}, "hunan_gateway_401_signature"),
        ({"_api_timestamp": "1000000000000"}, "hunan_gateway_401_timestamp"),
    ],
)
def test_hunans_rejections_are_its_own(
    hospital: Window, keys: dict[str, int], change: dict[str, str | None], said: str
) -> None:
    body = body_of(hospital)
    headers = {name: value for name, value in (hunan(hospital.town, body) | change).items() if value is not None}
    expected = {
        "hunan_gateway_401_missing_headers": "缺少服务网关的请求头!",
        "hunan_gateway_401_user": "非法用户!",
        "hunan_gateway_401_signature": "签名不一致!",
        "hunan_gateway_401_timestamp": "签名时间戳超时!",
    }[said]
    assert hospital.post(body, headers=headers).json() == {"code": 401, "message": expected}


def test_hunan_forgives_half_an_hour_and_the_others_a_quarter(hospital: Window, keys: dict[str, int]) -> None:
    body, town = body_of(hospital), hospital.town
    assert hospital.post(body, headers=hunan(town, body, minutes=-29)).json()["infcode"] == 0
    assert hospital.post(body, headers=hunan(town, body, minutes=-31)).json()["code"] == 401
    assert "[access.timestamp]" in hospital.post(body, headers=zhejiang(town, body, minutes=16)).json()["err_msg"]


def test_a_signature_over_the_body_does_not_fit_another(hospital: Window, keys: dict[str, int]) -> None:
    headers = zhejiang(hospital.town, body_of(hospital))
    assert "[access.signature]" in hospital.post(body_of(hospital), headers=headers).json()["err_msg"]


def test_a_key_opens_only_in_its_own_dialect(hospital: Window, keys: dict[str, int]) -> None:
    """The x-ca key is named by the institution's code; the same name and secret in x-tif are nobody's."""
    headers = signed(hospital.town, hospital.code, nonce="n")
    assert "[access.unknown_key]" in hospital.post(body_of(hospital), headers=headers).json()["err_msg"]


def test_without_a_nonce_the_very_message_may_come_again_and_no_other(hospital: Window, keys: dict[str, int]) -> None:
    """Hunan's clients repeat a lost POST unchanged; who caught its headers cannot send a message of his own."""
    body, town = body_of(hospital), hospital.town
    headers = hunan(town, body)
    first = hospital.post(body, headers=headers).json()
    again = hospital.post(body, headers=headers).json()
    assert (first["infcode"], again["infcode"]) == (0, 0)
    assert hospital.post(body_of(hospital), headers=headers).json()["code"] == 401
    assert hospital.post(body_of(hospital), headers=hunan(town, body, plus=1)).json()["infcode"] == 0


def test_a_signature_used_at_one_process_is_known_to_the_others(hospital: Window, town: Town) -> None:
    """Two gateways over one database, as two worker processes are."""
    other = Platform(Settings(), town.database, town.vault, town.clock, RuleBook.shipped())
    headers = signed(town, f"paas-{hospital.code}", nonce="caught")
    assert hospital.post(hospital.message("9001", SIGN_IN), headers=headers).json()["infcode"] == 0
    with TestClient(Starlette(routes=[Mount("/", app=NationalGateway(other))])) as client:
        answer = client.post("/fsi", content=json.dumps(hospital.message("1101", {})), headers=headers)
        assert "[access.replayed]" in answer.json()["err_msg"]
    other.close()


def test_withdrawal_and_rotation_take_effect_at_once_and_everywhere(hospital: Window, town: Town) -> None:
    """The clock stands still, so that no key is forgotten by age: what ends it is the word from the database."""
    other = Platform(Settings(), town.database, town.vault, town.clock, RuleBook.shipped())
    number = town.institution(hospital.code).id
    gateways = [NationalGateway(other) for _ in range(2)]
    clients = [TestClient(Starlette(routes=[Mount("/", app=each)])) for each in gateways]

    def said(client: TestClient, secret: str) -> Any:
        headers = signed(town, f"paas-{hospital.code}", nonce=f"n{next(hospital.numbers)}", secret=secret)
        answer = client.post("/", content=json.dumps(hospital.message("9001", SIGN_IN)), headers=headers).json()
        return answer["err_msg"]

    with town.database.transaction() as connection:
        (old,) = list_keys(connection, number)
        new = rotate_key(
            connection, town.vault, number, old.id, "new", town.clock.now(), town.clock.now() + timedelta(1)
        )
    until(lambda: [said(client, secret) for client in clients for secret in (SECRET, "new")] == [None] * 4)
    with town.database.transaction() as connection:
        withdraw_key(connection, number, old.id, town.clock.now())
    until(lambda: all("[access.signature]" in str(said(client, SECRET)) for client in clients))
    assert [said(client, "new") for client in clients] == [None, None]
    with town.database.transaction() as connection:
        withdraw_key(connection, number, new, town.clock.now())
    until(lambda: all("[access.unknown_key]" in str(said(client, "new")) for client in clients))
    other.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait for what other threads do, at most ten seconds."""
    for _ in range(200):
        if holds():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not come to pass")


def test_signatures_of_one_batch_are_told_apart(town: Town) -> None:
    """New, used before with another message, repeated with the same one, and twice in one batch."""
    with town.database.connect() as connection:
        connection.autocommit = True
        first = Sighting(1, 11, 100, repeatable=True)
        assert note_signatures(connection, [first, Sighting(1, 12, 0, repeatable=False)]) == [True, True]
        assert note_signatures(
            connection,
            [
                Sighting(1, 12, 0, repeatable=False),
                first,
                Sighting(1, 11, 101, repeatable=True),
                Sighting(2, 12, 0, repeatable=False),
                Sighting(2, 12, 0, repeatable=False),
            ],
        ) == [False, True, False, True, False]
    assert forget_signatures(town.database, town.clock.now()) == 3


def test_a_missing_header_is_told_in_the_words_of_its_dialect() -> None:
    with pytest.raises(NotSignedIn) as refusal:
        XCa().read({"x-ca-key": "H33018300001", "x-ca-signature": "nonsense"}, b"")
    assert refusal.value.code == "access.headers"
    assert "x-ca-signature" in refusal.value.zh

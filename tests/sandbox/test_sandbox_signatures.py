"""The signature check: what it says to sign is taken by the door, and what is wrong is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from datetime import datetime, timedelta
from html import unescape

import httpx
import pytest

from gongji.entrances.sandbox.institutions import INSTITUTIONS
from gongji.entrances.sandbox.pasted import read_pasted
from gongji.entrances.sandbox.signing import PROBLEMS, judge, recipes
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import InvalidInput
from gongji.registry.keys import SigningDialect

HOSPITAL = INSTITUTIONS[0]
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=CHINA)
BODY = '{"infno":"9001"}'
SIGNED = {one.dialect: one for one in recipes(HOSPITAL, "9001", BODY, NOW)}


@pytest.mark.parametrize("dialect", SigningDialect)
def test_what_the_page_signs_is_taken_by_the_door(address: str, dialect: SigningDialect) -> None:
    now = datetime.now(CHINA)
    message = {
        "infno": "9001",
        "msgid": f"{HOSPITAL.code}{now:%Y%m%d%H%M%S}{len(dialect):04d}",
        "fixmedins_code": HOSPITAL.code,
        "input": {"signIn": {"opter_no": "0053", "mac": "m", "ip": "i"}},
    }
    body = json.dumps(message)
    (recipe,) = [one for one in recipes(HOSPITAL, "9001", body, now) if one.dialect is dialect]
    answer = httpx.post(f"{address}/9001", content=body, headers=recipe.headers, trust_env=False, timeout=60).json()
    assert answer["infcode"] == 0, answer


@pytest.mark.parametrize("dialect", SigningDialect)
def test_a_right_signature_is_called_right(dialect: SigningDialect) -> None:
    verdict = judge(SIGNED[dialect].headers, BODY.encode(), NOW)
    assert (verdict.dialect, verdict.problems, verdict.institution) == (dialect, (), HOSPITAL)
    assert verdict.text == SIGNED[dialect].text


def tif(**changed: str) -> dict[str, str]:
    """x-tif headers with something changed."""
    return dict(SIGNED[SigningDialect.X_TIF].headers) | {f"x-tif-{name}": value for name, value in changed.items()}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def wrong() -> dict[str, dict[str, str]]:
    """Headers that are wrong, by what is to be said of them."""
    seconds, nonce, secret = str(int(NOW.timestamp())), tif()["x-tif-nonce"], HOSPITAL.secret
    other = INSTITUTIONS[1].secret
    api = dict(SIGNED[SigningDialect.API].headers)
    text = SIGNED[SigningDialect.API].text.encode()
    ca = f"{seconds}:{hmac.new(secret.encode(), f'{seconds}{BODY}'.encode(), 'sm3').hexdigest().upper()}"
    return {
        "no_headers": {"content-type": "application/json"},
        "missing": {"x-tif-paasid": HOSPITAL.paasid},
        "milliseconds": tif(timestamp=f"{seconds}000"),
        "unknown_key": tif(paasid="somebody"),
        "differs": tif(signature="0" * 64),
        "tif_once": tif(signature=sha256(f"{seconds}{secret}{nonce}")),
        "tif_order": tif(signature=sha256(f"{seconds}{nonce}{secret}{seconds}")),
        "tif_first": tif(signature=sha256(f"{secret}{seconds}{nonce}{seconds}")),
        "tif_no_nonce": tif(signature=sha256(f"{seconds}{secret}{seconds}")),
        "other_hash": tif(signature=hashlib.md5(f"{seconds}{secret}{nonce}{seconds}".encode()).hexdigest()),
        "other_secret": tif(signature=sha256(f"{seconds}{other}{nonce}{seconds}")),
        "hex": api | {"_api_signature": hmac.digest(secret.encode(), text, "sha1").hex()},
        "ca_line_break": {"x-ca-key": HOSPITAL.code, "x-ca-signature": ca},
    }


@pytest.mark.parametrize("problem", [one for one in PROBLEMS if one != "stale"])
def test_a_wrong_signature_is_told_why(problem: str) -> None:
    assert judge(wrong()[problem], BODY.encode(), NOW).problems == (problem,)


def test_an_old_signature_is_stale_although_it_is_right() -> None:
    assert judge(tif(), BODY.encode(), NOW + timedelta(minutes=16)).problems == ("stale",)


def test_hunan_s_dialect_with_another_hash_is_told() -> None:
    text = SIGNED[SigningDialect.API].text.encode()
    signature = base64.b64encode(hmac.digest(HOSPITAL.secret.encode(), text, "sha256")).decode()
    headers = dict(SIGNED[SigningDialect.API].headers) | {"_api_signature": signature}
    assert judge(headers, BODY.encode(), NOW).problems == ("other_hash",)


def test_a_curl_command_and_plain_headers_are_read_alike() -> None:
    curl = read_pasted(
        "curl -sS \\\n http://x/ -H 'X-TIF-PAASID: a' --header 'x-tif-nonce: b:c' -d '{\"infno\": \"1\"}'"
    )
    plain = read_pasted('X-TIF-PAASID: a\r\nx-tif-nonce: b:c\r\n\r\n{"infno": "1"}')
    assert curl == plain
    assert curl.headers == {"x-tif-paasid": "a", "x-tif-nonce": "b:c"}
    assert read_pasted('{"infno":"1"}').headers == {}
    with pytest.raises(InvalidInput):
        read_pasted("curl -H 'x: y")


def test_the_page_judges_what_is_pasted(browser: httpx.Client) -> None:
    def told(pasted: str, status: int = 200) -> str:
        answer = browser.post("/signature", data={"request": pasted})
        assert answer.status_code == status
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))

    (fresh,) = [
        one for one in recipes(HOSPITAL, "9001", BODY, datetime.now(CHINA)) if one.dialect is SigningDialect.X_TIF
    ]
    headers = "\n".join(f"{name}: {value}" for name, value in fresh.headers.items())
    assert "签名正确" in told(f"{headers}\n\n{BODY}")
    stale = told("\n".join(f"{name}: {value}" for name, value in tif(signature="0" * 64).items()))
    assert "时间戳与现在相差太多" in stale
    assert SIGNED[SigningDialect.X_TIF].text in stale
    assert "没有找到任何签名方式的请求头" in told("")
    assert "引号没有配对" in told("curl -H 'x", 422)

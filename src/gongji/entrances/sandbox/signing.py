"""Signatures explained: what each way of signing signs, with the figures of the message at hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gongji.entrances.national.dialects import DIALECTS, Dialect
from gongji.entrances.sandbox.institutions import INSTITUTIONS, InventedInstitution
from gongji.foundation.errors import NotSignedIn
from gongji.registry.keys import SigningDialect

#: What may be wrong with a signature: the last parts of the message ids that say so.
PROBLEMS: Final = (
    *("no_headers", "missing", "milliseconds", "stale", "unknown_key", "differs"),
    *("tif_once", "tif_order", "tif_first", "tif_no_nonce"),
    *("other_hash", "other_secret", "hex", "ca_line_break"),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A message signed in one way.

    Attributes:
        dialect: the way.
        text: what is hashed or keyed, secret and all; "" where nothing is.
        function: what is done with it.
        headers: what is sent.
    """

    dialect: SigningDialect
    text: str
    function: str
    headers: Mapping[str, str]


def recipes(institution: InventedInstitution, infno: str, body: str, now: datetime) -> tuple[Recipe, ...]:
    """A message signed in every way, ready to be sent now."""
    seconds, millis, nonce = str(int(now.timestamp())), str(int(now.timestamp() * 1000)), secrets.token_hex(8)
    secret = institution.secret
    tif = tif_text(seconds, nonce, secret)
    api = {"_api_access_key": institution.paasid, "_api_name": infno, "_api_timestamp": millis, "_api_version": "1.0.0"}
    keyed = api_text(api)
    ca = f"{seconds}\n{body}"
    return (
        Recipe(
            SigningDialect.X_TIF,
            tif,
            "sha256 hex",
            {
                "x-tif-paasid": institution.paasid,
                "x-tif-timestamp": seconds,
                "x-tif-nonce": nonce,
                "x-tif-signature": hashlib.sha256(tif.encode()).hexdigest(),
            },
        ),
        Recipe(
            SigningDialect.API,
            keyed,
            "base64(HMAC-SHA1(secret, …))",
            api | {"_api_signature": base64.b64encode(hmac.digest(secret.encode(), keyed.encode(), "sha1")).decode()},
        ),
        Recipe(
            SigningDialect.X_CA,
            ca,
            "HMAC-SM3(secret, …) HEX",
            {
                "x-ca-key": institution.code,
                "x-ca-signature": f"{seconds}:{hmac.new(secret.encode(), ca.encode(), 'sm3').hexdigest().upper()}",
            },
        ),
        Recipe(SigningDialect.APIKEY, "", "", {"apikey": institution.apikey}),
    )


def tif_text(seconds: str, nonce: str, secret: str) -> str:
    """What x-tif hashes."""
    return f"{seconds}{secret}{nonce}{seconds}"


def api_text(headers: Mapping[str, str]) -> str:
    """What Hunan's dialect keys: the four headers in the order of their names."""
    names = ("_api_access_key", "_api_name", "_api_timestamp", "_api_version")
    return "&".join(f"{name}={headers[name]}" for name in names)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a signed request.

    Attributes:
        dialect: the way that its headers speak; None when they speak none.
        institution: whose key it names, None when nobody's.
        given, expected: the signature as it came, and as it should be.
        text: what should have been signed; "" where it is not known.
        problems: of `PROBLEMS`; empty when it is right.
        needed: what headers the dialect needs.
    """

    dialect: SigningDialect | None
    institution: InventedInstitution | None = None
    given: str = ""
    expected: str = ""
    text: str = ""
    problems: tuple[str, ...] = ()
    needed: str = ""


def judge(headers: Mapping[str, str], body: bytes, now: datetime) -> Verdict:
    """Hold a request's signature against what it should be.

    Args:
        headers: names in lower case.
        body: as it was or will be sent.
        now: against which its time is held.
    """
    dialect = next((each for each in DIALECTS if any(mark in headers for mark in each.marks)), None)
    if dialect is None:
        return Verdict(None, problems=("no_headers",))
    try:
        proof = dialect.read(headers, body)
    except NotSignedIn:
        problem = "milliseconds" if _in_other_unit(dialect, headers) else "missing"
        return Verdict(dialect.name, problems=(problem,), needed=dialect.headers)
    owner = _owner(dialect.name, proof.client, headers)
    stale = proof.made_at is not None and abs(now.timestamp() - proof.made_at) > dialect.window.total_seconds()
    problems = ["stale"] if stale else []
    if owner is None:
        return Verdict(dialect.name, None, proof.signature, problems=(*problems, "unknown_key"))
    secret = owner.apikey if dialect.name is SigningDialect.APIKEY else owner.secret
    expected = proof.expected(secret)
    if not hmac.compare_digest(expected.encode(), proof.signature.encode()):
        problems.append(_slip(dialect.name, headers, body, proof.signature, secret) or "differs")
    text = _text(dialect.name, headers, body, secret)
    return Verdict(dialect.name, owner, proof.signature, expected, text, tuple(problems))


def _owner(dialect: SigningDialect, client: str, headers: Mapping[str, str]) -> InventedInstitution | None:
    for each in INSTITUTIONS:
        for name, known, secret in each.keys:
            sent = headers.get("apikey") if name is SigningDialect.APIKEY else client
            if name is dialect and sent == (known or secret):
                return each
    return None


def _in_other_unit(dialect: Dialect, headers: Mapping[str, str]) -> bool:
    """Whether x-tif's time is in milliseconds, the most frequent slip."""
    stamp = headers.get("x-tif-timestamp", "")
    return dialect.name is SigningDialect.X_TIF and stamp.isdigit() and len(stamp) == len("1700000000000")


def _text(dialect: SigningDialect, headers: Mapping[str, str], body: bytes, secret: str) -> str:
    """What should have been signed."""
    match dialect:
        case SigningDialect.X_TIF:
            return tif_text(headers["x-tif-timestamp"], headers["x-tif-nonce"], secret)
        case SigningDialect.API:
            return api_text(headers)
        case SigningDialect.X_CA:
            return f"{headers['x-ca-signature'].partition(':')[0]}\n{body.decode('utf-8', 'replace')}"
        case SigningDialect.APIKEY:
            return ""


#: How x-tif is signed wrongly, by message id.
_TIF_SLIPS: Final = {
    "tif_once": "{t}{s}{n}",
    "tif_order": "{t}{n}{s}{t}",
    "tif_first": "{s}{t}{n}{t}",
    "tif_no_nonce": "{t}{s}{t}",
}


def _slip(dialect: SigningDialect, headers: Mapping[str, str], body: bytes, given: str, secret: str) -> str | None:
    """A frequent mistake that gives just this signature."""
    match dialect:
        case SigningDialect.X_TIF:
            return _tif_slip(headers, given, secret)
        case SigningDialect.API:
            return _api_slip(headers, given, secret)
        case SigningDialect.X_CA:
            return _ca_slip(headers, body, given, secret)
        case SigningDialect.APIKEY:
            return None


def _tif_slip(headers: Mapping[str, str], given: str, secret: str) -> str | None:
    parts = {"t": headers["x-tif-timestamp"], "n": headers["x-tif-nonce"], "s": secret}
    for name, order in _TIF_SLIPS.items():
        if hashlib.sha256(order.format(**parts).encode()).hexdigest() == given:
            return name
    right = tif_text(parts["t"], parts["n"], secret)
    if given in (hashlib.md5(right.encode()).hexdigest(), hashlib.sha1(right.encode()).hexdigest()):
        return "other_hash"
    others = (each.secret for each in INSTITUTIONS)
    if any(hashlib.sha256(tif_text(parts["t"], parts["n"], one).encode()).hexdigest() == given for one in others):
        return "other_secret"
    return None


def _api_slip(headers: Mapping[str, str], given: str, secret: str) -> str | None:
    right, key = api_text(headers).encode(), secret.encode()
    if given == base64.b64encode(hmac.digest(key, right, "sha256")).decode():
        return "other_hash"
    return "hex" if given.lower() == hmac.digest(key, right, "sha1").hex() else None


def _ca_slip(headers: Mapping[str, str], body: bytes, given: str, secret: str) -> str | None:
    stamp, key = headers["x-ca-signature"].partition(":")[0], secret.encode()
    if given == hmac.new(key, stamp.encode() + body, "sm3").hexdigest().upper():
        return "ca_line_break"
    return "other_hash" if given == hmac.new(key, f"{stamp}\n".encode() + body, "sha256").hexdigest().upper() else None

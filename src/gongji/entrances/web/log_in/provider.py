"""An identity provider as we use it: discovery, the code exchange with PKCE, and the check of its ID token."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from joserfc import errors, jwk, jwt

from gongji.foundation.errors import Busy, NotSignedIn
from gongji.foundation.settings import IdentityProvider

#: What an ID token may be signed with: asymmetric keys only, so that nobody's public key is taken for a secret.
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")

#: Seconds for which a provider's metadata and keys are used without asking again.
KEPT: Final = 3600.0

#: Seconds between two fetches of keys when a token names one that is not known.
_FETCHED_AGAIN_AFTER: Final = 30.0

#: Seconds by which a provider's clock may differ from ours.
_LEEWAY: Final = 60


@dataclass
class Provider:
    """One provider; remembers its metadata and keys. Safe to use from several threads.

    Attributes:
        settings: where it is and how it knows us.
        client: for calls to it.
    """

    settings: IdentityProvider
    client: httpx.Client
    _metadata: dict[str, Any] = field(default_factory=dict)
    _keys: jwk.KeySet | None = None
    _read_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser is sent to log in.

        Raises:
            Busy: ``access.provider`` when the provider does not answer.
        """
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.settings.client_id,
                "redirect_uri": redirect_uri,
                "scope": self.settings.scope,
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        endpoint = str(self._discovered()["authorization_endpoint"])
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}"

    def claims(self, *, code: str, redirect_uri: str, nonce: str, verifier: str, at: datetime) -> dict[str, Any]:
        """Whoever logged in, as the provider's signed answer to the code tells it.

        Args:
            code: what the browser brought back.
            redirect_uri: as it was sent with the log-in.
            nonce, verifier: of the log-in.
            at: now.

        Raises:
            Busy: ``access.provider``.
            NotSignedIn: ``access.log_in_failed`` when the code or the ID token does not hold.
        """
        answer = self._exchange(code, redirect_uri, verifier)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise failed("the provider's answer holds no ID token")
        registry = jwt.JWTClaimsRegistry(
            now=int(at.timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = self._opened(token)
            registry.validate(claims)
        except (errors.JoseError, ValueError) as problem:
            raise failed(f"the ID token does not hold: {type(problem).__name__}") from problem
        if claims.get("azp", self.settings.client_id) != self.settings.client_id:
            raise failed("the ID token is for another client")
        return claims

    def _opened(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self._known_keys(), algorithms=list(ALGORITHMS)).claims
        except (errors.InvalidKeyIdError, errors.BadSignatureError):
            # The provider may have changed its keys since they were read.
            return jwt.decode(token, self._known_keys(fresh=True), algorithms=list(ALGORITHMS)).claims

    def _exchange(self, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        secret = self.settings.client_secret
        ways = self._discovered().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic: httpx.Auth = httpx.Auth()
        if secret is not None and "client_secret_basic" in ways:
            basic = httpx.BasicAuth(self.settings.client_id, secret.get_secret_value())
        else:
            form["client_id"] = self.settings.client_id
            if secret is not None:
                form["client_secret"] = secret.get_secret_value()
        try:
            answer = self.client.post(str(self._discovered()["token_endpoint"]), data=form, auth=basic)
        except httpx.HTTPError as problem:
            raise silent() from problem
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise silent()
        if answer.is_error:
            raise failed("the provider does not know the code")
        return _object(answer)

    def _discovered(self) -> dict[str, Any]:
        with self._lock:
            if not self._metadata or time.monotonic() - self._read_at > KEPT:
                metadata = self._get(f"{self.settings.issuer}/.well-known/openid-configuration")
                if metadata.get("issuer") != self.settings.issuer:
                    raise failed("the provider's metadata names another issuer")
                self._keys = self._read_keys(metadata)
                self._metadata, self._read_at = metadata, time.monotonic()
            return self._metadata

    def _known_keys(self, *, fresh: bool = False) -> jwk.KeySet:
        metadata = self._discovered()
        with self._lock:
            if self._keys is None or (fresh and time.monotonic() - self._read_at > _FETCHED_AGAIN_AFTER):
                self._keys = self._read_keys(metadata)
                self._read_at = time.monotonic()
            return self._keys

    def _read_keys(self, metadata: dict[str, Any]) -> jwk.KeySet:
        try:
            return jwk.KeySet.import_key_set(self._get(str(metadata["jwks_uri"])))  # type: ignore[arg-type]
        except (errors.JoseError, KeyError, ValueError) as problem:
            raise silent() from problem

    def _get(self, url: str) -> dict[str, Any]:
        try:
            answer = self.client.get(url)
        except httpx.HTTPError as problem:
            raise silent() from problem
        if answer.is_error:
            raise silent()
        return _object(answer)


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        read = answer.json()
    except ValueError as problem:
        raise silent() from problem
    if not isinstance(read, dict):
        raise silent()
    return read


def silent() -> Busy:
    """``access.provider``: the provider gives no answer that can be used."""
    return Busy(
        "access.provider",
        "the log-in service does not answer: try again in some minutes",
        "统一登录平台暂时没有回应，请过几分钟再试",
    )


def failed(why: str) -> NotSignedIn:
    """``access.log_in_failed``; `why` is for the log."""
    return NotSignedIn(
        "access.log_in_failed",
        "the log-in did not succeed: begin again",
        "登录没有成功，请重新登录",
        details={"why": why},
    )

"""The demo's identity provider: OpenID Connect as a real one speaks it, but whoever is picked from a list is logged in.

It checks what a provider has to check (client, address to return to, PKCE, a code once and soon), so that the log-in
pages are tried against the protocol and not against a shortcut. Its keys live as long as the process.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from joserfc import jwk, jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gongji.entrances.web.headers import SafeHeaders
from gongji.entrances.web.pages import render
from gongji.foundation.clock import Clock
from gongji.foundation.settings import IdentityProvider

BASE: Final = "/demo-identity"
CITIZENS: Final = "gongji-citizens"
OFFICERS: Final = "gongji-officers"

_CODE_LASTS: Final = timedelta(minutes=1)
_TOKEN_LASTS: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can be picked.

    Attributes:
        subject: what the provider calls them.
        name: shown in the list.
        about: shown below it.
        claims: what the ID token says beside the subject.
    """

    subject: str
    name: str
    about: str
    claims: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Grant:
    account: Account
    client: str
    redirect_uri: str
    nonce: str
    challenge: str
    until: datetime


@dataclass
class DemoIdentity:
    """The provider over lists of accounts.

    Attributes:
        clock: tells the moment.
        citizens, officers: who can be picked, by client.
        issuer: its address, once it is known where it is served.
        returns_to: the only address that it sends browsers back to.
    """

    clock: Clock
    citizens: Sequence[Account]
    officers: Sequence[Account]
    issuer: str = ""
    returns_to: str = ""
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    _key: jwk.ECKey = field(default_factory=lambda: jwk.ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)}))
    _grants: dict[str, _Grant] = field(default_factory=dict)

    def app(self) -> ASGIApp:
        """The provider, for mounting at ``/demo-identity``."""
        routes = [
            Route("/.well-known/openid-configuration", self.metadata),
            Route("/keys", self.keys),
            Route("/authorize", self.authorize),
            Route("/pick", self.pick, methods=["POST"]),
            Route("/token", self.token, methods=["POST"]),
        ]
        return SafeHeaders(Starlette(routes=routes))

    def serve_at(self, base: str) -> None:
        """Say where the server is: from then on the provider works."""
        self.issuer, self.returns_to = f"{base}{BASE}", f"{base}/login/back"

    def settings(self) -> dict[str, IdentityProvider]:
        """The settings of an installation whose people log in here."""
        return {
            name: IdentityProvider.model_validate(
                {"issuer": self.issuer, "client_id": client, "client_secret": self.secret}
            )
            for name, client in (("citizen_log_in", CITIZENS), ("officer_log_in", OFFICERS))
        }

    def metadata(self, request: Request) -> Response:
        """Where everything is (OpenID Connect Discovery)."""
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def keys(self, request: Request) -> Response:
        """The public key."""
        return JSONResponse({"keys": [self._key.as_dict(private=False) | {"alg": "ES256", "use": "sig"}]})

    def authorize(self, request: Request) -> Response:
        """The list to pick somebody from."""
        asked = dict(request.query_params)
        wrong = self._wrong_with(asked)
        if wrong:
            return JSONResponse({"error": "invalid_request", "error_description": wrong}, status_code=400)
        return render(
            "demo/people.html",
            request,
            base=BASE,
            signed_in=False,
            accounts=self._accounts(asked["client_id"]),
            asked={name: asked[name] for name in ("client_id", "redirect_uri", "state", "nonce", "code_challenge")},
        )

    async def pick(self, request: Request) -> Response:
        """Somebody was picked: back to the platform with a code."""
        form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        wrong = self._wrong_with(form | {"response_type": "code", "code_challenge_method": "S256"})
        account = next(
            (one for one in self._accounts(form.get("client_id", "")) if one.subject == form.get("who")), None
        )
        if wrong or account is None:
            return JSONResponse({"error": "invalid_request", "error_description": wrong or "who"}, status_code=400)
        code = secrets.token_urlsafe(24)
        self._grants[code] = _Grant(
            account,
            form["client_id"],
            form["redirect_uri"],
            form["nonce"],
            form["code_challenge"],
            self.clock.now() + _CODE_LASTS,
        )
        query = urlencode({"code": code, "state": form["state"]})
        return RedirectResponse(f"{form['redirect_uri']}?{query}", status_code=303)

    async def token(self, request: Request) -> Response:
        """The code for an ID token, once, to the client that asked for it."""
        form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or self.clock.now() > grant.until:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        credentials = base64.b64encode(f"{grant.client}:{self.secret}".encode()).decode()
        if not hmac.compare_digest(request.headers.get("authorization", ""), f"Basic {credentials}"):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if challenge.rstrip(b"=").decode() != grant.challenge or form.get("redirect_uri") != grant.redirect_uri:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return JSONResponse(
            {"access_token": secrets.token_urlsafe(24), "token_type": "Bearer", "id_token": self._id_token(grant)}
        )

    def _id_token(self, grant: _Grant) -> str:
        now = self.clock.now()
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": grant.account.subject,
            "aud": grant.client,
            "iat": int(now.timestamp()),
            "exp": int((now + _TOKEN_LASTS).timestamp()),
            "nonce": grant.nonce,
            **grant.account.claims,
        }
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key)

    def _wrong_with(self, asked: Mapping[str, str]) -> str:
        """What a request to log in lacks; "" when it is as it should be."""
        wanted = {
            "response_type": ("code",),
            "client_id": (CITIZENS, OFFICERS),
            "redirect_uri": (self.returns_to,),
            "code_challenge_method": ("S256",),
        }
        wrong = [name for name, good in wanted.items() if asked.get(name) not in good]
        return ", ".join(wrong + [name for name in ("state", "nonce", "code_challenge") if not asked.get(name)])

    def _accounts(self, client: str) -> Sequence[Account]:
        return {CITIZENS: self.citizens, OFFICERS: self.officers}.get(client, ())

"""What the demo's citizens and officers do, through the REST API."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from gongji.foundation.errors import GongjiError


class ApiRefusal(GongjiError):
    """What the REST API refused, in its own words."""


@dataclass(frozen=True)
class ApiClient:
    """Calls the REST API at `base` with a bearer token."""

    client: httpx.Client
    base: str
    token: str

    def get(self, path: str, **query: str) -> Any:
        """Read something."""
        return self._read(self.client.get(f"{self.base}/api/v1{path}", params=query, headers=self._headers()))

    def post(self, path: str, body: Mapping[str, object] | None = None, files: Any = None, data: Any = None) -> Any:
        """Change something, under a fresh idempotency key.

        Raises:
            ApiRefusal: with the code and the sentences of the answer.
        """
        headers = self._headers() | {"Idempotency-Key": secrets.token_hex(16)}
        url = f"{self.base}/api/v1{path}"
        return self._read(self.client.post(url, json=body, files=files, data=data, headers=headers))

    def patch(self, path: str, body: Mapping[str, object]) -> Any:
        """Fill something in.

        Raises:
            ApiRefusal: as `post`.
        """
        return self._read(self.client.patch(f"{self.base}/api/v1{path}", json=body, headers=self._headers()))

    def put(self, path: str, body: Mapping[str, object]) -> Any:
        """Say how something is from now on.

        Raises:
            ApiRefusal: as `post`.
        """
        return self._read(self.client.put(f"{self.base}/api/v1{path}", json=body, headers=self._headers()))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def _read(self, answer: httpx.Response) -> Any:
        body = answer.json()
        if answer.is_error:
            message = body["message"]
            raise ApiRefusal(body["code"], message["en"], message["zh"], field=body.get("field"))
        return body

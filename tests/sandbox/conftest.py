"""One sandbox for the whole run, served over HTTP; each module begins with its first state."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from vendor import Vendor

from gongji.entrances.sandbox.app import SandboxApp
from gongji.entrances.sandbox.host import Sandbox
from gongji.entrances.server import serving
from gongji.foundation.settings import Settings


@pytest.fixture(scope="session")
def served(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, str]]:
    """The sandbox and its address."""
    settings = Settings(data=tmp_path_factory.mktemp("sandbox"), database_url=server_url, secret="07" * 32)
    sandbox = Sandbox(settings)
    with serving(SandboxApp(sandbox), "127.0.0.1", 0) as base:
        sandbox.serve_at(base)
        yield sandbox, base
    sandbox.close()


@pytest.fixture(scope="module")
def address(served: tuple[Sandbox, str]) -> str:
    """The sandbox's address, in its first state."""
    _, base = served
    assert httpx.post(f"{base}/sandbox/reset", trust_env=False, timeout=60).status_code == 303
    return base


@pytest.fixture
def sandbox(served: tuple[Sandbox, str], address: str) -> Sandbox:
    """What stands behind the address."""
    return served[0]


@pytest.fixture
def hospital(address: str) -> Iterator[Vendor]:
    """A vendor's system at 铁岭沙盘三级医院."""
    with httpx.Client(timeout=30, trust_env=False) as client:
        yield Vendor.at(client, address, "H21129900001")


@pytest.fixture
def browser(address: str) -> Iterator[httpx.Client]:
    """Somebody who looks at the pages."""
    with httpx.Client(base_url=f"{address}/sandbox", timeout=60, trust_env=False) as client:
        yield client

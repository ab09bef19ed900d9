"""``gongji serve --sandbox``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import uvicorn
from rich.console import Console

from gongji.entrances.posts import PostsProtocol
from gongji.entrances.sandbox.app import SandboxApp
from gongji.entrances.sandbox.host import Sandbox
from gongji.foundation.settings import Settings, default_data_folder

#: Where the sandbox listens when nothing else is said: to this machine alone, whatever an installation's settings say.
_LOOPBACK: Final = "127.0.0.1"

_PORT: Final = 8000


def serve_sandbox(data: Path | None, host: str | None, port: int | None) -> None:
    """Serve a sandbox until interrupted.

    It takes nothing from an installation on the same machine: neither its database nor its secret nor its address.

    Args:
        data: the sandbox's own data folder; None: ``sandbox`` in the usual one.
        host: address to listen on; None: this machine alone.
        port: port to listen on.
    """
    folder = data or default_data_folder() / "sandbox"
    # Not `load_settings`: what the environment says is an installation's.
    settings = Settings.model_construct(data=folder, host=host or _LOOPBACK, port=port or _PORT, log_level="warning")
    sandbox = Sandbox(settings)
    console = Console(stderr=True, highlight=False)
    shown = f"http://{settings.host}:{settings.port}"
    sandbox.serve_at(shown)
    console.print(f"[bold]Gongji sandbox 沙箱  {shown}/sandbox/[/bold]  (Ctrl-C ends; the world stays in {folder})")
    console.print(f"  national interface 定点医药机构接口  POST {shown}/fsi/api/callService", soft_wrap=True)
    if settings.host != _LOOPBACK:
        console.print("  [yellow]no log-in: whoever reaches this address may use the sandbox 沙箱无需登录[/yellow]")
    try:
        uvicorn.run(
            SandboxApp(sandbox),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            http=PostsProtocol,
        )
    finally:
        sandbox.close()

"""``gongji serve --sandbox``."""

from __future__ import annotations

from pathlib import Path

import uvicorn
from rich.console import Console

from gongji.entrances.sandbox.app import SandboxApp
from gongji.entrances.sandbox.host import Sandbox
from gongji.foundation.settings import default_data_folder, load_settings

#: Where the sandbox listens when nothing else is said: to this machine alone, whatever an installation's settings say.
_LOOPBACK = "127.0.0.1"


def serve_sandbox(data: Path | None, host: str | None, port: int | None) -> None:
    """Serve a sandbox until interrupted.

    It takes nothing from an installation on the same machine: neither its database nor its secret nor its address.

    Args:
        data: the sandbox's own data folder; None: ``sandbox`` in the usual one.
        host: address to listen on; None: this machine alone.
        port: port to listen on.
    """
    folder = data or default_data_folder() / "sandbox"
    settings = load_settings(data=folder, port=port, log_level="warning").model_copy(
        update={"database_url": None, "database_owner_url": None, "secret": None, "host": host or _LOOPBACK}
    )
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
        )
    finally:
        sandbox.close()

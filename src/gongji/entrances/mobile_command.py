"""``gongji mobile``: an institution's application at mobile payment, its secret and keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gongji.entrances.platform import open_platform
from gongji.foundation.errors import InvalidInput, NotFound
from gongji.foundation.settings import load_settings
from gongji.registry.service import institution_by_code
from gongji.settlement.mobile.applications import register_app

mobile = typer.Typer(no_args_is_help=True, help="Applications of institutions at mobile payment (6201 to 6401).")


@mobile.callback()
def commands() -> None:
    """Applications of institutions at mobile payment (6201 to 6401)."""


@mobile.command("register")
def register(
    institution: Annotated[str, typer.Argument(help="fixmedins_code.")],
    public_key: Annotated[str, typer.Argument(help="The institution's SM2 public key: 130 hex digits, 04 first.")],
    notify_url: Annotated[str, typer.Option(help="Where results are told (6302); nowhere without one.")] = "",
    data: Annotated[Path | None, typer.Option("--data", help="The installation's data folder.")] = None,
) -> None:
    """Register an application: print its number, its secret (shown once) and our public key for it."""
    try:
        key = bytes.fromhex(public_key)
    except ValueError:
        raise InvalidInput(
            "guomi.key",
            "the public key is not hexadecimal",
            "公钥应为十六进制",
            field="public_key",
            accepted="130 hex digits",
        ) from None
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        found = institution_by_code(connection, institution)
        if found is None:
            raise NotFound(
                "institution.unknown", "there is no such institution", "没有这个定点医药机构", field="institution"
            )
        app, ours = register_app(connection, platform.vault, found, key, notify_url, platform.clock.now())
        print(f"appId      {app.app_id}\nappSecret  {app.secret}\nour key    {ours.hex()}")

"""``gongji db``: the schema, its roles, upkeep, backup and restore."""

from __future__ import annotations

import typer

from gongji.entrances.database_command import backup, upkeep

commands = typer.Typer(help="The database: schema, roles, upkeep, backup, restore.", no_args_is_help=True)
commands.command("upgrade")(upkeep.upgrade_schema)
commands.command("roles")(upkeep.roles)
commands.command("maintain")(upkeep.maintain_books)
commands.command("distribute")(upkeep.distribute_tables)
commands.command("backup")(backup.backup)
commands.command("restore")(backup.restore)

"""``gongji db``: the schema, its roles, upkeep, backup and restore, months that are archived."""

from __future__ import annotations

import typer

from gongji.entrances.database_command import archive, backup, upkeep

commands = typer.Typer(help="The database: schema, roles, upkeep, backup, restore, archive.", no_args_is_help=True)
commands.command("upgrade")(upkeep.upgrade_schema)
commands.command("roles")(upkeep.roles)
commands.command("maintain")(upkeep.maintain_books)
commands.command("distribute")(upkeep.distribute_tables)
commands.command("backup")(backup.backup)
commands.command("restore")(backup.restore)
commands.command("archive")(archive.archive)
commands.command("check-archive")(archive.check)
commands.command("unarchive")(archive.unarchive)

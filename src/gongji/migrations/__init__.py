"""The schema's history, as Alembic migrations; `upgrade` brings a database to the newest."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import gongji.family.tables
import gongji.foundation.access
import gongji.foundation.audit
import gongji.foundation.replies
import gongji.ledger.tables
import gongji.registry.tables
import gongji.settlement.tables  # noqa: F401  (all rooms' tables stand on the metadata that env.py compares with)
from gongji.foundation.database import Database


def configuration(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration for this package, with the connection that it shall use."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database) -> None:
    """Bring the database to the newest schema; several processes may do so at once (an advisory lock orders them)."""
    with database.engine.begin() as connection:
        # "gongji" as a number, so that no other program's lock collides
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(113715401320553)"))
        command.upgrade(configuration(connection), "head")

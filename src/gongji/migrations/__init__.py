"""The schema's history, as Alembic migrations; `upgrade` brings a database to the newest."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import gongji.accrual.tables
import gongji.allotment.tables
import gongji.clearing.monthly.tables
import gongji.clearing.tables
import gongji.family.casework_tables
import gongji.family.tables
import gongji.foundation.access
import gongji.foundation.audit
import gongji.foundation.deliveries
import gongji.foundation.files
import gongji.foundation.inbox
import gongji.foundation.issued
import gongji.foundation.limits
import gongji.foundation.log_ins
import gongji.foundation.message_choices
import gongji.foundation.outbox
import gongji.foundation.reminders
import gongji.foundation.replies
import gongji.foundation.sessions
import gongji.foundation.signatures
import gongji.ledger.archive_tables
import gongji.ledger.hold_tables
import gongji.ledger.pot_tables
import gongji.ledger.rollup
import gongji.ledger.tables
import gongji.ledger.year_tables
import gongji.oversight.alerts.tables
import gongji.oversight.tables
import gongji.premium.tables
import gongji.registry.conformance
import gongji.registry.e_credential_tables
import gongji.registry.presented
import gongji.registry.tables
import gongji.reimbursement.tables
import gongji.settlement.admission_tables
import gongji.settlement.mobile.tables
import gongji.settlement.second.tables
import gongji.settlement.tables
import gongji.settlement.telling
import gongji.wallet.quotas.tables
import gongji.wallet.tables  # noqa: F401  (all rooms' tables stand on the metadata that env.py compares with)
from gongji.foundation.clock import CHINA
from gongji.foundation.database import Database, addresses, open_database
from gongji.foundation.errors import Misconfigured
from gongji.foundation.partitions import MONTHS_AHEAD, add_months
from gongji.foundation.roles import grant_service, has_role, is_granted, service_of
from gongji.foundation.settings import Settings


def configuration(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration for this package, with the connection that it shall use."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database) -> bool:
    """Bring the database to the newest schema; several processes may do so at once (an advisory lock orders them).

    Args:
        database: signed in as the owner of the tables; any role will do where the schema is the newest already.

    Returns:
        Whether there was anything to do.

    Raises:
        Misconfigured: ``database.old_schema`` when there is, and the role may not do it; ``database.newer_schema``.
    """
    history = ScriptDirectory.from_config(configuration())
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == history.get_current_head():
        return False
    if current is not None and current not in {revision.revision for revision in history.walk_revisions()}:
        raise Misconfigured(
            "database.newer_schema",
            f"the database is at schema {current}, which this program does not know: install the newer version of it",
            f"数据库结构版本 {current} 比当前程序新：请安装新版程序",
            field="GONGJI_DATABASE_URL",
        )
    try:
        with database.engine.begin() as connection:
            # "gongji" as a number, so that no other program's lock collides
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(113715401320553)"))
            command.upgrade(configuration(connection), "head")
    except sa.exc.ProgrammingError as problem:
        if not isinstance(problem.orig, psycopg.errors.InsufficientPrivilege):
            raise
        raise Misconfigured(
            "database.old_schema",
            "the schema is older than this program and the service's role may not change it: run `gongji db upgrade`"
            " with GONGJI_DATABASE_OWNER_URL",
            "数据库结构较旧，服务角色无权升级：请设置 GONGJI_DATABASE_OWNER_URL 后运行 gongji db upgrade",
            field="GONGJI_DATABASE_OWNER_URL",
        ) from problem
    return True


def open_migrated(settings: Settings) -> Database:
    """The installation's database at the newest schema, signed in as the service, whose role has its rights.

    Raises:
        Misconfigured: see `open_database`, `upgrade` and `grant_service`.
    """
    found = addresses(settings)
    migrated = False
    if found.apart:
        owner = open_database(settings, as_owner=True)
        migrated = upgrade(owner)
        role = service_of(found.service)
        with owner.transaction() as connection:
            if has_role(connection, role) and not is_granted(connection, role):
                list(grant_service(connection, role))
        owner.close()
    database = open_database(settings)
    if upgrade(database) or migrated:
        # Nothing is in it yet: the first rows shall find their month. Later months are made by maintenance.
        add_months(database, datetime.now(CHINA).date(), MONTHS_AHEAD + 1)
    return database

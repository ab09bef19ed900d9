"""Alembic's entry: migrations run on the connection that `gongji.migrations.upgrade` hands over."""

from alembic import context

from gongji.foundation.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()

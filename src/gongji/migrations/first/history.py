"""Tables whose rows are added and never changed, whoever asks."""

from __future__ import annotations

from alembic import op


def keep_as_history(table: str) -> None:
    """Have the database refuse to change, delete or truncate rows of a table (`refuse_change` exists already)."""
    op.execute(
        f"CREATE TRIGGER {table}_is_history BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_is_kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )

"""Runs revisions on the connection that it is given, inside the transaction that is already open on it."""

from alembic import context

from bot.storage.tables import metadata

# Batches, because SQLite changes a column only by copying its table.
context.configure(context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()

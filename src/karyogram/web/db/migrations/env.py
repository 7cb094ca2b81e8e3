"""Alembic calls this to run the scripts on the connection that :func:`karyogram.web.db.engine.migrate` hands over."""

from alembic import context

from karyogram.web.db.tables import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()

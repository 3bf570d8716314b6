"""Runs by alembic on the connection that `ledger.store.database.migrate` hands over, inside its transaction."""

from alembic import context

from ledger.store.all_tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=False)
context.run_migrations()

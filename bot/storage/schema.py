"""Brings a database to the schema that this program knows, and refuses one that is newer."""

from typing import Final

from sqlalchemy import Connection, inspect, text

from bot.core.errors import SettingsError
from bot.storage.database import Database

HEAD: Final = "0004"  # the newest revision in migrations/versions; a test holds them together
LOCK: Final = 0x6578_706C_6169_6E00  # the name under which replicas that start at once wait for each other


async def upgrade(database: Database) -> None:
    """Run the migrations that are missing, all or none, while no other process can.

    Raises SettingsError when the database is newer than the program, ServiceError when it does not answer.
    """
    async with database.writing() as connection:
        await database.take_time(connection)
        await database.lock(connection, LOCK)
        version = await connection.run_sync(version_of)
        if version != HEAD:
            await connection.run_sync(_migrate, version)


def version_of(connection: Connection) -> str | None:
    """The revision by plain SQL: importing Alembic takes longer than all the rest of a start."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _migrate(connection: Connection, version: str | None) -> None:
    from alembic import command  # noqa: PLC0415  # see version_of
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "bot.storage:migrations")
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise SettingsError(
            f"The database is newer than this program (its schema is {version}, the newest known here is {HEAD}): "
            "update the program, or point DATABASE_URL or EXPLAINER_DATA elsewhere."
        )
    command.upgrade(config, "head")

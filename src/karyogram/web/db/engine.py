"""Open a database, bring it to today's shape, and hand out sessions."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Float, create_engine, event, func, literal_column
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from karyogram.errors import DataError

#: Seconds to wait for another's write on SQLite.
PATIENCE = 30
#: The number of PostgreSQL's advisory lock under which one process migrates at a time.
MIGRATING = 4606


def open_engine(url: str, threads: int = 16) -> Engine:
    """Open a database by SQLAlchemy's URL for so many threads. Errors show no values, so that logs hold no names."""
    sqlite = url.startswith("sqlite")
    connect: dict[str, Any] = {"timeout": PATIENCE, "check_same_thread": False} if sqlite else {"connect_timeout": 10}
    engine = create_engine(
        url, pool_size=threads, max_overflow=4, pool_pre_ping=not sqlite, hide_parameters=True, connect_args=connect
    )
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's begin is the only one
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("lower", 1, _lower, deterministic=True)  # SQLite's own knows no letter beyond Z


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Yield a session whose changes are not kept."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """Yield a session of one transaction: all of its changes are kept, or, if anything is raised, none."""
    with Session(engine.execution_options(writes=True), expire_on_commit=False) as session, session.begin():
        yield session


def clock(session: Session) -> ColumnElement[float]:
    """Return the database's time, seconds since 1970, as an expression: all machines share one clock."""
    if session.get_bind().dialect.name == "sqlite":
        return (func.julianday("now") - 2440587.5) * 86400.0
    return literal_column("extract(epoch from clock_timestamp())", Float)


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to a revision; other processes that want the same wait.

    Raises DataError for a database that cannot be opened, or that a newer karyogram has made.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    try:
        with (
            as_file(files("karyogram.web.db") / "migrations") as scripts,
            engine.execution_options(writes=True).begin() as connection,
        ):
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATING})")
            config = Config()
            config.set_main_option("script_location", str(scripts).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except CommandError as error:
        raise DataError(f"the database is not of this karyogram, perhaps of a newer one: {error}") from error
    except OperationalError as error:
        raise DataError(f"the database cannot be opened: {str(error.orig).strip()}") from error

"""What a bench is told at its start."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from karyogram.errors import DataError

#: How PostgreSQL is named in a URL.
POSTGRES = ("postgresql://", "postgres://")
#: A shorter secret could be guessed.
SHORTEST_SECRET = 16


@dataclass(frozen=True, kw_only=True)
class Config:
    """Where a bench keeps its things and how much it takes on.

    ``data`` holds pictures and, unless ``database`` (a URL) says otherwise, the database. ``queue_limit`` analyses may wait,
    an upload has ``max_upload_mb``, a folder in it ``max_pictures``. A running analysis whose worker gives no sign of life for
    ``lease`` seconds is given to another, ``attempts`` times in all. ``public`` is true if others than this machine reach
    the bench: then people have to log in. ``immediate`` analyses in the request, for tests and single steps. ``proxy`` trusts
    the forwarding headers of one proxy. ``webhook_hosts`` are hosts that may be told of results; on a bench that is not
    public any may. ``webhook_secret_file`` holds what they share with the bench, to see that it is the bench that tells.
    """

    data: Path
    database: str = ""
    public: bool = False
    proxy: bool = False
    threads: int = 16
    queue_limit: int = 500
    max_upload_mb: int = 256
    max_pictures: int = 200
    lease: float = 20.0
    attempts: int = 3
    immediate: bool = False
    login_limit: str = "10 per minute"
    webhook_hosts: tuple[str, ...] = ()
    webhook_secret_file: Path | None = None

    def webhook_secret(self) -> bytes:
        """Return what webhooks are signed with, empty if they are not. Raises DataError for a file without a good secret."""
        if self.webhook_secret_file is None:
            return b""
        try:
            secret = self.webhook_secret_file.read_bytes().strip()
        except OSError as error:
            raise DataError(f"{self.webhook_secret_file}: cannot be read: {error.strerror or error}") from error
        if len(secret) < SHORTEST_SECRET:
            raise DataError(f"{self.webhook_secret_file}: a secret has {SHORTEST_SECRET} bytes or more")
        return secret

    @property
    def url(self) -> str:
        """The database's URL as SQLAlchemy wants it."""
        if not self.database:
            return f"sqlite:///{self.data.resolve() / 'bench.db'}"
        for scheme in POSTGRES:
            if self.database.startswith(scheme):
                return f"postgresql+psycopg://{self.database.removeprefix(scheme)}"
        if not self.database.startswith("sqlite:///"):
            raise DataError("the database is given as sqlite:///FILE or postgresql://USER@HOST/NAME")
        return self.database


def is_loopback(host: str) -> bool:
    """Return whether an address is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

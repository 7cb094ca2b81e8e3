"""What is kept: people, cases, metaphases, analyses; and every edit and action, rows that are never changed or deleted."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, String, Text, UniqueConstraint, false, true
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column, relationship

ROLES = ("read", "edit", "approve")
KINDS = ("constitutional", "acquired")
USES = ("karyogram", "counted", "excluded")
CASE_STATES = ("open", "reviewed", "approved", "locked")
STATES = ("queued", "running", "done", "failed")
WAITING = STATES[:2]
#: What becomes of an export whose file is kept no longer.
GONE = "gone"
#: What is kept of what the cells of a case add up to.
ADDED_UP = ("modal_number", "iscn", "clones", "findings", "cells", "structural", "warnings")


def now() -> datetime:
    """Return the time in UTC, without a zone, as it is kept."""
    return datetime.now(UTC).replace(tzinfo=None)


def iso(moment: datetime | None) -> str | None:
    """Return a kept time as ISO 8601 in UTC."""
    return None if moment is None else moment.isoformat(timespec="milliseconds") + "Z"


class Table(DeclarativeBase):
    """Base of all tables."""


class User(Table):
    """A person who logs in."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(10))
    active: Mapped[bool] = mapped_column(default=True, server_default=true())


class Token(Table):
    """What proves who asks: a browser's session (with ``csrf``, ends at ``expires``) or a program's token; its hash is kept."""

    __tablename__ = "tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    csrf: Mapped[str] = mapped_column(String(64), default="")
    created: Mapped[datetime] = mapped_column(DateTime, default=now)
    expires: Mapped[datetime | None] = mapped_column(DateTime)
    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Case(Table):
    """Metaphases of one person. ``version`` counts actions and metaphases, not edits; ``result`` is what they add up to."""

    __tablename__ = "cases"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(20), default=KINDS[0])
    state: Mapped[str] = mapped_column(String(10), default=CASE_STATES[0], index=True)
    archived: Mapped[bool] = mapped_column(default=False, server_default=false())
    version: Mapped[int] = mapped_column(default=1)
    created: Mapped[datetime] = mapped_column(DateTime, default=now)
    updated: Mapped[datetime] = mapped_column(DateTime, default=now, index=True)
    iscn: Mapped[str] = mapped_column(String(1000), default="")
    result: Mapped[dict[str, Any] | None] = deferred(mapped_column(JSON))
    metaphases: Mapped[list["Metaphase"]] = relationship(back_populates="case", order_by="Metaphase.id")


class Metaphase(Table):
    """One picture of a case. ``filename`` is what the person called it, ``stored`` its path in the data folder."""

    __tablename__ = "metaphases"
    __table_args__ = (UniqueConstraint("case_id", "sha256"), UniqueConstraint("case_id", "filename"))
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    filename: Mapped[str] = mapped_column(String(300))
    sha256: Mapped[str] = mapped_column(String(64))
    stored: Mapped[str] = mapped_column(String(100))
    width: Mapped[int]
    height: Mapped[int]
    use: Mapped[str] = mapped_column(String(10), default=USES[0])
    counted_number: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text, default="")
    case: Mapped[Case] = relationship(back_populates="metaphases")
    analyses: Mapped[list["Analysis"]] = relationship(back_populates="metaphase", order_by="Analysis.id")


class Analysis(Table):
    """One reading of a metaphase, the newest counts.

    ``karyotype`` is the JSON text as the machine read it, ``current`` the one after all edits; ``version`` is the number of
    its last edit. ``count`` to ``quality`` are told by ``current``. A worker that runs it counts ``attempts`` up and lets
    ``heartbeat`` (seconds since 1970, the database's clock) go on.
    """

    __tablename__ = "analyses"
    __table_args__ = (Index("ix_analyses_waiting", "state", "heartbeat"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    metaphase_id: Mapped[int] = mapped_column(ForeignKey("metaphases.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default=STATES[0])
    model: Mapped[str] = mapped_column(String(100))
    segmenter: Mapped[str] = mapped_column(String(100))
    error: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    heartbeat: Mapped[float] = mapped_column(default=0.0)
    created: Mapped[datetime] = mapped_column(DateTime, default=now)
    finished: Mapped[datetime | None] = mapped_column(DateTime)
    seconds: Mapped[float | None]
    version: Mapped[int] = mapped_column(default=0)
    count: Mapped[int | None]
    iscn: Mapped[str] = mapped_column(String(1000), default="")
    findings: Mapped[list[Any] | None] = mapped_column(JSON)
    review: Mapped[int | None]
    quality: Mapped[float | None]
    bands: Mapped[int | None]
    webhook: Mapped[str] = mapped_column(Text, default="")
    webhook_tries: Mapped[int] = mapped_column(default=0)
    karyotype: Mapped[str | None] = deferred(mapped_column(Text))
    current: Mapped[str | None] = deferred(mapped_column(Text))
    metaphase: Mapped[Metaphase] = relationship(back_populates="analyses")


class Edit(Table):
    """One edit: who, when, what, before and after. The number is the analysis's version that it made."""

    __tablename__ = "edits"
    __table_args__ = (UniqueConstraint("analysis_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    analysis_id: Mapped[int] = mapped_column(ForeignKey("analyses.id"))
    number: Mapped[int]
    user: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(DateTime, default=now)
    kind: Mapped[str] = mapped_column(String(20))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    before: Mapped[Any] = mapped_column(JSON)
    after: Mapped[Any] = mapped_column(JSON)


class Action(Table):
    """Something done to a case or one of its metaphases: who, when, what, before."""

    __tablename__ = "actions"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    user: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(DateTime, default=now)
    kind: Mapped[str] = mapped_column(String(20))
    what: Mapped[dict[str, Any]] = mapped_column(JSON)
    before: Mapped[dict[str, Any]] = mapped_column(JSON)


class Export(Table):
    """Training data that a worker packs into a file, which is kept for a while; the life of a row is that of an analysis.

    ``layout`` and ``signed`` are what was asked for, ``cells`` how many there were then, ``packed`` how many are done.
    """

    __tablename__ = "exports"
    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(String(100))
    layout: Mapped[str] = mapped_column(String(10))
    signed: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), default=STATES[0])
    cells: Mapped[int]
    packed: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    heartbeat: Mapped[float] = mapped_column(default=0.0)
    created: Mapped[datetime] = mapped_column(DateTime, default=now)
    finished: Mapped[datetime | None] = mapped_column(DateTime)

    @property
    def stored(self) -> str:
        """Where its file lies in the data folder, once it is done."""
        return f"exports/{self.id}.zip"


class Idempotency(Table):
    """A request that carried a key, and what it was answered, so that the same request again gets the same answer."""

    __tablename__ = "idempotency"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    user: Mapped[str] = mapped_column(String(100), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(default=0)
    response: Mapped[Any] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(DateTime, default=now)

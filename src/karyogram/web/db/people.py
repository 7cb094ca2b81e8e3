"""People, their passwords, and the tokens that prove who asks."""

import hashlib
import secrets
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from karyogram.web.db.tables import ROLES, Token, User, now
from karyogram.web.refusals import Conflict, Invalid, Missing

#: A browser's session ends so long after the login.
SESSION = timedelta(hours=12)
SHORTEST = 10

_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """Return a hash that no password has, so that an unknown name takes as long as a wrong password."""
    return _hasher.hash(secrets.token_hex())


def digest(secret: str) -> str:
    """Return what is kept of a token: its SHA-256, enough since the token is random."""
    return hashlib.sha256(secret.encode()).hexdigest()


def has_users(session: Session) -> bool:
    """Return whether anybody can log in."""
    return bool(session.scalar(select(func.count()).select_from(User).where(User.active)))


def find_user(session: Session, name: str) -> User:
    """Return a person. Raises Missing."""
    user = session.scalar(select(User).where(User.name == name))
    if user is None:
        raise Missing(f"there is no user {name!r}")
    return user


def add_user(session: Session, name: str, password: str, role: str) -> User:
    """Add a person. Raises Invalid for a short password, an empty name or an unknown role, Conflict for a name taken."""
    name = name.strip()
    if not name or len(name) > 100 or role not in ROLES:
        raise Invalid(f"a user has a name of up to 100 characters and a role: {', '.join(ROLES)}")
    if session.scalar(select(User.id).where(func.lower(User.name) == name.lower())):
        raise Conflict(f"there is a user {name!r} already")
    user = User(name=name, password_hash=_hash(password), role=role)
    session.add(user)
    session.flush()
    return user


def change_user(session: Session, name: str, *, password: str = "", role: str = "", active: bool | None = None) -> User:
    """Change what is given of a person; a new password, or leaving, ends all sessions and tokens. Raises Missing, Invalid."""
    user = find_user(session, name)
    if role:
        if role not in ROLES:
            raise Invalid(f"a role is one of {', '.join(ROLES)}")
        user.role = role
    if password:
        user.password_hash = _hash(password)
    if active is not None:
        user.active = active
    if password or active is False:
        session.execute(delete(Token).where(Token.user_id == user.id))
    return user


def _hash(password: str) -> str:
    if len(password) < SHORTEST:
        raise Invalid(f"a password has {SHORTEST} characters or more", field="password")
    return _hasher.hash(password)


def check_password(session: Session, name: str, password: str) -> User | None:
    """Return the person if name and password belong together, else None, in about the same time."""
    user = session.scalar(select(User).where(User.name == name, User.active))
    try:
        _hasher.verify(user.password_hash if user else _nobody(), password)
    except (VerificationError, InvalidHashError):
        return None
    if user and _hasher.check_needs_rehash(user.password_hash):
        user.password_hash = _hasher.hash(password)
    return user


def issue(session: Session, user: User, name: str, *, browser: bool = False) -> tuple[str, Token]:
    """Make a token for a program, or for a browser's session, and return its secret, told once, with its row."""
    secret = f"kg_{secrets.token_urlsafe(32)}"
    token = Token(user_id=user.id, hash=digest(secret), name=name[:100])
    if browser:
        token.csrf, token.expires = secrets.token_urlsafe(24), now() + SESSION
    session.add(token)
    session.flush()
    return secret, token


def find_token(session: Session, secret: str) -> Token | None:
    """Return the token with this secret, if it is still good and its person active."""
    good = or_(Token.expires.is_(None), Token.expires > now())
    return session.scalar(select(Token).join(User).where(Token.hash == digest(secret), good, User.active))


def tokens_of(session: Session, user_id: int) -> list[Token]:
    """Return a person's tokens for programs."""
    return list(session.scalars(select(Token).where(Token.user_id == user_id, Token.csrf == "").order_by(Token.id)))


def revoke(session: Session, user_id: int, token_id: int) -> None:
    """End one of a person's tokens. Raises Missing if it is none of theirs."""
    token = session.scalar(select(Token).where(Token.id == token_id, Token.user_id == user_id))
    if token is None:
        raise Missing(f"there is no token {token_id}")
    session.delete(token)


def drop_expired(session: Session) -> None:
    """Forget sessions that are over."""
    session.execute(delete(Token).where(Token.expires < now()))

"""Why a request is not served: each reason with its HTTP status. Raised anywhere in the bench, answered as JSON."""

from collections.abc import Mapping
from typing import Any


def error_body(code: str, reason: str, field: str = "", **more: Any) -> dict[str, Any]:
    """Return what every client is told that is not served, whoever refuses: the bench, Flask or the server."""
    return {"error": {"code": code, "reason": reason} | ({"field": field} if field else {}), **more}


class Refusal(Exception):  # noqa: N818  # a refusal is an answer, not an error of the bench
    """A request that is not served: ``status`` is HTTP's, ``code`` a word for programs, ``reason`` a sentence for people.

    ``more`` are further fields of the answer beside ``error``, ``field`` names what was wrong with the request.
    """

    status = 400
    code = "bad_request"

    def __init__(self, reason: str, *, field: str = "", headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(reason)
        self.reason, self.field, self.headers, self.more = reason, field, dict(headers or {}), more

    def body(self) -> dict[str, Any]:
        """Return what the client is told."""
        return error_body(self.code, self.reason, self.field, **self.more)


class LoginNeeded(Refusal):
    """Nobody has logged in."""

    status, code = 401, "login_needed"


class Forbidden(Refusal):
    """The person may not do this."""

    status, code = 403, "forbidden"


class Missing(Refusal):
    """There is no such thing."""

    status, code = 404, "not_found"


class Conflict(Refusal):
    """Somebody else was faster: the version is not the current one, or the thing is in another state."""

    status, code = 409, "conflict"


class TooLarge(Refusal):
    """More bytes or pixels than the bench takes."""

    status, code = 413, "too_large"


class NotAPicture(Refusal):
    """A file that is no picture karyogram reads."""

    status, code = 415, "not_a_picture"


class Invalid(Refusal):
    """The request is understood and makes no sense."""

    status, code = 422, "invalid"


class Locked(Refusal):
    """The case is approved or locked; it has to be reopened first."""

    status, code = 423, "locked"


class Busy(Refusal):
    """The bench has more to do than it takes on; the header Retry-After says when to come again."""

    status, code = 503, "busy"

    def __init__(self, reason: str, seconds: int = 10) -> None:
        super().__init__(reason, headers={"Retry-After": str(seconds)})


#: The code of what Flask or the server refuses, by HTTP status.
CODES = {kind.status: kind.code for kind in (Refusal, LoginNeeded, Forbidden, Missing, TooLarge, Invalid)} | {
    405: "method_not_allowed",
    415: "unsupported_media_type",
    429: "too_many_requests",
    500: "internal",
}

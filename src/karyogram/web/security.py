"""What every answer tells the browser to refuse: scripts of others, frames, guesses."""

from flask import Flask, request
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.wrappers import Response

POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; script-src 'self'; style-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

#: What comes with files, which go through the disk.
FORM = "multipart/form-data"
#: What a request may hold.
MEDIA = ("application/json", FORM, "application/x-www-form-urlencoded")
#: Bytes of a request without files: all of it is in memory at once.
MAX_BYTES = 4 * 2**20

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def protect(app: Flask) -> None:
    """Add the headers to every answer of an application, and take nothing but JSON and forms, within bounds."""
    app.before_request(_check_media)
    app.after_request(_add_headers)


def _check_media() -> None:
    if request.mimetype and request.mimetype not in MEDIA:
        raise UnsupportedMediaType(f"{request.mimetype[:100]} is not taken: send JSON, or a form with files")
    if request.mimetype != FORM:
        request.max_content_length = MAX_BYTES


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "Cache-Control" not in response.headers:  # what concerns people stays out of shared caches and off disks
        response.headers["Cache-Control"] = "no-store"
    return response

"""The application: the API, the pages, and what holds for every request."""

import importlib
import logging
import os
import secrets
import tempfile
from pathlib import Path

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Blueprint
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from karyogram.errors import KaryogramError
from karyogram.web import metrics, people, security
from karyogram.web.api.people import limiter
from karyogram.web.bench import open_bench
from karyogram.web.config import Config
from karyogram.web.description import describe
from karyogram.web.refusals import CODES, Busy, Invalid, Refusal, error_body
from karyogram.web.worker import take_up

log = logging.getLogger("karyogram.web")

#: Modules with a blueprint, each in a variable named after its module, and where it is served.
ROOMS = {
    "karyogram.web.api.health": "",
    "karyogram.web.api.classify": "",
    "karyogram.web.api.reference": "",
    "karyogram.web.api.people": "/api/v1",
    "karyogram.web.api.cases": "/api/v1",
    "karyogram.web.api.analyses": "/api/v1",
    "karyogram.web.api.metaphases": "/api/v1",
    "karyogram.web.api.edits": "/api/v1",
    "karyogram.web.api.exports": "/api/v1",
    "karyogram.web.api.pictures": "/api/v1",
    "karyogram.web.pages": "",
}


def create_app(config: Config) -> APIFlask:
    """Return the application of a bench; its database is opened and brought to today's shape.

    Raises DataError for a database that is named in a way karyogram does not know.
    """
    app = APIFlask("karyogram.web", title="karyogram", version="1", docs_path=None, static_folder=None)  # type: ignore[arg-type]
    app.extensions["karyogram"] = bench = open_bench(config)
    if config.immediate:
        take_up(bench)
    app.secret_key = _secret(config.data / "secret.key")
    app.config |= {
        "MAX_CONTENT_LENGTH": config.max_upload_mb * 2**20,
        "MAX_FORM_MEMORY_SIZE": 2**20,
        "MAX_FORM_PARTS": 1000,
        "SESSION_COOKIE_NAME": "karyogram",
        "SESSION_COOKIE_SAMESITE": "Strict",
        "SESSION_COOKIE_HTTPONLY": True,
        "RATELIMIT_STORAGE_URI": "memory://",
        "VALIDATION_ERROR_STATUS_CODE": 422,
    }
    if config.proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
        app.config["SESSION_COOKIE_SECURE"] = True
    limiter.init_app(app)
    metrics.measure(app)
    people.guard(app)
    security.protect(app)
    describe(app)
    _answer_errors(app)
    for module, prefix in ROOMS.items():
        blueprint: Blueprint = getattr(importlib.import_module(module), module.rsplit(".", 1)[1])
        app.register_blueprint(blueprint, url_prefix=prefix or None)
    return app


def _secret(path: Path) -> str:
    """Return the key that signs cookies, made at the first start, readable by nobody else."""
    if not path.exists():
        handle, made = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
        Path(made).replace(path)
    return path.read_text("utf-8")


def _answer_errors(app: APIFlask) -> None:
    """Answer every error as JSON with a reason and the right status."""

    @app.errorhandler(Refusal)
    def refuse(error: Refusal) -> tuple[dict[str, object], int, dict[str, str]]:
        return error.body(), error.status, error.headers

    @app.errorhandler(KaryogramError)
    def unusable(error: KaryogramError) -> tuple[dict[str, object], int, dict[str, str]]:
        return refuse(Invalid(str(error)))

    @app.error_processor
    def invalid(error: HTTPError) -> tuple[dict[str, object], int, dict[str, str]]:
        return _named(error.status_code, _first_reason(error)), error.status_code, {}

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> tuple[dict[str, object], int, dict[str, str]]:
        response = error.get_response()
        kept = {name: value for name, value in response.headers if name in ("Allow", "Retry-After", "Location")}
        return _named(error.code or 500, error.description or ""), error.code or 500, kept

    @app.errorhandler(exc.OperationalError)
    @app.errorhandler(exc.TimeoutError)
    def away(error: Exception) -> tuple[dict[str, object], int, dict[str, str]]:
        log.error("the database is away or busy", extra={"error": type(error).__name__})
        return refuse(Busy("the database is away or busy"))

    @app.errorhandler(exc.DataError)
    @app.errorhandler(UnicodeEncodeError)
    def unkeepable(error: Exception) -> tuple[dict[str, object], int, dict[str, str]]:
        log.info("a text that cannot be kept", extra={"error": type(error).__name__})
        return refuse(Invalid("a text that no database can hold"))

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> tuple[dict[str, object], int]:
        log.error("unforeseen", exc_info=error)
        return _named(500, "something went wrong on the server; its log says where"), 500


def _named(status: int, reason: str) -> dict[str, object]:
    return error_body(CODES.get(status, "error"), reason)


def _first_reason(error: HTTPError) -> str:
    """Return a validation error as one sentence: place, field, what is wrong."""
    reason: object = error.detail or error.message
    path: list[str] = []
    while isinstance(reason, dict) and reason:
        key, reason = next(iter(reason.items()))
        path.append(str(key))
    if isinstance(reason, list) and reason:
        reason = reason[0]
    return f"{'.'.join(path)}: {reason}" if path else str(reason or error.message)

"""Whether the bench lives, whether it can work, and what is measured of it."""

from apiflask import APIBlueprint
from flask import Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from karyogram.web import models
from karyogram.web.bench import bench
from karyogram.web.db import reading
from karyogram.web.people import anyone

health = APIBlueprint("health", __name__, tag="running")


@health.get("/healthz")
@health.doc(summary="Whether the server answers")
@anyone
def healthz() -> dict[str, str]:
    """Answer as long as the process lives."""
    return {"status": "ok"}


@health.get("/readyz")
@health.doc(summary="Whether database and models are there")
@anyone
def readyz() -> dict[str, str]:
    """Answer if the database and the default model can be used; 503 otherwise."""
    with reading(bench().engine) as session:
        session.execute(text("SELECT 1"))
    models.check_model(bench().config, models.DEFAULT)
    return {"status": "ready"}


@health.get("/metrics")
@health.doc(summary="Figures for Prometheus")
def metrics() -> Response:
    """Return the figures of :mod:`karyogram.web.metrics` as text; on a bench with users a token is needed."""
    return Response(generate_latest(current_app.extensions["karyogram.metrics"]), content_type=CONTENT_TYPE_LATEST)

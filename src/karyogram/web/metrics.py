"""What is measured of a running bench, for Prometheus."""

import logging
import time
from collections.abc import Iterator

from flask import Flask, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from karyogram.web.bench import Bench
from karyogram.web.db import analyses, reading
from karyogram.web.db.tables import Analysis

log = logging.getLogger("karyogram.web")

#: Methods that are counted by name: whoever invents others must not fill the memory.
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


class _Analyses(Collector):
    """Analyses by state, and the time those that are done took, read from the database when asked."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def collect(self) -> Iterator[Metric]:
        """Yield the figures of now."""
        with reading(self.bench.engine) as session:
            states = analyses.numbers(session)
            done, seconds = session.execute(select(func.count(Analysis.seconds), func.sum(Analysis.seconds))).one()
        family = GaugeMetricFamily("karyogram_analyses", "Analyses in each state.", labels=["state"])
        for state, number in states.items():
            family.add_metric([state], number)
        yield family
        yield GaugeMetricFamily("karyogram_queue_limit", "Analyses that may wait.", value=self.bench.config.queue_limit)
        yield GaugeMetricFamily("karyogram_analysis_seconds_sum", "Seconds of analysis, all done ones.", value=seconds or 0.0)
        yield GaugeMetricFamily("karyogram_analysis_seconds_count", "Analyses done.", value=done)


def measure(app: Flask) -> None:
    """Count and time every request of an application, and write a line of log for each: its rule, never its values."""
    registry = CollectorRegistry()
    registry.register(_Analyses(app.extensions["karyogram"]))
    app.extensions["karyogram.metrics"] = registry
    labels = ("method", "rule")
    answers = Counter("karyogram_requests", "Requests answered.", (*labels, "status"), registry=registry)
    seconds = Histogram("karyogram_request_seconds", "Seconds until an answer began.", labels, registry=registry)

    @app.before_request
    def start() -> None:
        g.start = time.perf_counter()

    @app.after_request
    def note(response: Response) -> Response:
        method = request.method if request.method in METHODS else "other"
        rule = request.url_rule.rule if request.url_rule else "none"
        spent = time.perf_counter() - g.get("start", time.perf_counter())
        answers.labels(method, rule, str(response.status_code)).inc()
        seconds.labels(method, rule).observe(spent)
        who = g.person.id if g.get("person") else None
        told = {"method": method, "rule": rule, "status": response.status_code, "ms": round(1000 * spent, 1), "user": who}
        log.info("request", extra=told)
        return response

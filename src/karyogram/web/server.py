"""Serve a bench: waitress for the pages and the API, a child process for the workers, both stopped in good order."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

from karyogram.errors import DataError
from karyogram.web.api.events import closing
from karyogram.web.app import create_app
from karyogram.web.bench import open_bench
from karyogram.web.config import Config
from karyogram.web.db import reading
from karyogram.web.db.people import has_users
from karyogram.web.refusals import CODES, Refusal, error_body
from karyogram.web.worker import GRACE

log = logging.getLogger("karyogram.server")

#: Bytes beyond the largest upload that are still read, so that the application can answer them.
SLACK = 2**20
#: Clients that may be connected at a time; more wait in the system's queue.
CLIENTS = 200


def check_users(config: Config) -> None:
    """Raise DataError if a bench that others can reach has no users."""
    if not config.public:
        return
    bench = open_bench(config)
    with reading(bench.engine) as session:
        users = has_users(session)
    bench.engine.dispose()
    if not users:
        raise DataError(
            "a bench that other machines can reach needs users: karyogram serve users add NAME --role approve "
            "(with the same --data and --database), or serve on 127.0.0.1"
        )


def run_server(
    config: Config, host: str, port: int, workers: int, command: Sequence[str], ready: Callable[[int], object] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, then answer what was asked and let the workers finish.

    ``command`` is what starts the workers, a program and its arguments; with 0 ``workers`` none is started. ``ready`` is
    called with the port as soon as clients may connect. Raises DataError as :func:`check_users` does, and if the address
    cannot be had.
    """
    check_users(config)
    server = listen(config, host, port)
    if ready:
        ready(int(server.effective_port))
    crew = Crew(command) if workers else None
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    log.info("serving", extra={"host": host, "port": server.effective_port, "workers": workers, "public": config.public})
    try:
        server.run()  # ends by SystemExit, after the requests at hand
    finally:
        server.close()
        if crew:
            crew.stop()
        log.info("stopped")


def listen(config: Config, host: str, port: int) -> BaseWSGIServer:
    """Return a server bound to an address. Raises DataError if it cannot be had."""
    limit = config.max_upload_mb * 2**20 + SLACK
    try:
        server: BaseWSGIServer = create_server(
            create_app(config),
            host=host,
            port=port,
            threads=config.threads,
            connection_limit=CLIENTS,
            max_request_body_size=limit,
            channel_timeout=60,
            ident=None,
        )
    except OSError as error:
        raise DataError(f"{host}:{port}: cannot be served: {error.strerror or error}") from error
    server.channel_class = JsonChannel
    return server


class JsonError(ErrorTask):
    """Waitress's own refusals (a request it cannot read, or one too large) as JSON, like all others."""

    def execute(self) -> None:
        """Answer and close."""
        error = self.request.error
        body = json.dumps(error_body(CODES.get(error.code, Refusal.code), error.reason)).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Length", str(len(body))))
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class JsonChannel(HTTPChannel):
    """A connection whose own refusals are JSON."""

    error_task_class = JsonError


def _stop(signum: int, _: FrameType | None) -> None:
    closing.set()
    raise SystemExit(0)


class Crew:
    """The child process that runs the workers; it is started again if it dies."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command, self.over = [*command, "--parent", str(os.getpid())], threading.Event()
        self.process = self._start()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self.over.wait(1.0):
            if self.process.poll() is not None and not self.over.is_set():
                log.error("workers died, starting again", extra={"status": self.process.returncode})
                self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.command)  # noqa: S603  # this program, with options of our own

    def stop(self) -> None:
        """Tell the workers to finish what they do, and wait."""
        self.over.set()
        self.process.terminate()
        try:
            self.process.wait(GRACE + 10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def worker_command(arguments: Sequence[str]) -> list[str]:
    """Return the command that runs workers with these options of ``karyogram serve``."""
    return [sys.executable, "-m", "karyogram.web", *arguments, "--workers-only"]

"""Containerfile and compose.yaml fit together and fit `karyogram serve`: paths, ports, users, variables, command lines."""

import json
import re
import shlex
from urllib.parse import urlsplit

import pytest
import yaml
from click.testing import CliRunner

from blocks import ROOT
from karyogram.cli import main
from karyogram.web import create_app
from karyogram.web.cli import serve
from karyogram.web.config import Config
from karyogram.web.worker import GRACE

TEXT = (ROOT / "compose.yaml").read_text("utf-8")
HEAD = [line.removeprefix("#").strip() for line in TEXT.splitlines() if line.startswith("#")]
VARIABLE, SECRET = re.compile(r"\$\{(\w+)(?::\?[^}]*)?\}"), "5ecret"
SERVICES = yaml.safe_load(VARIABLE.sub(SECRET, TEXT))["services"]
VOLUMES = yaml.safe_load(TEXT)["volumes"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
PORT = next(option.default for option in serve.params if option.name == "port")


@pytest.fixture(scope="module")
def image():
    """The instructions of the Containerfile that all services of ours name: {word: what follows each}."""
    (named,) = {(SERVICES[name]["build"]["context"], SERVICES[name]["build"]["dockerfile"]) for name in OURS}
    found = {}
    for line in (ROOT / named[0] / named[1]).read_text("utf-8").splitlines():
        word, _, rest = line.partition(" ")
        found.setdefault(word, []).append(rest)
    return found


@pytest.fixture
def start(image, monkeypatch):
    """Give a command to a service's container, as far as `karyogram` is asked to serve, work or change users."""
    asked = []
    monkeypatch.setattr("karyogram.web.server.run_server", lambda *given: asked.append(("serve", *given)))
    monkeypatch.setattr("karyogram.web.worker.run_workers", lambda *given: asked.append(("work", *given)))
    monkeypatch.setattr("karyogram.web.logs.start_log", lambda _: None)
    monkeypatch.setattr("karyogram.web.cli._change", lambda config, _: asked.append(("users", config)))

    def run(name, command):
        program, *entry = json.loads(image["ENTRYPOINT"][0])
        assert program == "karyogram"
        done = CliRunner().invoke(main, [*entry, *command], env=SERVICES[name]["environment"])
        assert done.exit_code == 0, done.output
        return asked.pop()

    return run


def test_each_service_is_started_by_a_command_that_karyogram_takes(start):
    told = {name: start(name, SERVICES[name]["command"]) for name in OURS}
    assert {name: what for name, (what, *_) in told.items()} == {"bench": "serve", "workers": "work"}
    database = SERVICES["database"]["environment"]
    for _, config, *_ in told.values():
        url = urlsplit(config.url)
        assert (url.scheme, url.hostname, url.password) == ("postgresql+psycopg", "database", SECRET)
        assert url.username == url.path[1:] == database["POSTGRES_USER"] == SERVICES["database"]["healthcheck"]["test"][-1]
        assert database["POSTGRES_PASSWORD"] == SECRET
    _, config, host, port, *_ = told["bench"]
    assert (config.public, host) == (True, "0.0.0.0"), "reached from outside of its container, so people log in"
    assert SERVICES["bench"]["ports"] == [f"127.0.0.1:{port}:{PORT}"]
    options = {f"KARYOGRAM_SERVE_{option.name.upper()}" for option in serve.params}
    assert {key for name in OURS for key in SERVICES[name]["environment"]} <= options


def test_the_image_alone_serves_too(image, start):
    what, config, host, port, *_ = start("bench", json.loads(image["CMD"][0]))
    assert (what, config.public, host, port) == ("serve", True, "0.0.0.0", PORT)


def test_paths_and_ports_are_the_same_everywhere(image, tmp_path):
    for files in image["COPY"]:
        assert [name for name in files.split()[:-1] if not (ROOT / name).exists()] == []
    entry = json.loads(image["ENTRYPOINT"][0])
    (data,) = image["VOLUME"]
    assert entry[entry.index("--data") + 1] == data
    assert [mount for name in OURS for mount in SERVICES[name]["volumes"]] == [f"data:{data}"] * len(OURS)
    mounted = {mount.partition(":")[0] for service in SERVICES.values() for mount in service["volumes"]}
    assert mounted == set(VOLUMES)
    (asked,) = re.findall(r"http://[^']+", " ".join(image["HEALTHCHECK"]))
    assert [urlsplit(asked).port] == [int(port) for port in image["EXPOSE"]] == [PORT]
    assert create_app(Config(data=tmp_path)).test_client().get(urlsplit(asked).path).status_code == 200


def test_services_wait_for_what_they_need_and_have_time_to_stop():
    for name in OURS:
        for other, how in SERVICES[name]["depends_on"].items():
            assert how == {"condition": "service_healthy"}
            assert "test" in SERVICES[other]["healthcheck"]
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > GRACE + 10, "the server waits for its workers"


def test_the_steps_at_the_top_are_those_that_start_it(start):
    variables = set(VARIABLE.findall(TEXT))
    assert variables == {line.split()[1].partition("=")[0] for line in HEAD if line.startswith("echo ")}
    composed = [shlex.split(line) for line in HEAD if line.startswith("docker compose ")]
    for _, _, verb, *words in composed:
        if verb == "run":
            _, name, *command = words
            assert start(name, command)[0] == "users"
        else:
            assert (verb, words[-1].partition("=")[0]) == ("up", "workers")
    assert [words[2] for words in composed] == ["run", "up"]
    start("bench", [*SERVICES["bench"]["command"], "--proxy"])

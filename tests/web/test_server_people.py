"""Who may do what on a bench that others can reach."""

import io
import re

import pytest
from click.testing import CliRunner
from served import API, read_at_once, serve

from karyogram.errors import DataError
from karyogram.web.cli import serve as command
from karyogram.web.config import Config, is_loopback
from karyogram.web.db import writing
from karyogram.web.db.people import add_user, change_user
from karyogram.web.db.tables import Token, now
from karyogram.web.server import check_users

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        read_at_once(patch)
        served = serve(tmp_path_factory.mktemp("bench"), public=True, login_limit="4 per minute")
        with writing(served.bench.engine) as session:
            for role in ("read", "edit", "approve"):
                add_user(session, role, PASSWORD, role)
        yield served


@pytest.fixture
def client(bench):
    return bench.app.test_client()


def log_in(bench, client, name, password=PASSWORD):
    from karyogram.web.api.people import limiter

    limiter.reset()
    return client.post(f"{API}/login", json={"name": name, "password": password})


def test_strangers_see_health_docs_and_the_login_page_only(bench, client):
    assert client.get("/healthz").status_code == 200
    assert client.get("/docs").status_code == 200
    assert client.get("/login").status_code == 200
    for path in ("/api/v1/cases", "/api/v1/me", "/metrics", "/api/v1/analyses/1", "/api/v1/models"):
        refused = client.get(path)
        assert (refused.status_code, refused.json["error"]["code"]) == (401, "login_needed"), path
    assert client.post("/getChromosome/").status_code == 401
    sent = client.get("/")
    assert (sent.status_code, sent.headers["Location"]) == (302, "/login")


def test_every_view_but_a_few_asks_who_it_is(bench, client):
    open_ones = {"/healthz", "/readyz", "/docs", "/openapi.json", "/login"}
    for rule in bench.app.url_map.iter_rules():
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        if "GET" in rule.methods and rule.rule not in open_ones and not rule.endpoint.endswith(".static"):
            assert client.get(path).status_code in (302, 401), rule.rule


def test_a_session_needs_its_csrf_token_for_changes(bench, client):
    csrf = log_in(bench, client, "edit").json["csrf"]
    assert client.get(f"{API}/me").json == {"name": "edit", "role": "edit", "csrf": csrf, "open": False}
    assert client.post(f"{API}/cases", json={"name": "a"}).json["error"]["field"] == "X-CSRF-Token"
    assert client.post(f"{API}/cases", json={"name": "a"}, headers={"X-CSRF-Token": csrf}).status_code == 201
    assert client.post(f"{API}/logout", headers={"X-CSRF-Token": csrf}).status_code == 200
    assert client.get(f"{API}/me").status_code == 401


def test_the_cookie_is_kept_from_scripts_and_other_sites(bench, client):
    cookie = log_in(bench, client, "read").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_roles_read_edit_approve(bench, client):
    def try_all(name):
        csrf = {"X-CSRF-Token": log_in(bench, client, name).json["csrf"]}
        made = client.post(f"{API}/cases", json={"name": f"of {name}"}, headers=csrf)
        case = client.get(f"{API}/cases").json["items"][0]
        action = {"kind": "approve", "version": case["version"]}
        approved = client.post(f"{API}/cases/{case['id']}/actions", json=action, headers=csrf)
        return made.status_code, approved.status_code

    assert try_all("edit") == (201, 403)
    assert try_all("read") == (403, 403)
    assert try_all("approve") == (201, 200)


def test_a_program_uses_a_token_until_it_is_ended(bench, client):
    csrf = {"X-CSRF-Token": log_in(bench, client, "edit").json["csrf"]}
    made = client.post(f"{API}/tokens", json={"name": "script"}, headers=csrf).json
    program, bearer = bench.app.test_client(), {"Authorization": f"Bearer {made['token']}"}
    assert program.post(f"{API}/cases", json={"name": "by program"}, headers=bearer).status_code == 201
    assert program.get("/metrics", headers=bearer).status_code == 200
    assert made["token"] not in client.get(f"{API}/tokens").get_data(as_text=True)
    assert client.delete(f"{API}/tokens/{made['id']}", headers=csrf).status_code == 200
    assert program.get(f"{API}/me", headers=bearer).status_code == 401


def test_a_sessions_secret_is_no_token(bench, client):
    log_in(bench, client, "edit")
    with client.session_transaction() as session:
        secret = session["token"]
    assert bench.app.test_client().get(f"{API}/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_sessions_end_by_time_and_with_a_new_password(bench, client):
    with writing(bench.bench.engine) as session:
        add_user(session, "leaver", PASSWORD, "edit")
    log_in(bench, client, "leaver")
    with writing(bench.bench.engine) as session:
        session.query(Token).filter(Token.user.has(name="leaver")).update({"expires": now()})
    assert client.get(f"{API}/me").status_code == 401
    log_in(bench, client, "leaver")
    with writing(bench.bench.engine) as session:
        change_user(session, "leaver", password="another horse")
    assert client.get(f"{API}/me").status_code == 401
    with writing(bench.bench.engine) as session:
        change_user(session, "leaver", active=False)
    assert log_in(bench, client, "leaver", "another horse").status_code == 401


def test_guessing_is_slowed_down(bench, client):
    log_in(bench, client, "edit", "wrong")
    statuses = [client.post(f"{API}/login", json={"name": "edit", "password": "wrong"}).status_code for _ in range(4)]
    refused = client.post(f"{API}/login", json={"name": "edit", "password": PASSWORD})
    assert statuses == [401, 401, 401, 429]
    assert (refused.status_code, refused.json["error"]["code"]) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) > 0


def test_a_bench_with_users_names_the_hosts_it_may_tell(bench, client):
    csrf = {"X-CSRF-Token": log_in(bench, client, "edit").json["csrf"]}
    form = {"webhook": "http://169.254.169.254/", "image": (io.BytesIO(b"x"), "a.png")}
    assert client.post(f"{API}/analyses", data=form, headers=csrf).json["error"]["field"] == "webhook"


def test_no_other_address_is_served_without_users(tmp_path):
    with pytest.raises(DataError, match="needs users"):
        check_users(Config(data=tmp_path, public=True))
    check_users(Config(data=tmp_path))
    run = CliRunner().invoke(command, ["--host", "0.0.0.0", "--data", str(tmp_path), "--no-browser"])
    assert run.exit_code != 0
    assert "needs users" in str(run.exception) + run.output


HOSTS = {"127.0.0.1": True, "::1": True, "localhost": True, "0.0.0.0": False, "lab": False}


@pytest.mark.parametrize(("host", "own"), HOSTS.items())
def test_what_only_this_machine_reaches(host, own):
    assert is_loopback(host) is own


def test_users_are_added_changed_and_listed_by_the_command_line(tmp_path):
    def run(*arguments, given=""):
        return CliRunner().invoke(command, ["--data", str(tmp_path), "users", *arguments], input=given)

    assert "10 characters" in run("add", "Ann", given="short\n").output
    assert run("add", "Ann", "--role", "approve", given=f"{PASSWORD}\n").exit_code == 0
    assert "already" in run("add", "ann", given=f"{PASSWORD}\n").output
    assert run("change", "Ann", "--role", "read", "--inactive").exit_code == 0
    assert run("list").output == "Ann: read, inactive\n"


def test_a_bench_on_loopback_with_users_asks_too(tmp_path):
    served = serve(tmp_path)
    assert served.get("/me")["open"] is True
    with writing(served.bench.engine) as session:
        add_user(session, "Ann", PASSWORD, "edit")
    assert served.get("/me", 401)["error"]["code"] == "login_needed"

"""`karyogram serve`: the review bench, its workers, its users."""

import sys
import threading
from pathlib import Path
from typing import Any

import click

#: Where a bench keeps its things unless told otherwise.
HOME = Path(click.get_app_dir("karyogram")) / "bench"


@click.group(invoke_without_command=True, context_settings={"auto_envvar_prefix": "KARYOGRAM_SERVE"})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on; any but this machine's needs users.")
@click.option("--port", default=8046, show_default=True, type=click.IntRange(0, 65535), help="0: any that is free.")
@click.option("--no-browser", is_flag=True, help="Do not open the page in a browser.")
@click.option("--data", default=HOME, show_default=True, type=click.Path(path_type=Path, file_okay=False), help="Folder.")
@click.option("--database", default="", metavar="URL", help="postgresql://... or sqlite:///FILE; else bench.db in the folder.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(0, 64), help="Analyses at a time on this machine.")
@click.option("--workers-only", is_flag=True, help="Serve no page: work for a bench with the same database and folder.")
@click.option("--queue", "queue_limit", default=500, show_default=True, type=click.IntRange(1), help="Analyses that may wait.")
@click.option("--max-upload", "max_upload_mb", default=256, show_default=True, type=click.IntRange(1), help="MB of one upload.")
@click.option("--threads", default=16, show_default=True, type=click.IntRange(2, 128), help="Requests answered at a time.")
@click.option(
    "--lease", default=20.0, show_default=True, type=click.FloatRange(1.0), help="Seconds a silent worker keeps its analysis."
)
@click.option(
    "--proxy", is_flag=True, help="A proxy in front ends TLS: trust its X-Forwarded headers, and log in over https only."
)
@click.option(
    "--webhook-host", "webhook_hosts", multiple=True, help="A host that may be told of results; for benches with users."
)
@click.option(
    "--webhook-secret-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File whose content, 16 bytes or more, webhooks are signed with.",
)
@click.option("--log", "level", default="info", show_default=True, type=click.Choice(["debug", "info", "warning"]))
@click.option("--parent", type=int, hidden=True, help="The process whose workers these are.")
@click.pass_context
def serve(
    ctx: click.Context,
    host: str,
    port: int,
    no_browser: bool,
    workers: int,
    workers_only: bool,
    level: str,
    parent: int | None,
    **settings: Any,
) -> None:
    """Serve the review bench: a page to correct and sign karyograms, and its API.

    On 127.0.0.1 it just opens. Any other address demands users, see `karyogram serve users add --help`. Every option can be
    given as an environment variable, KARYOGRAM_SERVE_DATABASE and so on.
    """
    from karyogram.web.config import Config, is_loopback

    ctx.obj = config = Config(public=not is_loopback(host), **settings)
    config.webhook_secret()  # a bad one is told before anything starts
    if ctx.invoked_subcommand is not None:
        return
    from karyogram.web.logs import start_log

    start_log(level)
    if workers_only:
        from karyogram.web.worker import run_workers

        run_workers(config, workers, parent)
        return
    from karyogram.web.server import run_server, worker_command

    name = f"[{host}]" if ":" in host else host

    def browse(bound: int) -> None:
        threading.Thread(target=click.launch, args=[f"http://{name}:{bound}/"], daemon=True).start()

    run_server(config, host, port, workers, worker_command(_options(config, workers, level)), None if no_browser else browse)


def _options(config: Any, workers: int, level: str) -> list[str]:
    """Return the options that the workers of a bench share with it."""
    told = {"--data": config.data, "--workers": workers, "--lease": config.lease, "--log": level}
    if config.database:
        told["--database"] = config.database
    if config.webhook_secret_file:
        told["--webhook-secret-file"] = config.webhook_secret_file
    hosts = [part for host in config.webhook_hosts for part in ("--webhook-host", host)]
    return [*(str(part) for pair in told.items() for part in pair), *hosts]


@serve.group()
def users() -> None:
    """Who may log in. A password is asked for, or read from standard input if that is no terminal."""


ROLE = click.option("--role", type=click.Choice(["read", "edit", "approve"]), help="What the person may do.")


@users.command()
@click.argument("name")
@ROLE
@click.pass_obj
def add(config: Any, name: str, role: str | None) -> None:
    """Add the user NAME, to edit unless --role says otherwise."""
    from karyogram.web.db.people import add_user

    _change(config, lambda session: add_user(session, name, _password(), role or "edit"))
    click.echo(f"{name} may {role or 'edit'}")


@users.command()
@click.argument("name")
@ROLE
@click.option("--password", is_flag=True, help="Ask for a new password; all sessions and tokens end.")
@click.option("--active/--inactive", default=None, help="Whether the person may log in.")
@click.pass_obj
def change(config: Any, name: str, role: str | None, password: bool, active: bool | None) -> None:
    """Change role or password of the user NAME, or let them in no more."""
    from karyogram.web.db.people import change_user

    new = _password() if password else ""
    _change(config, lambda session: change_user(session, name, password=new, role=role or "", active=active))
    click.echo(f"{name} is changed")


@users.command("list")
@click.pass_obj
def listed(config: Any) -> None:
    """List the users with their roles."""
    from sqlalchemy import select

    from karyogram.web.db.tables import User

    for user in _change(config, lambda session: list(session.scalars(select(User).order_by(User.name)))):
        click.echo(f"{user.name}: {user.role}{'' if user.active else ', inactive'}")


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


def _change(config: Any, change: Any) -> Any:
    from karyogram.web.bench import open_bench
    from karyogram.web.db import writing
    from karyogram.web.refusals import Refusal

    bench = open_bench(config)
    try:
        with writing(bench.engine) as session:
            return change(session)
    except Refusal as refusal:
        raise click.ClickException(refusal.reason) from refusal
    finally:
        bench.engine.dispose()

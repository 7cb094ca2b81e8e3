"""Fixtures of the server's tests."""

import pytest

pytest.importorskip("flask")

from edited import open_app
from served import POSTGRES, fresh_postgres, read_at_once, serve


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=POSTGRES)])
def bench(request, tmp_path_factory):
    """A bench on either database, with a reader that takes no time."""
    data = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        read_at_once(patch)
        if request.param == "sqlite":
            yield serve(data)
            return
        with fresh_postgres() as url:
            served = serve(data, database=url)
            yield served
            served.bench.queue.huey.storage.close()
            served.bench.engine.dispose()


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The application of a bench for edits."""
    return open_app(tmp_path_factory.mktemp("bench"))


@pytest.fixture
def client(app):
    return app.test_client()

import pytest
from support.object_storage import KEYS, Server, needed


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    needed()
    made = Server(tmp_path_factory.mktemp("s3"))
    yield made
    made.stop()


@pytest.fixture
def s3(server, monkeypatch):
    """The server, and an environment that leads to it."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": server.url, "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    return server

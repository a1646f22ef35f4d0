"""The server: TLS where it is told to, and sentences where it cannot listen."""

import ssl
import threading
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from api.server import PortError, listen, serve
from api.settings import ApiSettings
from runtime.lifecycle import Running
from tests.api.conftest import Api
from tests.herd.deployed_kafka import make_secrets


@pytest.mark.services
def test_over_tls_it_answers_whoever_trusts_its_certificate(api: Api, tmp_path: Path) -> None:
    """In a deployment tokens never cross the network in the clear."""
    secrets = make_secrets(tmp_path / "secrets")
    settings = ApiSettings(
        tls_certificate_file=secrets / "api.crt", tls_key_file=secrets / "api.key"
    )
    running, up = Running(), threading.Event()
    running._ready = up.set
    with listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=serve, args=(api.app, settings, running, listener))
        thread.start()
        assert up.wait(20)
        trusted = ssl.create_default_context(cafile=secrets / "ca.crt")
        address = f"https://localhost:{listener.getsockname()[1]}/health/live"

        answer = httpx.get(address, verify=trusted)
        with pytest.raises(httpx.ConnectError):
            httpx.get(address)
        running.stop()
        thread.join(20)

    assert answer.status_code == 200


def test_a_certificate_without_its_key_is_refused() -> None:
    """Else it would be plain HTTP, and nobody would notice."""
    with pytest.raises(ValidationError, match="belong together"):
        ApiSettings(tls_certificate_file=Path("api.crt"))


def test_a_port_that_is_taken_is_told_in_a_sentence() -> None:
    """The first thing that goes wrong on a laptop."""
    with listen("127.0.0.1", 0) as taken, pytest.raises(PortError, match="HERD_API_PORT"):
        listen("127.0.0.1", taken.getsockname()[1])

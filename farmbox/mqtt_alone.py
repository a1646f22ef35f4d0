"""`python -m farmbox.mqtt_alone`: the box's MQTT broker as the only process of a container.

The same Artemis on the same settings as in the box, with TLS and open to the network. It writes its
configuration and then becomes the broker itself, so that a signal reaches it and its end is ours.
`python -m farmbox.mqtt_alone check` is its health check: whether it lets its admin in.
`python -m farmbox.mqtt_alone users` only writes our services' credentials, for a broker of
somebody's own that reads the same directory.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from farmbox.mqtt import HEAP_MB, Mqtt, MqttTls

SECRETS = Path("/run/secrets")
EVERYWHERE = "0.0.0.0"


def broker_of(options: argparse.Namespace) -> Mqtt:
    """The broker that the options name; its passwords are files beside its certificate."""
    secrets: Path = options.secrets

    def password(name: str) -> str:
        return (secrets / name).read_text("utf-8").strip()

    broker = Mqtt(
        options.data,
        options.port,
        users=options.users,
        gateway_password=password("herd_gateway_mqtt_password"),
        clock_password=password("herd_clock_probe_password"),
        admin_password=password("mqtt_admin_password"),
        host="127.0.0.1" if options.what == "check" else EVERYWHERE,
        tls=MqttTls(secrets / "mqtt.pem", secrets / "ca.crt"),
    )
    broker.heap_mb = options.heap_mb
    return broker


def main(arguments: Sequence[str]) -> int:
    """Become the broker, check it (0 if it does its work), or let our services in elsewhere."""
    parser = argparse.ArgumentParser(prog="python -m farmbox.mqtt_alone", description=main.__doc__)
    parser.add_argument("what", choices=["run", "check", "users"], nargs="?", default="run")
    parser.add_argument("--data", type=Path, required=True, help="journal, sessions, settings")
    parser.add_argument(
        "--users", type=Path, required=True, help="credentials, shared with the API"
    )
    parser.add_argument("--port", type=int, default=8883)
    parser.add_argument("--heap-mb", type=int, default=HEAP_MB, help="more for many collars")
    parser.add_argument("--secrets", type=Path, default=SECRETS)
    options = parser.parse_args(arguments)
    broker = broker_of(options)
    if options.what == "users":
        broker.let_services_in()
        return 0
    if options.what == "run":
        become(broker)
    return 0 if broker.answers() else 1


def become(broker: Mqtt) -> NoReturn:
    """Write the configuration and be the broker from now on."""
    broker.prepare()
    command = broker.command()
    os.chdir(broker.directory)
    os.execv(command[0], command)  # noqa: S606  no shell is wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

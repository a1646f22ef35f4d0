"""Which ports the services listen on: free ones, remembered, and taken again while still free."""

import json
import random
import socket
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from farmbox.errors import BoxError, PortTakenError

PORT_MIN = 20_000
PORT_MAX = 32_768
TRIES_MAX = 200
TCP_LISTEN = "0A"


def assign_ports(
    path: Path,
    names: list[str],
    fixed: Mapping[str, int],
    host: str,
    *,
    within: Mapping[str, range] = MappingProxyType({}),
) -> dict[str, int]:
    """A port for each name, remembered in the JSON file `path`.

    fixed: ports somebody asked for; one that is taken raises PortTakenError. Others are the
    remembered ones where those are still free, else new ones; `within` says where for some.
    """
    remembered = _remembered(path)
    ports: dict[str, int] = {}
    for name in names:
        wanted = fixed.get(name)
        if wanted is not None:
            require_free(name, wanted, host)
            ports[name] = wanted
            continue
        old = remembered.get(name)
        if old is not None and old not in ports.values() and _is_free(old, host):
            ports[name] = old
        else:
            taken = {*ports.values(), *fixed.values()}
            ports[name] = _free_port(host, taken, within.get(name))
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps(ports, indent=2) + "\n", encoding="utf-8")
    scratch.replace(path)
    return ports


def require_free(name: str, port: int, host: str) -> None:
    """Raise PortTakenError, with the holder where /proc tells, unless `port` can be listened on."""
    if _is_free(port, host):
        return
    holder = _holder(port)
    raise PortTakenError(
        f"Port {port} for {name} is taken{f' by {holder}' if holder else ''}: end that program, "
        f"or choose another port with --{name}-port."
    )


def _free_port(host: str, taken: set[int], within: range | None) -> int:
    """A free port below those the kernel gives to outgoing connections.

    In that range a client that reconnects to a service which is down can be given the very port
    it connects to, connects to itself, and keeps the service from ever coming back.
    """
    low = _ephemeral_min()
    below = within or range(PORT_MIN, min(PORT_MAX, low) if low > PORT_MIN else PORT_MAX)
    for _ in range(TRIES_MAX):
        port = random.choice(below)  # noqa: S311 (no secret)
        if port not in taken and _is_free(port, host):
            return port
    raise BoxError(f"No free port was found on {host} between {below.start} and {below.stop}.")


def _ephemeral_min() -> int:
    text = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii")
    return int(text.split()[0])


def _is_free(port: int, host: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: a port in TIME_WAIT is free, one that is listened on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _remembered(path: Path) -> dict[str, int]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}  # a damaged list costs new ports, nothing else
    return {str(name): int(port) for name, port in found.items()}


def _holder(port: int) -> str | None:
    """`program (process N)` of whoever listens on `port`, where we may read it."""
    inodes = {
        row.split()[9]
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        if row.split()[1].endswith(f":{port:04X}") and row.split()[3] == TCP_LISTEN
    }
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in wanted for link in (process / "fd").iterdir()):
                program = (process / "comm").read_text(encoding="utf-8").strip()
                return f"{program} (process {process.name})"
        except OSError:
            continue  # ended meanwhile, or not ours to look at
    return None

"""By which names we may be called: the lock against DNS rebinding.

A page from elsewhere can point its own name at our address, and its scripts then speak to us as if
they were ours. Such a page has a name; so we answer to addresses (an IP cannot be rebound), to
`localhost`, and to the names in HERD_API_ALLOWED_HOSTS. Plain ASGI, before everything else, so that
requests and sockets are checked alike.
"""

import ipaddress

from starlette.types import ASGIApp, Receive, Scope, Send

from api import problem_types, problems

CLOSE_POLICY = 1008  # before accept it becomes a 403


class KnownHosts:
    """Refuses what was sent to a name that is not ours."""

    def __init__(self, app: ASGIApp, names: tuple[str, ...]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket."""
        if scope["type"] not in {"http", "websocket"} or is_ours(_host(scope), self._names):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": CLOSE_POLICY})
        else:
            await problems.response(problem_types.UNKNOWN_HOST)(scope, receive, send)


def _host(scope: Scope) -> str:
    found = [value for name, value in scope["headers"] if name == b"host"]
    return found[0].decode("latin-1") if len(found) == 1 else ""


def is_ours(host: str, names: frozenset[str]) -> bool:
    """Whether a Host header (`name[:port]`) is an address, localhost, or one of these names."""
    bracketed = host.startswith("[")
    name, mark, rest = host[1:].partition("]") if bracketed else host.lower().partition(":")
    port = rest.removeprefix(":") if bracketed else rest
    if bracketed:
        fits = bool(mark) and (not rest or (rest.startswith(":") and _is_port(port)))
        return fits and _is_address(name)
    if mark and not _is_port(port):
        return False
    return name == "localhost" or name in names or _is_address(name)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

"""The way in for people: one URL that carries a ticket, and its QR code for a phone.

The ticket stands behind `#`, which no browser sends anywhere: it is in no log of ours and in no
proxy's. The page trades it for a session and forgets it.
"""

import io
import socket
from dataclasses import dataclass

import httpx

ASK_MAX_S = 10.0
TICKET_S = 3600
# on this machine the same link may be opened in a few browsers; over the LAN it is for one phone
USES_HERE, USES_LAN = 20, 1
NOWHERE = ("192.0.2.1", 9)  # reserved for documentation: a UDP socket sends nothing to connect


@dataclass(frozen=True, slots=True)
class Door:
    """Where the API of a farm is for people, and whether that is the LAN."""

    api_url: str
    owner_token: str
    lan: bool = False

    def open(self) -> str:
        """A URL that lets somebody in; raises httpx.HTTPError while the API cannot make one."""
        answer = httpx.post(
            f"{self.api_url}/api/v1/tickets",
            headers={"Authorization": f"Bearer {self.owner_token}"},
            json={"uses": USES_LAN if self.lan else USES_HERE, "ttl_s": TICKET_S},
            timeout=ASK_MAX_S,
        )
        ticket = answer.raise_for_status().json()["ticket"]
        return f"{self.page_url}/#t={ticket}"

    @property
    def page_url(self) -> str:
        """The address without a ticket."""
        if not self.lan:
            return self.api_url
        _, _, port = self.api_url.rpartition(":")
        return f"http://{lan_address()}:{port}"


def lan_address() -> str:
    """The address under which this machine is seen in its network; loopback if it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(NOWHERE)
        except OSError:
            return "127.0.0.1"
        address: str = probe.getsockname()[0]
        return address


def qr_text(url: str) -> str:
    """The URL as a QR code of half blocks, to be held before a phone's camera."""
    import segno

    text = io.StringIO()
    segno.make(url, error="l").terminal(text, compact=True, border=2)
    return text.getvalue()

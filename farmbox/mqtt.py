"""The MQTT broker: Apache Artemis with its sessions and messages on disk, MQTT alone.

Users and permissions are files of `runtime.mqtt_users`, read again while the broker runs. Nobody
comes in without a credential, and what is not allowed is refused.
"""

import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from contracts.topics import LORAWAN_FILTER, PROBE_ANSWERS_FILTER, PROBES_FILTER
from farmbox.java import java_command
from farmbox.service import Service
from runtime.mqtt_users import MqttUsers

HEAP_MB = 256  # a thousand collars; ten thousand that connect at once want 1024
# Of buffers of the network, beside the heap. What is no MQTT is kept, not read, until its sender
# goes (2.53): anybody on the network can fill this much, and is cut off then, others with him.
NETWORK_SHARE = 3 / 8
MAIN_CLASS = "org.apache.activemq.artemis.core.server.embedded.Main"
PACKET_MAX_BYTES = 256 * 1024  # 500 readings of 300 bytes are 150 kB
RECEIVE_MAX = 1000  # unacknowledged messages to one gateway
RELOAD_MS = 500  # how soon a new collar's permissions count
CREDENTIAL_CACHE_MS = (
    1000  # how long a revoked collar, or a password tried too early, is remembered
)
DISK_FREE_MIN = "200MB"  # below it the broker blocks publishers
PROBE_MAX_S = 1.0
CONNACK = 0x20
GATEWAY_TOPIC = "herd/v1/+/+"

LOGIN_CONFIG = """herd {{
  org.apache.activemq.artemis.spi.core.security.jaas.PropertiesLoginModule required
    baseDir="{users}"
    org.apache.activemq.jaas.properties.user="users.properties"
    org.apache.activemq.jaas.properties.role="roles.properties"
    reload=true;
}};
"""

BROKER_XML = """<?xml version="1.0" encoding="UTF-8"?>
<configuration xmlns="urn:activemq">
 <core xmlns="urn:activemq:core">
  <name>herd</name>
  <persistence-enabled>true</persistence-enabled>
  <!-- NIO: needs no native library, and syncs to disk before it acknowledges -->
  <journal-type>NIO</journal-type>
  <journal-datasync>true</journal-datasync>
  <journal-min-files>2</journal-min-files>
  <journal-pool-files>4</journal-pool-files>
  <paging-directory>{data}/paging</paging-directory>
  <bindings-directory>{data}/bindings</bindings-directory>
  <journal-directory>{data}/journal</journal-directory>
  <large-messages-directory>{data}/large-messages</large-messages-directory>
  <min-disk-free>{disk_free_min}</min-disk-free>
  <configuration-file-refresh-period>{reload_ms}</configuration-file-refresh-period>
  <security-invalidation-interval>{credential_cache_ms}</security-invalidation-interval>
  <mqtt-session-scan-interval>5000</mqtt-session-scan-interval>
  <acceptors>
   <acceptor name="mqtt">{acceptor}</acceptor>
  </acceptors>
  <address-settings>
   <address-setting match="#">
    <auto-create-addresses>true</auto-create-addresses>
    <auto-create-queues>true</auto-create-queues>
    <!-- a shared subscription outlives its last gateway, and what waits in it too -->
    <auto-delete-queues>false</auto-delete-queues>
    <auto-delete-addresses>false</auto-delete-addresses>
    <default-address-routing-type>MULTICAST</default-address-routing-type>
    <default-queue-routing-type>MULTICAST</default-queue-routing-type>
    <address-full-policy>PAGE</address-full-policy>
    <max-size-bytes>16MB</max-size-bytes>
    <page-size-bytes>2MB</page-size-bytes>
    <!-- what is not acknowledged comes again, for ever: no dead letters inside the broker -->
    <max-delivery-attempts>-1</max-delivery-attempts>
    <!-- an address without a queue; without one the broker warns at every new queue -->
    <dead-letter-address>nowhere</dead-letter-address>
    <expiry-address>nowhere</expiry-address>
   </address-setting>
  </address-settings>
 </core>
</configuration>
"""


@dataclass(frozen=True, slots=True)
class MqttTls:
    """pem: the server's private key and certificates in one file. ca_file: who signed them.

    The certificate names `localhost` too: that is how the probe of its own host checks it.
    """

    pem: Path
    ca_file: Path


class Mqtt(Service):
    """Artemis on one port, with TLS if `tls` is given.

    users: where MqttUsers keeps its files; passwords: of our services.
    """

    name = "mqtt"

    def __init__(  # noqa: PLR0913  a broker and whom it lets in
        self,
        directory: Path,
        port: int,
        *,
        users: Path,
        gateway_password: str,
        clock_password: str,
        admin_password: str,
        host: str = "127.0.0.1",
        tls: MqttTls | None = None,
    ) -> None:
        super().__init__(directory, port, host=host)
        self.tls = tls
        self.heap_mb = HEAP_MB  # counts from the next start
        self.users = users
        self.gateway_password = gateway_password
        self.clock_password = clock_password
        self.admin_password = admin_password

    def prepare(self) -> None:
        """Write broker.xml, the login configuration and the three service users."""
        super().prepare()
        etc = self.directory / "etc"
        etc.mkdir(exist_ok=True)
        acceptor = (
            f"tcp://{self.host}:{self.port}?protocols=MQTT;securityDomain=herd;useEpoll=false;"
            f"maximumPacketSize={PACKET_MAX_BYTES};receiveMaximum={RECEIVE_MAX};"
            "tcpNoDelay=true"
        )
        if self.tls is not None:
            acceptor += (
                f";sslEnabled=true;keyStoreType=PEM;keyStorePath={self.tls.pem}"
                ";enabledProtocols=TLSv1.2,TLSv1.3;sslAutoReload=true"
            )
        broker = BROKER_XML.format(
            data=escape(str(self.directory / "data")),
            disk_free_min=DISK_FREE_MIN,
            reload_ms=RELOAD_MS,
            credential_cache_ms=CREDENTIAL_CACHE_MS,
            acceptor=escape(acceptor),
        )
        (etc / "broker.xml").write_text(broker, encoding="utf-8")
        login = LOGIN_CONFIG.format(users=self.users)
        (etc / "login.config").write_text(login, encoding="utf-8")
        self.let_services_in()

    def let_services_in(self) -> None:
        """Write the credentials of our own services beside those of the devices."""
        let_services_in(
            MqttUsers(self.users),
            gateway_password=self.gateway_password,
            clock_password=self.clock_password,
            admin_password=self.admin_password,
        )

    def command(self) -> list[str]:
        """Artemis' embedded main class on our directory and the permissions file."""
        options = [
            f"-Djava.io.tmpdir={self.directory}",
            f"-Djava.security.auth.login.config={self.directory / 'etc' / 'login.config'}",
            f"-XX:MaxDirectMemorySize={int(self.heap_mb * NETWORK_SHARE)}m",
            # Watched, and read instead of the folders that Main would search (/config is one).
            f"-Dbroker.properties={self.users / 'permissions.properties'}",
        ]
        java = java_command("artemis", MAIN_CLASS, heap_mb=self.heap_mb, options=options)
        return [*java, str(self.directory)]

    def answers(self) -> bool:
        """Whether the broker lets `admin` in: listener, journal and login all work then."""
        client_id = f"herdlog-probe-{os.getpid()}"
        try:
            with self._connected() as connection:
                return _lets_in(connection, client_id, "admin", self.admin_password)
        except (OSError, IndexError):
            return False

    def _connected(self) -> socket.socket:
        connection = socket.create_connection((self.host, self.port), timeout=PROBE_MAX_S)
        if self.tls is None:
            return connection
        context = ssl.create_default_context(cafile=self.tls.ca_file)
        return context.wrap_socket(connection, server_hostname="localhost")


def let_services_in(
    users: MqttUsers, *, gateway_password: str, clock_password: str, admin_password: str
) -> None:
    """Give our own services their credentials, whichever broker reads them."""
    users.add(
        "gateway",
        gateway_password,
        publish=[f"{GATEWAY_TOPIC}/ack", f"{GATEWAY_TOPIC}/rejects"],
        subscribe=[f"{GATEWAY_TOPIC}/readings", LORAWAN_FILTER],
    )
    users.add(
        "herd-clock", clock_password, publish=[PROBES_FILTER], subscribe=[PROBE_ANSWERS_FILTER]
    )
    users.add("admin", admin_password, subscribe=[f"{GATEWAY_TOPIC}/status"])


def _lets_in(connection: socket.socket, client_id: str, user: str, password: str) -> bool:
    """Say CONNECT with a clean start; whether CONNACK says success. Raises OSError, IndexError."""
    header = _text("MQTT") + bytes([5, 0b1100_0010, 0, 10, 0])  # user, password, clean; 10 s
    body = header + _text(client_id) + _text(user) + _text(password)
    connection.sendall(bytes([0x10, len(body)]) + body)
    answer = connection.recv(64)
    connection.sendall(bytes([0xE0, 0]))
    return answer[0] == CONNACK and answer[3] == 0


def _text(value: str) -> bytes:
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded

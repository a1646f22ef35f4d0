"""Wires the gateway and herd-clock; the only file that knows both of their sides."""

import secrets
import threading
import time
from functools import partial
from pathlib import Path

from contracts.clock import Clock
from contracts.ids import FarmId
from contracts.serde import Serde
from contracts.topics import probe_topic, shared_lorawan_filter, shared_readings_filter
from gateway.adapters.clock_log import KafkaClockLog
from gateway.adapters.collar_feed import CollarFeed, Reached
from gateway.adapters.http_server import serve
from gateway.adapters.http_source import HttpSource
from gateway.adapters.kafka_records import KafkaRecords
from gateway.adapters.kafka_sink import KafkaSink
from gateway.adapters.letter_feed import LetterFeed
from gateway.adapters.mover_log import COLLARS_GROUP, KafkaMoverLog
from gateway.adapters.mqtt_source import MqttLogin, MqttSource
from gateway.attribution import Attribution
from gateway.bridge import DRAIN_MAX_S, Bounds, Bridge
from gateway.clock import HerdClock
from gateway.decoders.loading import installed_decoders
from gateway.hearing import Hearing
from gateway.limits import Budget, Limits
from gateway.mover import Mover, Owned
from gateway.moves import Register
from gateway.probe import Prober
from gateway.settings import ClockSettings, GatewaySettings
from gateway.standstill import SIGN_EVERY_S, Standstill
from gateway.tally import Tally
from runtime.kafka import Outbox, new_producer
from runtime.lifecycle import Loop, Running, run
from runtime.mqtt_user import may_publish
from runtime.mqtt_users import MqttUsers
from runtime.registry import RegistrySchemaIds


def main() -> int:
    """Run the gateway; returns the exit status."""
    settings = GatewaySettings()
    return run("gateway", settings, gateway_loops(settings, settings.clock()))


def clock_main() -> int:
    """Run herd-clock; returns the exit status."""
    settings = ClockSettings()
    return run("herd-clock", settings, clock_loops(settings, settings.clock()))


def gateway_loops(settings: GatewaySettings, clock: Clock) -> dict[str, Loop]:
    """The gateway's loops; nothing connects before they run."""
    attribution = Attribution()
    loaded = threading.Event()
    reached = Reached()

    def collars(running: Running) -> None:
        serde = Serde(RegistrySchemaIds(settings.registry_url))
        feed = CollarFeed(settings.kafka_bootstrap, serde, attribution, reached)
        try:
            feed.open()
            while running.goes_on():
                feed.turn()
                if feed.loaded():
                    loaded.set()
        finally:
            feed.close()

    def once_loaded(serve: Loop) -> Loop:
        def loop(running: Running) -> None:
            # without the register every reading would be a stranger's
            while running.goes_on() and not loaded.wait(0.1):
                pass
            if running.goes_on():
                serve(running)

        return loop

    loops = {
        "collars": collars,
        "bridge": once_loaded(partial(_bridge, settings, clock, attribution)),
        "letters": once_loaded(partial(_letters, settings, clock, attribution, reached)),
    }
    if settings.http_port:
        loops["webhooks"] = once_loaded(partial(_webhooks, settings, clock, attribution))
    return loops


def _bridge(
    settings: GatewaySettings, clock: Clock, attribution: Attribution, running: Running
) -> None:
    schema_ids = RegistrySchemaIds(settings.registry_url)
    schema_ids.register_all()
    outbox = Outbox(new_producer(settings.kafka_bootstrap))
    group = settings.mqtt_share_group
    source = MqttSource(
        _login(settings),
        mqtt_filter=shared_readings_filter(group),
        more_filters=(shared_lorawan_filter(group),),
    )
    tally = Tally()
    bridge = Bridge(
        source,
        KafkaSink(outbox, Serde(schema_ids)),
        attribution,
        clock,
        tally,
        bounds=Bounds(
            records_in_flight_max=settings.records_in_flight_max,
            waiting_max=settings.receive_maximum,
            waiting_bytes_max=settings.waiting_bytes_max,
        ),
        limits=Limits(_budget(settings)),
        decoders=installed_decoders(),
    )
    ready, tell_at = False, 0.0
    try:
        while running.goes_on():
            bridge.turn()
            if source.subscribed and not ready:
                ready = True
                running.ready()
            if time.monotonic() > tell_at:
                tell_at = time.monotonic() + settings.tell_every_s
                tally.tell()
        deadline = time.monotonic() + DRAIN_MAX_S
        while bridge.open_uploads and time.monotonic() < deadline:
            bridge.drain()
    finally:
        tally.tell()
        source.close()


def _letters(
    settings: GatewaySettings,
    clock: Clock,
    attribution: Attribution,
    reached: Reached,
    running: Running,
) -> None:
    serde = Serde(RegistrySchemaIds(settings.registry_url))
    decoders = installed_decoders()
    LetterFeed(settings.kafka_bootstrap, serde, attribution, reached, decoders, clock).run(running)


def _webhooks(
    settings: GatewaySettings, clock: Clock, attribution: Attribution, running: Running
) -> None:
    schema_ids = RegistrySchemaIds(settings.registry_url)
    schema_ids.register_all()
    outbox = Outbox(new_producer(settings.kafka_bootstrap))
    users = MqttUsers(settings.mqtt_users_dir or Path())  # the settings ask for it

    def may_speak(user: str, password: str, farm_id: FarmId) -> bool | None:
        found = users.verify(user, password)
        return None if found is None else may_publish(found, f"lorawan/v1/{farm_id}/webhook")

    tally = Tally()
    source = HttpSource(
        KafkaRecords(outbox, Serde(schema_ids)),
        attribution,
        installed_decoders(),
        clock,
        tally,
        may_speak=may_speak,
        limits=Limits(_budget(settings)),
    )
    serve(source, settings, running, tally)


def _budget(settings: GatewaySettings) -> Budget:
    return Budget(
        uploads_per_s=settings.collar_uploads_per_s,
        uploads_burst=settings.collar_uploads_burst,
        bytes_per_s=settings.collar_bytes_per_s,
        bytes_burst=settings.collar_bytes_burst,
    )


def _login(settings: GatewaySettings) -> MqttLogin:
    return MqttLogin(
        host=settings.mqtt_host,
        port=settings.mqtt_port,
        user=settings.mqtt_user,
        password=settings.mqtt_password.get_secret_value(),
        # with the group's name in it nobody can guess it: whoever connects under another's
        # client id disconnects him
        client_id=f"{settings.mqtt_share_group}-{settings.instance}",
        keepalive_s=settings.mqtt_keepalive_s,
        session_s=settings.mqtt_session_s,
        receive_maximum=settings.receive_maximum,
        tls=settings.mqtt_tls,
        ca_file=settings.ca_file,
    )


def clock_loops(settings: ClockSettings, clock: Clock) -> dict[str, Loop]:
    """Herd-clock's loops: it ticks, sees whether the way in is open, and moves readings."""
    hearing = Hearing(
        deaf_after_s=settings.deaf_after_s, now=clock.now(), monotonic_s=time.monotonic()
    )
    owned, standstill = Owned(), Standstill()
    return {
        "clock": lambda running: _tick(settings, clock, hearing, standstill, owned, running),
        "alive": lambda running: live(standstill, running),
        "probe": lambda running: _probe(settings, clock, hearing, running),
        "mover": lambda running: _move(settings, owned, running),
    }


def live(standstill: Standstill, running: Running) -> None:
    """Nothing but signs of life: where they are missing, the process stood still."""
    while running.goes_on():
        standstill.alive(time.monotonic())
        running.wait(SIGN_EVERY_S)


def _tick(
    settings: ClockSettings,
    clock: Clock,
    hearing: Hearing,
    standstill: Standstill,
    owned: Owned,
    running: Running,
) -> None:
    schema_ids = RegistrySchemaIds(settings.registry_url)
    schema_ids.register_all()
    log = KafkaClockLog(
        settings.kafka_bootstrap,
        Serde(schema_ids),
        instance=settings.instance,
        progress=running.beat,
    )
    herd_clock = HerdClock(
        log,
        clock,
        hearing,
        standstill,
        writer=f"herd-clock-{settings.instance}",
        tick_every_s=settings.tick_every_s,
        deaf_after_s=settings.deaf_after_s,
        ahead_max_s=settings.ahead_max_s,
    )
    try:
        ready = False
        while running.goes_on():
            herd_clock.turn(time.monotonic())
            owned.partitions = log.owned()
            if herd_clock.ticking and not ready:
                ready = True
                running.ready()
    finally:
        log.close()


def _move(settings: ClockSettings, owned: Owned, running: Running) -> None:
    schema_ids, register = RegistrySchemaIds(settings.registry_url), Register()
    schema_ids.register_all()
    log = KafkaMoverLog(settings.kafka_bootstrap, schema_ids, running.beat)
    feed = CollarFeed(settings.kafka_bootstrap, Serde(schema_ids), register, group=COLLARS_GROUP)
    mover = Mover(log, register, running.goes_on)
    try:
        feed.open()
        # without the whole register a reading would be taken from whom it belongs to
        while running.goes_on() and not feed.loaded():
            feed.turn()
        register.changes()  # what changed before: all of the log is held against it at once
        while running.goes_on():
            feed.turn()
            mover.turn(owned.partitions, time.monotonic())
    finally:
        feed.close()
        log.close()


def _probe(settings: ClockSettings, clock: Clock, hearing: Hearing, running: Running) -> None:
    login = MqttLogin(
        host=settings.mqtt_host,
        port=settings.mqtt_port,
        user=settings.probe_user,
        password=settings.probe_password.get_secret_value(),
        # not to be guessed either: whoever made us unheard would hide a silent herd
        client_id=f"herd-clock-{secrets.token_hex(8)}",
        session_s=0,  # answers to a connection before this one are worth nothing
        tls=settings.mqtt_tls,
        ca_file=settings.ca_file,
    )
    source = MqttSource(login, mqtt_filter=probe_topic(settings.instance, "ack"))
    prober = Prober(
        source,
        hearing,
        clock,
        instance=settings.instance,
        every_s=settings.probe_every_s,
        expires_s=settings.deaf_after_s,
    )
    try:
        while running.goes_on():
            prober.turn()
    finally:
        source.close()

"""What `herd dead-letters` does on a running farm: events about letters, and what came of them.

Decisions are events in the letters' own topic: this writes them and waits for the answers there.
The read model only finds the letters.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from contracts.clock import SystemClock
from contracts.dead_letter import (
    DeadLetter,
    LetterDiscarded,
    LetterRetried,
    LetterRetryAsked,
    Reason,
    RetryOutcome,
)
from contracts.envelope import Event
from contracts.ids import FarmId, derived_id, new_id
from contracts.messages import event_type_of
from herd.commands import CLI_USER, CommandError
from herd.farm_file import running_farm
from herd.letter_post import LetterPost

if TYPE_CHECKING:
    from herd.letters_cli import Wanted
    from read_models import LetterFilter, LetterRow, Letters

ACTOR = f"user:{CLI_USER}"
ASK_AT_ONCE = 100  # letters under way: a gateway does a few hundred readings of each in a second
TOLD_MAX = 1000  # letters that an answer names one by one
REPAIRED_BYTES_MAX = 256 * 1024  # what the MQTT broker would let in


@dataclass(frozen=True, slots=True)
class _Desk:
    """The letters of a running farm, and the way to say something about them."""

    letters: "Letters"
    post: LetterPost


def list_letters(data: Path, wanted: "Wanted") -> dict[str, Any]:
    """{letters: [row], more}: the newest first; a row as docs/operations.md names its keys."""
    limit = wanted.limit or 100
    with _desk(data) as desk:
        rows = desk.letters.newest(_filter(wanted), limit=limit + 1)
    return {"letters": [_told(row) for row in rows[:limit]], "more": len(rows) > limit}


def show_letter(data: Path, letter_id: str, raw: Path | None) -> dict[str, Any]:
    """A row with {steps, text, hex}: its bytes as text if they are text, else as hex.

    raw: where the bytes are written too. Both are null where Kafka keeps them no longer.
    """
    with _desk(data) as desk:
        (row,) = _named(desk.letters, (letter_id,))
        ((_, letter),) = desk.post.bytes_of([row])
    if raw is not None:
        if letter is None:
            raise CommandError(f"Kafka keeps the bytes of letter {letter_id} no longer")
        raw.write_bytes(letter.raw)
    text = None if letter is None else _text(letter.raw)
    as_hex = None if letter is None or text is not None else letter.raw.hex()
    steps = msgspec.to_builtins(row.steps)
    return {**_told(row), "steps": steps, "text": text, "hex": as_hex}


def retry_letters(
    data: Path,
    wanted: "Wanted",
    repaired: Path | None,
    *,
    within_s: float,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """{asked, taken, refused, unanswered, readings, letters: [{letter_id, outcome, detail}]}.

    letters: those that were not taken, at most TOLD_MAX. within_s: how long it waits for the next
    answer of a gateway.
    """
    instead = None if repaired is None else _repaired(repaired)
    result: dict[str, Any] = dict.fromkeys(
        ("asked", "taken", "refused", "unanswered", "readings"), 0
    )
    result["letters"] = []
    with _desk(data) as desk:
        desk.post.listen()
        for rows in _chunks(_meant(desk.letters, wanted), ASK_AT_ONCE):
            _check_untaken(rows)
            asked = {}
            for row, letter in desk.post.bytes_of(rows):
                result["asked"] += 1
                if letter is None:
                    _add(result, row.letter_id, "refused", "Kafka keeps its bytes no longer")
                else:
                    event = _asked(row, letter, instead)
                    desk.post.send(row.partition, event)
                    asked[event.event_id] = row
            for event_id, retried in desk.post.answers(asked, within_s=within_s):
                _count(result, asked.pop(event_id), retried)
            for row in asked.values():
                _add(result, row.letter_id, "unanswered", NOBODY_ANSWERS)
            tell(f"{result['asked']} asked, {result['taken']} taken, {result['refused']} refused")
            if asked:
                break  # no gateway is there: the others would only wait as long
    return result


NOBODY_ANSWERS = "no gateway has answered: look at `herd status`; it is done once one is there"


def discard_letters(
    data: Path, wanted: "Wanted", why: str | None, sure: Callable[[int], bool]
) -> dict[str, Any]:
    """{discarded}. sure: asked with how many letters are meant; False leaves them."""
    with _desk(data) as desk:
        count = len(set(wanted.ids)) or desk.letters.count(_filter(wanted))
        count = min(count, wanted.limit or count)
        if not sure(count):
            return {"discarded": 0}
        discarded = 0
        for rows in _chunks(_meant(desk.letters, wanted), ASK_AT_ONCE):
            for row in rows:  # all of them before the first word
                if row.state != "open":
                    raise CommandError(f"letter {row.letter_id} is {row.state} already")
            for row in rows:
                desk.post.send(row.partition, _discarded(row, why))
            desk.post.flush()
            discarded += len(rows)
    return {"discarded": discarded}


def _check_untaken(rows: list["LetterRow"]) -> None:
    for row in rows:
        if row.state == "taken":
            raise CommandError(f"letter {row.letter_id} is taken: it stands in the log already")


def _asked(row: "LetterRow", letter: DeadLetter, instead: bytes | None) -> Event[LetterRetryAsked]:
    payload = LetterRetryAsked(
        letter_id=row.letter_id,
        origin=letter.origin,
        received_at=letter.received_at,
        tries=row.tries,
        raw=letter.raw if instead is None else instead,
    )
    return _said(row, payload, new_id())


def _discarded(row: "LetterRow", why: str | None) -> Event[LetterDiscarded]:
    payload = LetterDiscarded(letter_id=row.letter_id, why=why)
    return _said(row, payload, derived_id("letter-discarded", row.letter_id))


def _said(row: "LetterRow", payload: Any, event_id: str) -> Event[Any]:  # noqa: ANN401  of two kinds
    return Event(
        event_id=event_id,
        event_type=event_type_of(type(payload)),
        timestamp=SystemClock().now(),
        aggregate_id=row.letter_id,
        actor=ACTOR,
        farm_id=None if row.farm_id is None else FarmId(row.farm_id),
        payload=payload,
    )


def _count(result: dict[str, Any], row: "LetterRow", retried: LetterRetried) -> None:
    if retried.outcome is RetryOutcome.TAKEN:
        result["taken"] += 1
        result["readings"] += retried.readings
    else:
        _add(result, row.letter_id, "refused", retried.detail or row.detail)


def _add(result: dict[str, Any], letter_id: str, outcome: str, detail: str) -> None:
    result[outcome] += 1
    if len(result["letters"]) < TOLD_MAX:
        told = {"letter_id": letter_id, "outcome": outcome, "detail": detail}
        result["letters"].append(told)


def _meant(letters: "Letters", wanted: "Wanted") -> Iterator["LetterRow"]:
    """The letters that are meant, oldest first; those that come meanwhile are left out."""
    if wanted.ids:
        yield from _named(letters, wanted.ids)[: wanted.limit]
        return
    began = datetime.now(UTC)
    rows = (row for page in letters.pages(_filter(wanted)) for row in page)
    yield from islice((row for row in rows if row.appended_at < began), wanted.limit)


def _named(letters: "Letters", ids: tuple[str, ...]) -> list["LetterRow"]:
    found = letters.by_id(ids)
    missing = [letter_id for letter_id in ids if letter_id not in found]
    if missing:
        raise CommandError(f"there is no letter {missing[0]!r}: see `herd dead-letters list`")
    return [found[letter_id] for letter_id in dict.fromkeys(ids)]


def _filter(wanted: "Wanted") -> "LetterFilter":
    from read_models import LetterFilter, LetterState

    state = None if wanted.state == "any" else _one_of(LetterState, "--state", wanted.state)
    reason = None if wanted.reason is None else _one_of(Reason, "--reason", wanted.reason)
    return LetterFilter(
        farm_id=wanted.farm,
        collar_id=wanted.collar,
        reason=reason,
        service=wanted.service,
        state=state,
        since=wanted.since,
    )


def _one_of(kind: Any, option: str, value: str) -> Any:  # noqa: ANN401  one of two enums
    try:
        return kind(value)
    except ValueError as error:
        known = ", ".join(kind)
        raise CommandError(f"{option} {value!r} is none of: {known}") from error


def _told(row: "LetterRow") -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(row)
    return {name: value for name, value in fields.items() if name not in {"steps", "raw_sha256"}}


def _text(raw: bytes) -> str | None:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() or set(text) & set("\n\r\t") else None


def _repaired(file: Path) -> bytes:
    size = file.stat().st_size
    if size > REPAIRED_BYTES_MAX:
        raise CommandError(f"{file} has {size} bytes; an upload has at most {REPAIRED_BYTES_MAX}")
    return file.read_bytes()


def _chunks(rows: Iterator["LetterRow"], size: int) -> Iterator[list["LetterRow"]]:
    while chunk := list(islice(rows, size)):
        yield chunk


@contextmanager
def _desk(data: Path) -> Iterator[_Desk]:
    from confluent_kafka import KafkaException

    from read_models import ReadModelUnavailableError, open_letters

    fields = running_farm(data).fields
    try:
        letters = open_letters(fields["POSTGRES_DSN"])
        post = LetterPost(fields["KAFKA_BOOTSTRAP"], fields["REGISTRY_URL"])
        try:
            yield _Desk(letters, post)
        finally:
            post.close()
            letters.close()
    except ReadModelUnavailableError as error:
        raise CommandError(
            f"{error}: is the service read-models there? see `herd status`"
        ) from error
    except KafkaException as error:
        raise CommandError(f"Kafka does not answer: {error}") from error

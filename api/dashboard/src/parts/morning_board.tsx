// MorningBoard: the counts, and the rail on which a tag hangs for each animal that needs somebody.

import type { Shown } from "../board";
import { countsOf, isUrgent, tagOf } from "../board";
import { dayStart, farmMinute, farmNow, wallNow } from "../clock";
import { unsent } from "../orders";
import { orders } from "../outbox";
import { format, words } from "../settings";
import { board, connection, isHatched, pulse, remembered, view } from "../store";
import { isFresh } from "./case_row";
import { Severity, Tag } from "./marks";

const HOOKS = 11; // free ones on a board without any tag

export function MorningBoard() {
  const said = words.value;
  const counts = countsOf(view.value, dayStart.value);
  return (
    <section
      class="board frame"
      aria-label={said.boardLabel(counts.urgent, counts.check, counts.done)}
    >
      <div class="boardrow">
        <ul class="counts" aria-hidden={board.value === null}>
          <li>
            <b>{board.value === null ? "–" : counts.urgent}</b>
            <span>
              <Severity priority="urgent" />
              {said.urgentCount}
            </span>
          </li>
          <li>
            <b>{board.value === null ? "–" : counts.check}</b>
            <span class="oncheck">
              <Severity priority="normal" />
              {said.checkCount}
            </span>
          </li>
          <li class="is-done">
            <b>{board.value === null ? "–" : counts.done}</b>
            <span>{said.doneCount}</span>
          </li>
        </ul>
        <div class="railbox">
          <TagRail />
          <p class="budget">
            <Proof />
          </p>
        </div>
      </div>
    </section>
  );
}

function TagRail() {
  const { cases, done } = view.value;
  const urgent = cases.filter(({ alert }) => isUrgent(alert.priority));
  const check = cases.filter(({ alert }) => !isUrgent(alert.priority));
  const today = done.filter(({ alert }) => Date.parse(alert.closed_at ?? "") >= dayStart.value);
  const groups = [urgent.map(hanging), check.map(hanging)];
  groups.push(
    today.map(({ alert, animal }) => (
      <li key={alert.alert_id}>
        <Tag text={tagOf(animal, alert)} priority={alert.priority} state="done" />
      </li>
    )),
  );
  const filled = groups.filter((group) => group.length > 0);
  const many = cases.length + today.length > 12;
  return (
    <ol class={many ? "tagrail is-many" : "tagrail"} aria-hidden="true">
      {filled.length === 0
        ? Array.from({ length: HOOKS }, () => (
            <li>
              <svg class="tag" viewBox="0 0 48 62">
                <path class="hook" d="M24 4v8a5 5 0 1 1-6 5" />
              </svg>
            </li>
          ))
        : filled.flatMap((group, index) =>
            index === 0 ? group : [<li class="gap" key={`gap${index}`} />, ...group],
          )}
    </ol>
  );
}

function hanging(item: Shown) {
  const { alert, animal } = item;
  const state = remembered.value ? "held" : alert.status === "open" ? "open" : "hand";
  return (
    <li key={alert.alert_id}>
      <Tag
        text={tagOf(animal, alert)}
        priority={alert.priority}
        state={state}
        fresh={isFresh(alert, farmMinute.value)}
      />
    </li>
  );
}

/** The line under the rail; it counts seconds, so it is drawn apart from the tags. */
function Proof() {
  return <span>{proof()}</span>;
}

/** What the numbers above rest on. */
function proof(): string {
  const said = words.value;
  const f = format.value;
  const now = farmNow.value;
  const heard = pulse.value;
  const left = unsent(orders.value).length;
  const wait = left > 0 ? ` · ${said.waitsHere(left)}` : "";
  if (board.value === null) return "";
  if (remembered.value)
    return said.fromMemory(f.age(wallNow.value - Date.parse(board.value.now))) + wait;
  const state = connection.value;
  if (state.phase === "lost") {
    const asOf = said.asOf(f.clock(now - (wallNow.value - state.since)));
    const seconds = Math.ceil(((state.nextTryAt ?? 0) - wallNow.value) / 1000);
    return asOf + (seconds > 0 && left === 0 ? `. ${said.nextTry(seconds)}` : "") + wait;
  }
  if (isHatched.value && heard?.newest_reading_at)
    return said.newestReading(f.since(Date.parse(heard.newest_reading_at), now)) + wait;
  return heard === null || !heard.animals
    ? wait
    : said.boardHeard(heard.heard, heard.animals) + wait;
}

// Timeline: everything that ever happened to this animal, newest first.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { farmMinute } from "../clock";
import { format, words } from "../settings";
import type { Alert, Evidence, HistoryEvent, Outcome, Priority } from "../wire";
import { findingOf } from "../words/finding";
import { Icon, Rich, Severity } from "./marks";
import { personOf } from "./names";

const FIRST_SHOWN = 12; // what a person takes in; the others are a tap away
const ICONS: Record<string, string> = {
  "alert.acknowledged.v1": "boot",
  "alert.released.v1": "undo",
  "alert.resolved.v1": "down",
  "alert.closed.v1": "check",
  "alert.amended.v1": "note",
  "animal.calved.v1": "calf",
  "animal.moved.v1": "tag",
  "animal.registered.v1": "tag",
  "animal.renamed.v1": "tag",
  "collar.assigned.v1": "pulse",
  "collar.removed.v1": "silent",
};

export function Timeline(props: { events: HistoryEvent[]; more: boolean; onMore: () => void }) {
  const said = words.value;
  const f = format.value;
  const now = farmMinute.value;
  const [all, setAll] = useState(false);
  const events = all ? props.events : props.events.slice(0, FIRST_SHOWN);
  const hidden = events.length < props.events.length;
  return (
    <section class="panel hist">
      <header>
        <h2>{said.history}</h2>
      </header>
      <div class="pad">
        <ol class="tl">
          {events.map((event) => {
            const at = Date.parse(event.occurred_at);
            return (
              <li key={event.event_id}>
                <time dateTime={event.occurred_at}>
                  {f.relativeDay(at, now)}
                  <br />
                  {f.clock(at)}
                </time>
                <Dot event={event} />
                <div>
                  {textOf(event)}
                  <p class="who2">{personOf(event.actor)}</p>
                </div>
              </li>
            );
          })}
        </ol>
        {hidden || props.more ? (
          <button
            class="btn wide"
            type="button"
            onClick={() => (hidden ? setAll(true) : props.onMore())}
          >
            {said.showMore}
          </button>
        ) : null}
      </div>
    </section>
  );
}

function Dot({ event }: { event: HistoryEvent }) {
  const priority = event.data.priority;
  if (event.type.startsWith("alert.raised") && typeof priority === "string")
    return (
      <span class="dot bare">
        <Severity priority={priority as Priority} labelled />
      </span>
    );
  return (
    <span class="dot">
      <Icon name={ICONS[event.type] ?? "note"} />
    </span>
  );
}

/** The event in words, with what it says: the case's fact, the outcome, the collar. */
function textOf(event: HistoryEvent): ComponentChildren {
  const said = words.value;
  const now = farmMinute.value;
  const name = said.event[event.type] ?? event.type;
  const { data } = event;
  if (
    Array.isArray(data.evidence) &&
    data.evidence.length > 0 &&
    typeof data.condition === "string"
  )
    return (
      <>
        {name}: <Rich text={said.fact(findingOf(asAlert(event), now), format.value, now)} />
      </>
    );
  if (data.retracted === true) return `${name}: ${said.withdrawn}`;
  const outcome = data.outcome;
  if (typeof outcome === "string") {
    const found = said.outcomeDone[outcome as Outcome];
    const note = typeof data.note === "string" ? ` “${data.note}”` : "";
    return `${name}: ${found}${note}`;
  }
  if (typeof data.collar_id === "string") return `${name}: ${data.collar_id}`;
  if (typeof data.condition === "string") return `${name}: ${said.condition(data.condition)}`;
  return name;
}

/** An event of a case as far as a fact needs it. */
function asAlert({ data, occurred_at }: HistoryEvent): Alert {
  return {
    condition: data.condition as string,
    evidence: data.evidence as Evidence[],
    onset_at: (data.onset_at as string | null | undefined) ?? null,
    raised_at: occurred_at,
    resolved_at: occurred_at, // what was silent then is told as it was then
  } as Alert;
}

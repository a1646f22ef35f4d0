// Small signs: icons from the sprite, severity shapes, ear tags, bold words in sentences.

import { words } from "../settings";
import type { Outcome, Priority, Track } from "../wire";
import { parts } from "../words/bold";
import { severityClass } from "./severity";

export function Icon({ name, small }: { name: string; small?: boolean }) {
  return (
    <svg class={small ? "i i-s" : "i"} aria-hidden="true">
      <use href={`#i-${name}`} />
    </svg>
  );
}

/** Octagon, triangle, circle or dot. labelled: say the word too, where it does not stand beside. */
export function Severity({ priority, labelled }: { priority: Priority; labelled?: boolean }) {
  const label = labelled
    ? { role: "img" as const, "aria-label": words.value.priority[priority] }
    : { "aria-hidden": true };
  return (
    <svg class="sev" {...label}>
      <use href={`#s-${severityClass(priority)}`} />
    </svg>
  );
}

export type TagState = "open" | "hand" | "done" | "held";

/** An ear tag. hand: somebody goes; held: not certain, only remembered; done: with a tick. */
export function Tag(props: {
  text: string;
  priority: Priority | null;
  state?: TagState;
  fresh?: boolean;
}) {
  const { text, priority, state = "open", fresh } = props;
  const classes = ["tag"];
  if (priority !== null && state !== "done" && state !== "held")
    classes.push(severityClass(priority));
  if (state !== "open") classes.push(state);
  if (fresh) classes.push("is-new");
  const cut = priority === "critical" && state !== "done" && state !== "held";
  return (
    <svg class={classes.join(" ")} viewBox="0 0 48 62" aria-hidden="true">
      <use href={cut ? "#tc" : "#t"} />
      <text x="24" y="41" class={text.length > 3 ? "long" : ""}>
        {text}
      </text>
      {state === "done" ? <path class="tick" d="M18.5 51.5l4 4 7.5-8" /> : null}
      {state === "open" || state === "hand" ? <Glyph priority={priority} /> : null}
    </svg>
  );
}

function Glyph({ priority }: { priority: Priority | null }) {
  switch (priority) {
    case "critical":
      return (
        <>
          <path class="g" d="M21.2 44.5h5.6l4 4v5.6l-4 4h-5.6l-4-4v-5.6z" />
          <path class="bang" d="M24 47v4.3M24 54.6v.5" />
        </>
      );
    case "urgent":
      return <path class="g" d="M24 45.5 30.5 57h-13z" />;
    case "normal":
      return <circle class="g" cx="24" cy="51.5" r="5" />;
    default:
      return priority === null ? null : <circle class="g" cx="24" cy="51.5" r="3" />;
  }
}

/** A sentence with its bold words. */
export function Rich({ text }: { text: string }) {
  return <>{parts(text).map((part) => (part.bold ? <b>{part.text}</b> : part.text))}</>;
}

/** Text in which `this` is typed into a terminal. */
export function WithCode({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 ? <code>{part}</code> : part))}</>;
}

const DOTS_MAX = 10;

/** One dot for each of the last closed cases, and the words. */
export function TrackRecord({ track }: { track: Track | null }) {
  const last: Outcome[] = track?.last.slice(0, DOTS_MAX) ?? [];
  const { record } = words.value;
  return (
    <p class="record">
      {track !== null && track.closed >= 3 ? (
        <span class="dots" aria-hidden="true">
          {last.map((outcome) => (
            <i class={outcome === "confirmed" ? "" : "no"} />
          ))}
        </span>
      ) : null}
      <span>{record(track?.right ?? 0, track?.closed ?? 0)}</span>
    </p>
  );
}

// Her history on the screen: pages of events, newest first, joined where they meet. Pure.
import type { History } from "./wire";

/** The newest page in the place of what it repeats; what was loaded beyond it stays. */
export function refreshed(known: History, newest: History): History {
  const last = newest.events.at(-1)?.position;
  // more has happened than one page tells: joining the two would hide a hole between them
  if (last === undefined || !known.events.some((one) => one.position === last)) return newest;
  const older = known.events.filter((one) => one.position < last);
  if (older.length === 0) return newest;
  return { events: [...newest.events, ...older], more: known.more };
}

/** With a page of older events at the end. */
export function extended(known: History, older: History): History {
  const last = known.events.at(-1)?.position ?? Number.POSITIVE_INFINITY;
  const events = older.events.filter((one) => one.position < last);
  return { events: [...known.events, ...events], more: older.more };
}

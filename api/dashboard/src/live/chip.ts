// What the chip at the top says of the connection and of the data's age. Pure: it never lies.
import type { Pulse } from "../wire";

export type Connection =
  | { phase: "loading" }
  | { phase: "live" }
  | { phase: "lost"; since: number; nextTryAt: number | null };

/** catching: readings come in, but old ones: a past that is imported, or a dead spot that ended. */
export type ChipKind = "loading" | "live" | "reconnecting" | "offline" | "stale" | "catching";
export interface Chip {
  kind: ChipKind;
  ageMs: number | null; // of the newest reading, or of the loss of the connection
}

export const OFFLINE_AFTER_MS = 60_000;
// Collars speak every 5 min, and a reading needs half a minute at most to get here: a herd that
// was not heard for longer is not watched.
export const STALE_AFTER_MS = 330_000;

export function chipOf(
  connection: Connection,
  online: boolean,
  told: { pulse: Pulse | null; stale: boolean; asOf: number | null },
  wallMs: number,
  farmMs: number,
): Chip {
  if (connection.phase === "lost") {
    const ageMs = wallMs - connection.since;
    const kind = !online || ageMs >= OFFLINE_AFTER_MS ? "offline" : "reconnecting";
    return { kind, ageMs };
  }
  if (connection.phase === "loading") return { kind: online ? "loading" : "offline", ageMs: null };
  const newest = told.pulse?.newest_reading_at ?? null;
  const ageMs = newest === null ? null : Math.max(0, farmMs - Date.parse(newest));
  if (told.stale) return { kind: "stale", ageMs: told.asOf === null ? ageMs : wallMs - told.asOf };
  if (ageMs !== null && ageMs > STALE_AFTER_MS) {
    const received = told.pulse?.newest_received_at ?? null;
    const comesIn = received !== null && farmMs - Date.parse(received) < STALE_AFTER_MS;
    return { kind: comesIn ? "catching" : "stale", ageMs };
  }
  return { kind: "live", ageMs };
}

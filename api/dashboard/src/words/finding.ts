// What a case says, as parameters for a sentence: read from its condition and evidence. Pure.
import type { Alert, Animal, Evidence } from "../wire";

export type Finding =
  | { kind: "fever"; value: number; limit: number | null; usual: number | null; since: number }
  | {
      kind: "rumination_drop";
      minutes: number;
      usual: number;
      percent: number;
      eating: number | null; // relative change of eating, per cent
      herd: number | null; // median relative change of the herd, per cent
      since: number;
    }
  | {
      kind: "oestrus";
      factor: number | null; // how much more she moves; null = her collar measures no movement
      since: number;
      best: Span; // in which to inseminate
      isOver: boolean; // those hours
    }
  | { kind: "collar_silent"; silentMs: number; heardAt: number; heardAgain: boolean }
  | { kind: "system_deaf"; deafMs: number; since: number; isOver: boolean }
  | {
      kind: "station_silent";
      silentMs: number;
      collars: number | null; // that were heard through it alone
      since: number;
      isOver: boolean;
      isLine: boolean; // nobody says which box: the line of all of them
    }
  | { kind: "no_water"; percent: number; since: number }
  | { kind: "other"; condition: string; since: number; measured: Evidence[] };

export interface Span {
  from: number;
  to: number;
}

/** What is said of a case, done about it, and right: a herd that does not drink has no one cow. */
export function topicOf({ condition, subject_kind: kind }: Alert): string {
  return condition === "drinking_stopped" && kind === "farm" ? "no_water" : condition;
}

/** When the cause began: the detector's onset, or the raising of a case from before it told. */
export function sinceOf(alert: Alert): number {
  return Date.parse(alert.onset_at ?? alert.raised_at);
}

/** Relative change in per cent; null where there is nothing to compare with. */
export function change(value: number, usual: number | null): number | null {
  return usual === null || usual <= 0 ? null : (value / usual - 1) * 100;
}

/** Counts that are told as they are: nine instead of two ill animals are no "+350 %". */
const COUNTED: ReadonlySet<string> = new Set(["ill_animals", "racing_animals", "silent_collars"]);

/** By how much a measurement differs from its usual, in per cent; null where that says nothing. */
export function changeOf({ signal, unit, value, usual }: Evidence): number | null {
  return unit === "Cel" || COUNTED.has(signal) ? null : change(value, usual);
}

const INSEMINATE_FROM = "inseminate_from";
const INSEMINATE_UNTIL = "inseminate_until";

/** Evidence whose `at` is what it says: no measurement, so no bar and no number. */
export function isMoment({ signal }: Evidence): boolean {
  return signal === INSEMINATE_FROM || signal === INSEMINATE_UNTIL;
}

/** What a sentence names: the newest of each signal that was measured, in the detector's order. */
export function signsOf({ evidence }: Alert): Evidence[] {
  const measured = evidence.filter((one) => !isMoment(one) && one.signal !== "illness_score");
  const names = [...new Set(measured.map((one) => one.signal))];
  return names.flatMap((name) => latest(measured.filter((one) => one.signal === name)) ?? []);
}

/** animal: whose case it is, where that is known; it tells whether her collar is heard again. */
export function findingOf(alert: Alert, now: number, animal: Animal | null = null): Finding {
  const since = sinceOf(alert);
  const of = (signal: string) => alert.evidence.filter((one) => one.signal === signal);
  switch (topicOf(alert)) {
    case "fever": {
      const newest = latest(of("temperature_c"));
      if (newest === undefined) break;
      const { value, limit, usual } = newest;
      return { kind: "fever", value, limit, usual, since };
    }
    case "rumination_drop": {
      const [rumination] = of("rumination_minutes");
      const percent = rumination ? change(rumination.value, rumination.usual) : null;
      if (rumination?.usual == null || percent === null) break;
      const [eating] = of("eating_minutes");
      const [herd] = of("herd_rumination_pct");
      return {
        kind: "rumination_drop",
        minutes: rumination.value,
        usual: rumination.usual,
        percent,
        eating: eating ? change(eating.value, eating.usual) : null,
        herd: herd?.value ?? null,
        since,
      };
    }
    case "oestrus": {
      const moved = of("activity")[0] ?? of("steps")[0];
      const told = toldSpan(alert);
      if (!moved?.usual && told === null) break;
      const best = told ?? inseminationSpan(since);
      const factor = moved?.usual ? moved.value / moved.usual : null;
      return { kind: "oestrus", factor, since, best, isOver: now >= best.to };
    }
    case "collar_silent": {
      const [silent] = of("silent_minutes");
      if (silent === undefined) break;
      const heardAt = Date.parse(silent.at);
      // the evidence was measured when it was told; silence grows until the case is over
      const until = alert.resolved_at === null ? now : Date.parse(alert.resolved_at);
      const silentMs = Math.max(silent.value * 60_000, until - heardAt);
      // a case ends without a word from the collar, too: when it is taken off
      const heardAgain =
        alert.resolved_at !== null && Date.parse(animal?.last_heard_at ?? "") > heardAt;
      return { kind: "collar_silent", silentMs, heardAt, heardAgain };
    }
    case "system_deaf": {
      const [deaf] = of("deaf_minutes");
      if (deaf === undefined) break;
      const isOver = alert.resolved_at !== null;
      // as silence: it grows until the case is over
      const deafMs = Math.max(deaf.value * 60_000, isOver ? 0 : now - since);
      return { kind: "system_deaf", deafMs, since, isOver };
    }
    case "station_silent": {
      const [silent] = of("silent_minutes");
      if (silent === undefined) break;
      const isOver = alert.resolved_at !== null;
      return {
        kind: "station_silent",
        silentMs: Math.max(silent.value * 60_000, isOver ? 0 : now - since),
        collars: of("silent_collars")[0]?.value ?? null,
        since,
        isOver,
        isLine: alert.subject_kind === "farm",
      };
    }
    case "no_water": {
      const [drunk] = of("herd_drinking_pct");
      if (drunk === undefined) break;
      return { kind: "no_water", percent: drunk.value, since };
    }
  }
  return { kind: "other", condition: alert.condition, since, measured: signsOf(alert) };
}

function latest(evidence: Evidence[]): Evidence | undefined {
  return evidence.reduce<Evidence | undefined>(
    (best, one) => (best === undefined || one.at >= best.at ? one : best),
    undefined,
  );
}

const HOUR_MS = 3_600_000;
// After the onset of activity; inside what Dransfield et al. 1998 (J. Dairy Sci. 81:1874, 4–12 h)
// and Roelofs et al. 2005 (Theriogenology 63:1366, 5–17 h) found to conceive best.
const INSEMINATE_FROM_H = 6;
const INSEMINATE_TO_H = 14;

/** The hours that the detector named; null where it named none. */
function toldSpan({ evidence }: Alert): Span | null {
  const at = (signal: string) => evidence.find((one) => one.signal === signal)?.at;
  const [from, to] = [at(INSEMINATE_FROM), at(INSEMINATE_UNTIL)];
  return from === undefined || to === undefined
    ? null
    : { from: Date.parse(from), to: Date.parse(to) };
}

/** The same from the onset of heat, for a case whose detector named none. */
export function inseminationSpan(since: number): Span {
  return { from: since + INSEMINATE_FROM_H * HOUR_MS, to: since + INSEMINATE_TO_H * HOUR_MS };
}

/**
 * How far a measured value is from her usual towards its limit: 0 = usual, 1 = the limit.
 * Null where no limit is known, or none can be compared. falls: her usual lies over the limit; as
 * nobody told it, by a tenth.
 */
export function reach(one: Evidence, falls = one.signal === "battery_v"): number | null {
  if (one.limit === null) return null;
  const base = one.usual ?? (falls ? one.limit * 1.1 : one.unit === "Cel" ? one.limit - 1 : 0);
  const room = one.limit - base;
  return room === 0 ? null : Math.max(0, (one.value - base) / room);
}

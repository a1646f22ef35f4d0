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
      factor: number;
      rumination: number | null;
      since: number;
      isOver: boolean; // the hours in which to inseminate
    }
  | { kind: "collar_silent"; silentMs: number; heardAt: number; heardAgain: boolean }
  | { kind: "system_deaf"; deafMs: number; since: number; isOver: boolean }
  | { kind: "other"; condition: string; since: number; measured: Evidence[] };

/** When the cause began: the detector's onset, or the raising of a case from before it told. */
export function sinceOf(alert: Alert): number {
  return Date.parse(alert.onset_at ?? alert.raised_at);
}

/** Relative change in per cent; null where there is nothing to compare with. */
export function change(value: number, usual: number | null): number | null {
  return usual === null || usual <= 0 ? null : (value / usual - 1) * 100;
}

/** animal: whose case it is, where that is known; it tells whether her collar is heard again. */
export function findingOf(alert: Alert, now: number, animal: Animal | null = null): Finding {
  const since = sinceOf(alert);
  const of = (signal: string) => alert.evidence.filter((one) => one.signal === signal);
  switch (alert.condition) {
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
      const [activity] = of("activity");
      if (!activity?.usual) break;
      const [rumination] = of("rumination_minutes");
      return {
        kind: "oestrus",
        factor: activity.value / activity.usual,
        rumination: rumination ? change(rumination.value, rumination.usual) : null,
        since,
        isOver: now >= inseminationSpan(since).to,
      };
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
  }
  return { kind: "other", condition: alert.condition, since, measured: alert.evidence };
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

/** The hours in which inseminating is most likely to succeed, from the onset of heat. */
export function inseminationSpan(since: number): { from: number; to: number } {
  return { from: since + INSEMINATE_FROM_H * HOUR_MS, to: since + INSEMINATE_TO_H * HOUR_MS };
}

/**
 * How far a measured value is from her usual towards its limit: 0 = usual, 1 = the limit.
 * Null where no limit is known, or none can be compared.
 */
export function reach(one: Evidence): number | null {
  if (one.limit === null) return null;
  const base = one.usual ?? (one.unit === "Cel" ? one.limit - 1 : 0);
  const room = one.limit - base;
  return room === 0 ? null : Math.max(0, (one.value - base) / room);
}

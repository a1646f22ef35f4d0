// What a chart shows of a signal: not single hours, in which a cow ruminates or does not, but the
// sum of the last day, which is what detectors judge and sentences say. Pure.
import type { Alert, Values } from "../wire";

export interface Series {
  name: string;
  unit: string;
  values: Values;
  usual: Values;
  spread: Values;
}

/** Hours that are summed up: as in the detectors; 1 = each hour by itself. */
const WINDOW_HOURS: Record<string, number> = {
  rumination_minutes: 24,
  eating_minutes: 24,
  lying_minutes: 24,
  drinking_minutes: 24,
  steps: 12,
  activity: 12,
};
const KNOWN_SHARE_MIN = 0.75; // of the hours; below it a sum would be a guess

export function windowOf(signal: string): number {
  return WINDOW_HOURS[signal] ?? 1;
}

/**
 * The series summed over its signal's window. An hour that was not heard stays a gap, and so does
 * one whose window was heard too little; sums are scaled to a whole window. lying is in hours.
 */
export function rolled(series: Series): Series {
  const hours = windowOf(series.name);
  const inHours = series.name === "lying_minutes";
  const scale = inHours ? 1 / 60 : 1;
  if (hours === 1) return series;
  const squares = series.spread.map((one) => (one === null ? null : one * one));
  const sums = (values: Values) => values.map((_, at) => sumBefore(values, at, hours));
  return {
    ...series,
    unit: inHours ? "h" : series.unit,
    values: sums(series.values).map((sum, at) =>
      sum === null || series.values[at] === null ? null : sum * scale,
    ),
    usual: sums(series.usual).map((sum) => (sum === null ? null : sum * scale)),
    spread: sums(squares).map((sum) => (sum === null ? null : Math.sqrt(sum) * scale)),
  };
}

function sumBefore(values: Values, at: number, hours: number): number | null {
  const from = at - hours + 1;
  if (from < 0) return null;
  let sum = 0;
  let known = 0;
  for (let index = from; index <= at; index += 1) {
    const value = values[index];
    if (value == null) continue;
    sum += value;
    known += 1;
  }
  return known < KNOWN_SHARE_MIN * hours ? null : (sum * hours) / known;
}

/** Everything from step `from` on. */
export function since<T extends Series>(series: T, from: number): T {
  return {
    ...series,
    values: series.values.slice(from),
    usual: series.usual.slice(from),
    spread: series.spread.slice(from),
  };
}

export type Side = "above" | "below";

/** On which side of her usual this signal carries the case; null = it does not. */
export function sideOf(alert: Alert | null, signal: string): Side | null {
  const carries = alert?.evidence.find((one) => one.signal === signal);
  if (carries === undefined) return null;
  const base = carries.usual ?? carries.limit ?? carries.value;
  return carries.value < base ? "below" : "above";
}

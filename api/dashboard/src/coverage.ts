// How much of what a collar should have sent has arrived. Pure.
import type { Values } from "./wire";

const DAY_H = 24;

/**
 * The share of readings that arrived in her newest day, 0 to 1; null while nothing is known.
 * An hour without any reading is told as null: it counts as 0, or a silent collar would be perfect.
 * Left out are the hours before the collar was first heard, and the newest if it is not judged yet.
 */
export function coverageOf(hours: Values): number | null {
  const first = hours.findIndex((one) => one !== null);
  if (first < 0) return null;
  const end = hours.at(-1) === null ? hours.length - 1 : hours.length;
  const day = hours.slice(first, end).slice(-DAY_H);
  return day.reduce<number>((sum, one) => sum + (one ?? 0), 0) / day.length;
}

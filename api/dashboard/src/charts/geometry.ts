// Shapes of a chart in data units: x = index of the step, y = the signal's value. Pure.
import type { Values } from "../wire";

export type Point = [x: number, y: number];
export type Span = [from: number, to: number];

/** Her usual range is usual ± this many spreads: a healthy hour lies outside one time in eight. */
export const BAND_SPREADS = 1.5;

export interface Band {
  low: Values;
  high: Values;
}

/** The edges of her usual range; null where it is not known. */
export function bandOf(usual: Values, spread: Values): Band {
  const edge = (sign: number) =>
    usual.map((level, index) => {
      const wide = spread[index];
      return level === null || wide == null ? null : level + sign * BAND_SPREADS * wide;
    });
  const low = edge(-1).map((value) => (value === null ? null : Math.max(0, value)));
  return { low, high: edge(1) };
}

/** The runs of steps for which `is` holds, both ends included. */
export function runs(length: number, is: (index: number) => boolean): Span[] {
  const found: Span[] = [];
  let from = -1;
  for (let index = 0; index <= length; index += 1) {
    const inside = index < length && is(index);
    if (inside && from < 0) from = index;
    if (!inside && from >= 0) {
      found.push([from, index - 1]);
      from = -1;
    }
  }
  return found;
}

/** The band as closed shapes, one for each run of steps in which it is known. */
export function bandShapes({ low, high }: Band): Point[][] {
  return runs(low.length, (index) => low[index] != null && high[index] != null).map(
    ([from, to]) => {
      const shape: Point[] = [];
      for (let index = from; index <= to; index += 1) shape.push([index, high[index] as number]);
      for (let index = to; index >= from; index -= 1) shape.push([index, low[index] as number]);
      return shape;
    },
  );
}

/**
 * The areas between her line and the nearer edge of her band, from step `since` on.
 * side: the one that carries the case; null = both. Each closes where the line crosses the edge, so that nothing inside the band is coloured.
 */
export function departures(
  values: Values,
  band: Band,
  since = 0,
  side: "above" | "below" | null = null,
): Point[][] {
  const shapes: Point[][] = [];
  for (const [edge, sign, is] of [
    [band.low, -1, "below"],
    [band.high, 1, "above"],
  ] as const) {
    if (side !== null && side !== is) continue;
    const out = (index: number): number | null => {
      const value = values[index];
      const limit = edge[index];
      return value == null || limit == null ? null : (value - limit) * sign;
    };
    const isOut = (index: number) => index >= since && (out(index) ?? 0) > 0;
    for (const [from, to] of runs(values.length, isOut)) {
      const line: Point[] = [];
      const back: Point[] = [];
      const before = crossing(values, edge, out, from - 1, from);
      if (before !== null && before[0] >= since) line.push(before);
      for (let index = from; index <= to; index += 1) {
        line.push([index, values[index] as number]);
        back.push([index, edge[index] as number]);
      }
      const after = crossing(values, edge, out, to, to + 1);
      if (after !== null) line.push(after);
      if (line.length > 1) shapes.push([...line, ...back.reverse()]);
    }
  }
  return shapes;
}

/** Where line and edge meet between two neighbouring steps; null if one of them is not known. */
function crossing(
  values: Values,
  edge: Values,
  out: (index: number) => number | null,
  left: number,
  right: number,
): Point | null {
  const from = left < 0 ? null : out(left);
  const to = right >= values.length ? null : out(right);
  if (from === null || to === null || from === to) return null;
  const share = from / (from - to);
  const [start, end] = [edge[left] as number, edge[right] as number];
  return [left + share, start + share * (end - start)];
}

/** Spans without data that deserve hatching; a newest hour or two that is not judged yet does not. */
export function gapsOf(values: Values): Span[] {
  const last = values.length - 1;
  return runs(values.length, (index) => values[index] == null).filter(
    ([from, to]) => to < last || to - from >= 2,
  );
}

export function lastKnown(values: Values): number {
  for (let index = values.length - 1; index >= 0; index -= 1)
    if (values[index] != null) return index;
  return -1;
}

/** Fixed for each signal (see rolling.ts for what is summed), so that two animals compare; wider only where a value needs it. */
const RANGES: Record<string, Span> = {
  temperature_c: [37.5, 40.5],
  rumination_minutes: [200, 650],
  eating_minutes: [50, 400],
  lying_minutes: [6, 16],
  drinking_minutes: [0, 40],
  steps: [0, 2500],
  activity: [0, 4000],
};

export function rangeOf(signal: string, ...all: Values[]): Span {
  const known = all.flat().filter((value) => value !== null);
  const [low, high] = RANGES[signal] ?? [0, 1];
  const least = Math.min(low, ...known);
  const most = Math.max(high, ...known);
  return [least < low ? Math.floor(least) : low, most > high ? niceAbove(most) : high];
}

/** The next number of one or one and a half digits above. */
function niceAbove(value: number): number {
  if (value < 62) return Math.ceil(value);
  const unit = 10 ** Math.floor(Math.log10(value)) / 2;
  return Math.ceil(value / unit) * unit;
}

/** Two round values inside the range, for the two grid lines. */
export function ticksOf([low, high]: Span): Span {
  const third = (high - low) / 3;
  const unit = 10 ** Math.floor(Math.log10(third));
  const round = (value: number) => Math.round(value / unit) * unit;
  return [round(low + third), round(low + 2 * third)];
}

const NIGHT_FROM_H = 20;
const NIGHT_TO_H = 5;

/** The nights between two moments (ms), 20:00 to 05:00 by the browser's own clock. */
export function nightsOf(start: number, end: number): Span[] {
  const nights: Span[] = [];
  const first = new Date(start);
  first.setHours(NIGHT_FROM_H - 24, 0, 0, 0);
  for (const dusk = first; dusk.getTime() < end; dusk.setDate(dusk.getDate() + 1)) {
    const dawn = new Date(dusk);
    dawn.setDate(dawn.getDate() + 1);
    dawn.setHours(NIGHT_TO_H);
    const [from, to] = [Math.max(start, dusk.getTime()), Math.min(end, dawn.getTime())];
    if (from < to) nights.push([from, to]);
  }
  return nights;
}

/** The moments (ms) to be named on the time axis, every `hours` of the browser's own clock. */
export function marksOf(start: number, end: number, hours: number): number[] {
  const marks: number[] = [];
  const mark = new Date(start);
  mark.setHours(0, 0, 0, 0);
  for (; mark.getTime() <= end; mark.setHours(mark.getHours() + hours))
    if (mark.getTime() >= start) marks.push(mark.getTime());
  return marks;
}

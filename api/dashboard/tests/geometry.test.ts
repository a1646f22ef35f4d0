// Chart geometry: only the departure is coloured, gaps are gaps, and two animals compare.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bandOf,
  bandShapes,
  departures,
  gapsOf,
  marksOf,
  nightsOf,
  rangeOf,
  runs,
  ticksOf,
} from "../src/charts/geometry";
import { rolled, sideOf } from "../src/charts/rolling";
import { anAlert, anEvidence } from "./cases";

const flat = (value: number, count: number) => Array.from({ length: count }, () => value);
const band = { low: flat(8, 5), high: flat(12, 5) };

test("inside her band nothing is coloured", () => {
  assert.deepEqual(departures([9, 10, 11, 12, 8], band), []);
});

test("a departure begins and ends exactly where the line crosses the edge", () => {
  const [shape] = departures([10, 10, 14, 10, 10], band);
  assert.deepEqual(shape, [
    [1.5, 12],
    [2, 14],
    [2.5, 12],
    [2, 12],
  ]);
});

test("departures below are areas to the lower edge", () => {
  const [shape] = departures([10, 4, 10, 10, 10], band);
  assert.equal(shape?.[1]?.[1], 4);
  assert.equal(shape?.at(-1)?.[1], 8);
});

test("what happened before the case began stays uncoloured", () => {
  assert.deepEqual(departures([14, 14, 10, 10, 10], band, 3), []);
});

test("a departure at the edge of a gap is not drawn over it", () => {
  const [shape] = departures([10, 14, null, 14, 10], band);
  assert.deepEqual(shape, [
    [0.5, 12],
    [1, 14],
    [1, 12],
  ]);
});

test("a band that is not known everywhere comes in pieces, and never below nothing", () => {
  const found = bandOf([10, null, 10], [2, 2, 20]);
  assert.equal(bandShapes(found).length, 2);
  assert.equal(found.low[2], 0);
});

test("gaps are hatched, but an hour that is not judged yet is no gap", () => {
  assert.deepEqual(gapsOf([1, null, null, 1, null]), [[1, 2]]);
  assert.deepEqual(gapsOf([1, null, null, null]), [[1, 3]]);
});

test("runs find what holds at the end too", () => {
  assert.deepEqual(
    runs(4, (index) => index > 1),
    [[2, 3]],
  );
});

test("two animals have the same range; a value beyond widens it instead of leaving the paper", () => {
  assert.deepEqual(rangeOf("temperature_c", [38.5, null]), [37.5, 40.5]);
  const [, high] = rangeOf("temperature_c", [42.1]);
  assert.ok(high >= 42.1);
  assert.ok(rangeOf("steps", [9110])[1] >= 9110);
});

test("grid lines stand at round numbers inside the range", () => {
  for (const range of [
    [0, 62],
    [37.5, 40.5],
    [0, 450],
  ] as const) {
    const [first, second] = ticksOf([...range]);
    assert.ok(range[0] < first && first < second && second < range[1]);
  }
});

test("a week has its nights, cut at both ends", () => {
  const start = new Date(2026, 10, 18, 6).getTime();
  const nights = nightsOf(start, start + 7 * 24 * 3_600_000);
  assert.equal(nights.length, 7);
  assert.equal(new Date(nights[0]?.[0] ?? 0).getHours(), 20);
});

test("days are marked at their beginning", () => {
  const start = new Date(2026, 10, 18, 6).getTime();
  const marks = marksOf(start, start + 48 * 3_600_000, 24);
  assert.deepEqual(
    marks.map((mark) => new Date(mark).getHours()),
    [0, 0],
  );
});

test("only the side that carries the case is coloured", () => {
  assert.equal(departures([14, 10, 4, 10, 10], band, 0, "below").length, 1);
  assert.equal(departures([14, 10, 4, 10, 10], band).length, 2);
});

const aSeries = (name: string, values: (number | null)[]) => ({
  name,
  unit: "min",
  values,
  usual: flat(20, values.length),
  spread: flat(3, values.length),
});

test("a chart shows the last day's sum, as the detectors judge it", () => {
  const { values, usual, spread } = rolled(aSeries("rumination_minutes", flat(10, 30)));
  assert.deepEqual([values[22], values[23], usual[29]], [null, 240, 480]);
  assert.ok(Math.abs((spread[29] ?? 0) - Math.sqrt(24 * 9)) < 1e-9);
});

test("an hour that was not heard stays a gap, and a day heard too little has no sum", () => {
  const values = [...flat(10, 24), null, ...flat(10, 3)];
  assert.deepEqual(rolled(aSeries("rumination_minutes", values)).values.slice(23), [
    240,
    null,
    240,
    240,
    240,
  ]);
  const silent = [...flat(10, 12), ...Array.from({ length: 8 }, () => null), ...flat(10, 8)];
  assert.equal(rolled(aSeries("rumination_minutes", silent)).values.at(-1), null);
});

test("temperature is no sum, and lying is told in hours", () => {
  assert.equal(rolled(aSeries("temperature_c", [38.5])).values[0], 38.5);
  const lying = rolled(aSeries("lying_minutes", flat(30, 24)));
  assert.deepEqual([lying.values[23], lying.unit], [12, "h"]);
});

test("a case has the side on which its evidence lies", () => {
  const drop = anAlert({
    evidence: [anEvidence({ signal: "rumination_minutes", value: 300, usual: 500 })],
  });
  assert.equal(sideOf(drop, "rumination_minutes"), "below");
  assert.equal(sideOf(drop, "activity"), null);
});

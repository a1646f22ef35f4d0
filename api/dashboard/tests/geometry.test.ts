// Chart geometry: only the departure is coloured, gaps are gaps, and two animals compare.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bandOf, bandShapes, departures, gapsOf, lastDay, marksOf, nightsOf, rangeOf, runs, ticksOf } from "../src/charts/geometry";

const flat = (value: number, count: number) => Array.from({ length: count }, () => value);
const band = { low: flat(8, 5), high: flat(12, 5) };

test("inside her band nothing is coloured", () => {
  assert.deepEqual(departures([9, 10, 11, 12, 8], band), []);
});

test("a departure begins and ends exactly where the line crosses the edge", () => {
  const [shape] = departures([10, 10, 14, 10, 10], band);
  assert.deepEqual(shape, [[1.5, 12], [2, 14], [2.5, 12], [2, 12]]);
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
  assert.deepEqual(shape, [[0.5, 12], [1, 14], [1, 12]]);
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
  assert.deepEqual(runs(4, (index) => index > 1), [[2, 3]]);
});

test("two animals have the same range; a value beyond widens it instead of leaving the paper", () => {
  assert.deepEqual(rangeOf("temperature_c", [38.5, null]), [37.5, 40.5]);
  const [, high] = rangeOf("temperature_c", [42.1]);
  assert.ok(high >= 42.1);
  assert.ok(rangeOf("steps", [911])[1] >= 911);
});

test("grid lines stand at round numbers inside the range", () => {
  for (const range of [[0, 62], [37.5, 40.5], [0, 450]] as const) {
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
  assert.deepEqual(marks.map((mark) => new Date(mark).getHours()), [0, 0]);
});

test("a day with too few hours has no sum", () => {
  assert.equal(lastDay(flat(20, 24)), 480);
  assert.equal(lastDay([...flat(20, 12), ...Array.from({ length: 12 }, () => null), 20]), null);
});

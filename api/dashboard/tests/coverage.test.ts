// Coverage: a collar that says nothing is not perfect.
import assert from "node:assert/strict";
import { test } from "node:test";
import { coverageOf } from "../src/coverage";

const hours = (count: number, value: number | null) => Array<number | null>(count).fill(value);

test("hours without a reading count as nothing arrived", () => {
  assert.equal(coverageOf([...hours(12, 1), ...hours(12, null), 1]), 12 / 24);
  assert.equal(coverageOf([...hours(100, 1), ...hours(30, null)]), 0);
});

test("the newest hour counts only once it is judged", () => {
  assert.equal(coverageOf([...hours(30, 1), null]), 1);
});

test("before a collar is first heard there is nothing to miss", () => {
  assert.equal(coverageOf([...hours(180, null), ...hours(6, 0.5)]), 0.5);
  assert.equal(coverageOf(hours(192, null)), null);
  assert.equal(coverageOf([]), null);
});

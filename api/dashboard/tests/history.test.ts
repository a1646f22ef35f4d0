// A history that grows at its newest end while its older pages stay on the screen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { extended, refreshed } from "../src/history";
import type { History, HistoryEvent } from "../src/wire";

const page = (positions: number[], more: boolean): History => ({
  events: positions.map((position) => ({ position }) as HistoryEvent),
  more,
});

test("what was loaded beyond the first page stays when that page is loaded again", () => {
  const known = extended(page([9, 8, 7], true), page([6, 5], false));
  assert.deepEqual(known, page([9, 8, 7, 6, 5], false));
  assert.deepEqual(refreshed(known, page([10, 9, 8], true)), page([10, 9, 8, 7, 6, 5], false));
});

test("more news than a page holds leaves no hole: the older ones are asked for again", () => {
  assert.deepEqual(refreshed(page([9, 8, 7], false), page([20, 19], true)), page([20, 19], true));
});

test("a page that overlaps tells nothing twice", () => {
  assert.deepEqual(extended(page([9, 8], true), page([8, 7], true)), page([9, 8, 7], true));
});

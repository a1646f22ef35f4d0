// The board: what was loaded, what was told since, and what was tapped here, as one picture.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  changesBetween,
  countsOf,
  isOlder,
  isUnknown,
  sectionsOf,
  settle,
  viewOf,
} from "../src/board";
import type { Order } from "../src/orders";
import { bodyOf, expected, pathOf, seen, sent, unsent, withOrder } from "../src/orders";
import { aBoard, aCase, anAlert, hoursAgo, NOW } from "./cases";

const none = new Map();
const anOrder = (changes: Partial<Order> = {}): Order => ({
  key: "k1",
  verb: "acknowledge",
  farmId: "home",
  alertId: "alert-1",
  name: "Berta",
  at: hoursAgo(0),
  ...changes,
});
const view = (
  board = aBoard([aCase()]),
  told: ReadonlyMap<string, ReturnType<typeof anAlert>> = none,
  orders: Order[] = [],
) => viewOf(board, told, orders, "owner");

test("a tap shows at once as mine, before the farm computer knows", () => {
  const [shown] = view(undefined, none, [anOrder()]).cases;
  assert.equal(shown?.alert.status, "acknowledged");
  assert.equal(shown?.alert.acknowledged_by, "user:owner");
});

test("what was told counts over what was loaded, but never what is older", () => {
  const newer = new Map([["alert-1", anAlert({ status: "acknowledged", position: 11 })]]);
  const older = new Map([["alert-1", anAlert({ status: "acknowledged", position: 9 })]]);
  assert.equal(view(undefined, newer).cases[0]?.alert.status, "acknowledged");
  assert.equal(view(undefined, older).cases[0]?.alert.status, "open");
});

test("a case that is closed leaves the list and stands under done", () => {
  const told = new Map([
    ["alert-1", anAlert({ status: "closed", closed_at: hoursAgo(0), position: 11 })],
  ]);
  const { cases, done } = view(undefined, told);
  assert.equal(cases.length, 0);
  assert.equal(done[0]?.alert.alert_id, "alert-1");
});

test("a new case never moves a row under a finger: it waits, and enters at its rank after", () => {
  const before = view(aBoard([aCase({ alert_id: "a" })])).cases;
  const next = view(
    aBoard([aCase({ alert_id: "new", priority: "critical" }), aCase({ alert_id: "a" })]),
  ).cases;
  const busy = settle(before, next, true);
  assert.deepEqual(
    busy.shown.map((one) => one.alert.alert_id),
    ["a"],
  );
  assert.equal(busy.waiting, 1);
  assert.deepEqual(settle(before, next, false).shown, next);
});

test("a closed case stays in its place under a finger, and changes are seen there", () => {
  const before = view(aBoard([aCase({ alert_id: "a" }), aCase({ alert_id: "b" })])).cases;
  const next = view(aBoard([aCase({ alert_id: "b", status: "acknowledged" })])).cases;
  const { shown } = settle(before, next, true);
  assert.deepEqual(
    shown.map((one) => one.alert.status),
    ["open", "acknowledged"],
  );
});

test("sections keep the order of the API within a priority", () => {
  const cases = ["n1:normal", "u1:urgent", "n2:normal"].map((text) => {
    const [alert_id = "", priority] = text.split(":");
    return aCase({ alert_id, priority: priority as "normal" });
  });
  const found = sectionsOf(view(aBoard(cases)).cases);
  assert.deepEqual(
    found.map((one) => one.cases.map((each) => each.alert.alert_id)),
    [["u1"], ["n1", "n2"]],
  );
});

test("critical and urgent are counted together; done counts since midnight", () => {
  const cases = [
    aCase({ alert_id: "a", priority: "critical" }),
    aCase({ alert_id: "b" }),
    aCase({ alert_id: "c", priority: "normal" }),
  ];
  const done = [
    { alert: anAlert({ alert_id: "d", status: "closed", closed_at: hoursAgo(1) }), animal: null },
    { alert: anAlert({ alert_id: "e", status: "closed", closed_at: hoursAgo(20) }), animal: null },
  ];
  const found = countsOf(view(aBoard(cases, { done })), NOW - 6 * 3_600_000);
  assert.deepEqual(found, { urgent: 2, check: 1, done: 1 });
});

test("after a gap the screen can say what is new, changed and closed", () => {
  const before = aBoard([
    aCase({ alert_id: "stays" }),
    aCase({ alert_id: "taken" }),
    aCase({ alert_id: "gone" }),
  ]);
  const after = aBoard([
    aCase({ alert_id: "new" }),
    aCase({ alert_id: "stays" }),
    aCase({ alert_id: "taken", status: "acknowledged" }),
  ]);
  const found = changesBetween(before, after).map(({ kind, alert }) => `${kind} ${alert.alert_id}`);
  assert.deepEqual(found, ["fresh new", "changed taken", "gone gone"]);
});

test("only a case that was never loaded needs the board again", () => {
  const board = aBoard([aCase()]);
  assert.equal(isUnknown(board, anAlert()), false);
  assert.equal(isUnknown(board, anAlert({ alert_id: "new" })), true);
  assert.equal(isUnknown(board, anAlert({ alert_id: "new", status: "closed" })), false);
});

test("an answer that was overtaken is older; a new epoch never is", () => {
  const board = aBoard([]);
  assert.equal(isOlder(aBoard([], { position: 9 }), board), true);
  assert.equal(isOlder(aBoard([], { position: 10 }), board), false);
  assert.equal(isOlder(aBoard([], { position: 9, epoch: "e2" }), board), false);
});

test("giving back what was never sent sends nothing at all", () => {
  const release = anOrder({ key: "k2", verb: "release" });
  assert.deepEqual(withOrder([anOrder()], release, null), []);
});

test("giving back what is on its way is sent after it", () => {
  const release = anOrder({ key: "k2", verb: "release" });
  const kept = withOrder([anOrder()], release, "k1");
  assert.deepEqual(
    kept.map((one) => one.verb),
    ["acknowledge", "release"],
  );
});

test("a sent order stays until the screen has heard of it, so that nothing flickers back", () => {
  const waiting = sent([anOrder()], "k1", 12);
  assert.equal(unsent(waiting).length, 0);
  assert.equal(seen(waiting, anAlert({ position: 11 })).length, 1);
  assert.equal(seen(waiting, anAlert({ position: 12 })).length, 0);
});

test("an order that was overtaken shows what has really happened", () => {
  const other = anAlert({ status: "acknowledged", acknowledged_by: "user:jonas", position: 20 });
  const order = anOrder({ position: 12 });
  assert.equal(expected(other, order, "owner").acknowledged_by, "user:jonas");
});

test("a judgement is sent with its outcome and note, a tap without a body", () => {
  const close = anOrder({ verb: "close", outcome: "confirmed", note: "udder warm" });
  assert.equal(pathOf(close), "/api/v1/farms/home/alerts/alert-1/close");
  assert.deepEqual(bodyOf(close), { outcome: "confirmed", note: "udder warm" });
  assert.equal(bodyOf(anOrder()), null);
});

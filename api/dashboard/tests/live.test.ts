// The live stream: resumed where it stopped, told once, and honest about what it does not know.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connection } from "../src/live/chip";
import { chipOf } from "../src/live/chip";
import { greeting, step, streamAt } from "../src/live/stream";
import type { LiveMessage, Pulse } from "../src/wire";
import { anAlert, hoursAgo, NOW } from "./cases";

const pulse: Pulse = {
  newest_reading_at: new Date(NOW - 4_000).toISOString(),
  newest_received_at: null,
  heard: 1,
  animals: 1,
};
const stream = streamAt("e1", 10, null);
const anEvent = (offset: number, position = offset): LiveMessage => ({
  type: "ev",
  ch: "farm/f/alerts",
  epoch: "e1",
  offset,
  data: { type: "alert.raised.v1", alert: anAlert({ position }) },
});

test("it asks to go on from where it stands", () => {
  const [auth, alerts, pulse] = greeting("token", "f", { ...stream, offset: 42 });
  assert.deepEqual(auth, { type: "auth", token: "token" });
  assert.deepEqual(alerts, {
    type: "sub",
    id: 1,
    channel: "farm/f/alerts",
    since: { epoch: "e1", offset: 42 },
  });
  assert.deepEqual(pulse, { type: "sub", id: 2, channel: "farm/f/pulse" });
});

test("an event moves it on, and one that comes twice changes nothing", () => {
  const once = step(stream, anEvent(11));
  assert.equal(once.stream.offset, 11);
  assert.equal(once.effects[0]?.kind, "alert");
  const twice = step(once.stream, anEvent(11));
  assert.deepEqual(twice, { stream: once.stream, effects: [] });
});

test("a resume without a gap keeps everything", () => {
  const { stream: after, effects } = step(stream, {
    type: "subbed",
    id: 1,
    epoch: "e1",
    offset: 10,
    recovered: true,
  });
  assert.equal(after.offset, 10);
  assert.deepEqual(effects, []);
});

test("a record that cannot be continued is a gap: the new list counts, in the new epoch", () => {
  const snapshot = [anAlert({ alert_id: "a", position: 3 })];
  const { stream: after, effects } = step(stream, {
    type: "subbed",
    id: 1,
    epoch: "e2",
    offset: 3,
    recovered: false,
    as_of: null,
    snapshot,
  });
  assert.deepEqual([after.epoch, after.offset, [...after.told.keys()]], ["e2", 3, ["a"]]);
  assert.deepEqual(effects, [{ kind: "gap" }]);
});

test("the answer for the pulse is no gap of the cases", () => {
  const message: LiveMessage = {
    type: "subbed",
    id: 2,
    epoch: "e1",
    offset: 0,
    recovered: false,
    as_of: null,
    snapshot: [],
  };
  assert.deepEqual(step(stream, message), { stream, effects: [] });
});

test("after a restore of the store its events count though their numbers are lower", () => {
  const { stream: after } = step(stream, { ...anEvent(2), epoch: "e2" } as LiveMessage);
  assert.deepEqual([after.epoch, after.offset], ["e2", 2]);
});

test("stale is believed until the next ping", () => {
  const stale = step(stream, { type: "stale", as_of: hoursAgo(1), now: hoursAgo(0) }).stream;
  assert.equal(stale.stale, true);
  assert.equal(
    step(stale, { type: "ping", as_of: hoursAgo(0), now: hoursAgo(0) }).stream.stale,
    false,
  );
});

test("the pulse brings the farm's clock, and keeps the number of animals while it is not told", () => {
  const before = { ...stream, pulse: { ...pulse, animals: 120 } };
  const message: LiveMessage = {
    type: "tm",
    ch: "farm/f/pulse",
    now: hoursAgo(0),
    data: { ...pulse, animals: null },
  };
  const { stream: after, effects } = step(before, message);
  assert.equal(after.pulse?.animals, 120);
  assert.deepEqual(effects, [{ kind: "clock", at: hoursAgo(0) }]);
});

test("a word of a later protocol is passed over", () => {
  const later = { type: "weather", rain: true } as unknown as LiveMessage;
  assert.deepEqual(step(stream, later), { stream, effects: [] });
});

const live: Connection = { phase: "live" };
const chip = (connection: Connection, told = {}, online = true) =>
  chipOf(connection, online, { pulse, stale: false, asOf: null, ...told }, NOW, NOW);

test("live tells the age of the newest reading", () => {
  assert.deepEqual(chip(live), { kind: "live", ageMs: 4_000 });
});

test("an open socket is not enough: without readings for over five minutes it is stale", () => {
  const old = { ...pulse, newest_reading_at: new Date(NOW - 14 * 60_000).toISOString() };
  assert.deepEqual(chip(live, { pulse: old }), { kind: "stale", ageMs: 14 * 60_000 });
});

test("old readings that come in just now are a past that is caught up with", () => {
  const old = { ...pulse, newest_reading_at: hoursAgo(120), newest_received_at: hoursAgo(0.01) };
  assert.equal(chip(live, { pulse: old }).kind, "catching");
});

test("what the server cannot tell is stale since then", () => {
  assert.deepEqual(chip(live, { stale: true, asOf: NOW - 60_000 }), {
    kind: "stale",
    ageMs: 60_000,
  });
});

test("a loss is reconnecting for a minute, then offline; without a network at once", () => {
  const lost = (ageMs: number): Connection => ({
    phase: "lost",
    since: NOW - ageMs,
    nextTryAt: null,
  });
  assert.equal(chip(lost(38_000)).kind, "reconnecting");
  assert.equal(chip(lost(61_000)).kind, "offline");
  assert.equal(chip(lost(1_000), {}, false).kind, "offline");
});

test("before the first answer it is loading, with no age made up", () => {
  assert.deepEqual(chip({ phase: "loading" }), { kind: "loading", ageMs: null });
});

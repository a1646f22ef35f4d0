// Sentences: who, what changed by how much against what is usual, since when, what it may be.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tagOf } from "../src/board";
import type { Alert, Animal, Evidence } from "../src/wire";
import { parts, plain } from "../src/words/bold";
import { de } from "../src/words/de";
import { en } from "../src/words/en";
import { es } from "../src/words/es";
import { findingOf, inseminationSpan, reach, signsOf, topicOf } from "../src/words/finding";
import { formatOf } from "../src/words/format";
import { anAlert, anEvidence, hoursAgo, NOW } from "./cases";

const ALL = [en, de, es];
const fever = anAlert({
  evidence: [
    anEvidence({
      signal: "temperature_c",
      unit: "Cel",
      value: 39.7,
      limit: 39.6,
      usual: 38.5,
      at: hoursAgo(0.3),
    }),
    anEvidence({
      signal: "temperature_c",
      unit: "Cel",
      value: 40.0,
      limit: 39.6,
      usual: 38.6,
      at: hoursAgo(0.1),
    }),
  ],
});
const rumination = anAlert({
  condition: "rumination_drop",
  onset_at: hoursAgo(9),
  evidence: [
    anEvidence({ signal: "rumination_minutes", unit: "min", value: 312, limit: 352, usual: 503 }),
    anEvidence({ signal: "eating_minutes", unit: "min", value: 168, usual: 214 }),
    anEvidence({ signal: "herd_rumination_pct", unit: "%", value: -3 }),
  ],
});
const oestrus = anAlert({
  condition: "oestrus",
  onset_at: "2026-11-24T02:20:00Z",
  evidence: [anEvidence({ value: 462, usual: 220, limit: 374 })],
});
const silent = anAlert({
  condition: "collar_silent",
  evidence: [
    anEvidence({
      signal: "silent_minutes",
      unit: "min",
      value: 180,
      limit: 180,
      at: hoursAgo(6 + 1 / 3),
    }),
  ],
});

function said(words: typeof en, alert: Alert, name = "Berta"): string {
  const format = formatOf(words.locale, words, "UTC");
  return plain(words.sentence(name, findingOf(alert, NOW), format, NOW)).replaceAll("\u00a0", " ");
}

test("a fever is told by its newest reading against her usual for that hour", () => {
  assert.match(
    said(en, fever),
    /^Berta is 1\.4 °C above her usual for this hour \(40\.0 °C\), since 00:52\./,
  );
  assert.match(said(de, fever), /^Berta ist 1,4 °C wärmer als sonst um diese Zeit/);
});

test("a fever whose usual is not known is told as it was measured, and nothing is made up", () => {
  const unknown = anAlert({ evidence: fever.evidence.map((one) => ({ ...one, usual: null })) });
  assert.match(said(en, unknown), /^Berta has 40\.0 °C, since/);
});

test("a drop of rumination says what share, the minutes, and that the herd is as usual", () => {
  const sentence = said(en, rumination);
  assert.match(
    sentence,
    /ruminates 38 % less .* 312 instead of 503 minutes a day, since Mon 20:52/,
  );
  assert.match(sentence, /rest of the herd ruminates as usual \(−3 %\)/);
});

test("a herd that eats less too is not called usual: then it may be the feed", () => {
  const evidence = rumination.evidence.map((one) =>
    one.unit === "%" ? { ...one, value: -22 } : one,
  );
  assert.doesNotMatch(said(en, anAlert({ ...rumination, evidence })), /rest of the herd/);
});

test("heat names the hours in which to inseminate, from its onset", () => {
  assert.match(
    said(en, oestrus),
    /2\.1 times as active .* May be in heat: best time to inseminate 08–16 h/,
  );
  const { from, to } = inseminationSpan(Date.parse("2026-11-24T02:20:00Z"));
  assert.equal((to - from) / 3_600_000, 8);
});

test("the silence of a collar grows with the clock, until it is over", () => {
  assert.match(said(en, silent), /silent for 6 h 20 min, last heard Mon 23:32/);
  assert.match(said(en, anAlert({ ...silent, resolved_at: hoursAgo(2) })), /silent for 4 h 20 min/);
});

test("a collar that is heard again is neither lost nor looked for", () => {
  const over = anAlert({ ...silent, status: "resolved", resolved_at: hoursAgo(2) });
  const heard = { last_heard_at: hoursAgo(0.1) } as Animal;
  const format = formatOf("en-GB", en, "UTC");
  const finding = findingOf(over, NOW, heard);
  assert.equal(
    plain(en.sentence("Berta", finding, format, NOW)).replaceAll("\u00a0", " "),
    "Berta’s collar was silent for 4 h 20 min, from Mon 23:32. It is heard again.",
  );
  for (const words of ALL) {
    assert.equal(words.steps(finding).length, 2);
    assert.notDeepEqual(words.steps(finding), words.steps(findingOf(silent, NOW, heard)));
  }
  // taken off: the case is over, and nobody has heard the collar
  const never = { last_heard_at: hoursAgo(6 + 1 / 3) } as Animal;
  assert.match(plain(en.sentence("Berta", findingOf(over, NOW, never), format, NOW)), /lost/);
});

test("when nothing can be heard, the farm is told once, and not that its collars are lost", () => {
  const evidence = [anEvidence({ signal: "deaf_minutes", unit: "min", value: 2, limit: 2 })];
  const deaf = anAlert({
    condition: "system_deaf",
    subject_kind: "farm",
    subject_id: "home",
    onset_at: hoursAgo(0.5),
    evidence,
  });
  const over = anAlert({ ...deaf, status: "resolved", resolved_at: hoursAgo(0.1) });
  assert.match(
    said(en, deaf),
    /^No collar has been heard for 30 min, since .* way to us is closed/,
  );
  assert.match(said(en, over), /^No collar could be heard for 2 min, .* heard again/);
  assert.match(said(de, deaf), /^Seit 30 min ist kein Halsband zu hören/);
  for (const words of ALL) {
    assert.doesNotMatch(said(words, deaf), /Berta|home|undefined|NaN|null/);
    assert.equal(words.steps(findingOf(deaf, NOW)).length, 3);
    assert.equal(words.steps(findingOf(over, NOW)).length, 1);
  }
  assert.equal(tagOf(null, deaf), "⌂");
});

test("the hours to inseminate name their day unless it is today, and end", () => {
  const at = (onset_at: string) => said(en, anAlert({ ...oestrus, onset_at }));
  assert.match(at("2026-11-24T05:20:00Z"), /best time to inseminate 11–19 h/);
  assert.match(at("2026-11-23T20:20:00Z"), /best time to inseminate 02–10 h/);
  assert.match(at("2026-11-24T19:20:00Z"), /best time to inseminate Wed 01–09 h/);
  assert.match(at("2026-11-23T12:20:00Z"), /best time to inseminate is over \(Mon 18–02 h\)/);
  const over = findingOf(anAlert({ ...oestrus, onset_at: hoursAgo(20) }), NOW);
  for (const words of ALL) assert.equal(words.steps(over).length, 1);
});

test("the hours to inseminate are the detector's, not ours, where it names them", () => {
  const moment = (signal: string, at: string) => anEvidence({ signal, unit: "h", value: 12, at });
  const evidence = [
    ...oestrus.evidence,
    moment("inseminate_from", "2026-11-24T12:00:00Z"),
    moment("inseminate_until", "2026-11-25T00:00:00Z"),
  ];
  const told = anAlert({ ...oestrus, evidence });
  assert.match(said(en, told), /best time to inseminate 12–00 h/);
  assert.deepEqual(
    signsOf(told).map((one) => one.signal),
    ["activity"],
  );
  const steps = { ...oestrus, evidence: [anEvidence({ signal: "steps", value: 300, usual: 100 })] };
  assert.match(said(en, anAlert(steps)), /3\.0 times as active/);
  const calm = anAlert({ ...oestrus, evidence: evidence.slice(1) });
  for (const words of ALL) assert.doesNotMatch(said(words, calm), /inseminate_|undefined|NaN|null/);
});

test("a herd without water is told to look at the water, not at a cow", () => {
  const evidence = [
    anEvidence({ signal: "herd_drinking_pct", unit: "%", value: 4, limit: 15, usual: 100 }),
  ];
  const dry = anAlert({
    condition: "drinking_stopped",
    subject_kind: "farm",
    subject_id: "home",
    evidence,
  });
  assert.match(said(en, dry), /^The herd does not drink: look at the water\. It drinks 4 %/);
  assert.match(said(de, dry), /^Die Herde trinkt nicht: nach dem Wasser sehen\./);
  for (const words of ALL) {
    const cow = findingOf(anAlert({ ...dry, subject_kind: "animal" }), NOW);
    assert.notDeepEqual(words.steps(findingOf(dry, NOW)), words.steps(cow));
    assert.notEqual(words.rightMeans(topicOf(dry)), words.rightMeans(dry.condition));
  }
});

test("a silent radio box is named, with how many collars it took along", () => {
  const box = anAlert({
    condition: "station_silent",
    subject_kind: "station",
    subject_id: "barn-2",
    onset_at: hoursAgo(1.2),
    evidence: [
      anEvidence({ signal: "silent_minutes", unit: "min", value: 45, limit: 45 }),
      anEvidence({ signal: "silent_collars", value: 14 }),
    ],
  });
  const name = en.radioBox(box.subject_id);
  assert.match(said(en, box, name), /^Radio box barn-2 has been silent for 1 h 12 min/);
  assert.match(said(en, box, name), /14 collars are heard through no other/);
  const over = anAlert({ ...box, resolved_at: hoursAgo(0.1) });
  assert.match(said(en, over, name), /silent for 45 min, .* heard again/);
  const line = anAlert({ ...box, subject_kind: "farm", subject_id: "home" });
  assert.match(said(en, line, "home"), /^The line to the radio boxes/);
  assert.equal(tagOf(null, box), "(•)");
});

test("signs are read as people say them: counts as counts, shares as changes, each signal once", () => {
  const of = (condition: string, evidence: Evidence[]) =>
    said(en, anAlert({ condition, evidence }));
  const ill = anEvidence({ signal: "ill_animals", value: 9, limit: 5.2, usual: 1.5 });
  assert.match(of("herd_outbreak", [ill]), /Ill animals 9/);
  const slow = anEvidence({ signal: "steps", unit: "%", value: 77, usual: 100 });
  assert.match(of("lameness", [slow]), /Steps −23 %/);
  const volts = [3.22, 3.21, 3.2].map((value, at) =>
    anEvidence({ signal: "battery_v", unit: "V", value, limit: 3.24, at: hoursAgo(1 - at / 4) }),
  );
  assert.match(of("battery_low", volts), /Battery 3\.2 V\./);
  assert.ok((reach(volts[2] as Evidence) ?? 0) > 1, "under its limit is over the line");
  const both = [anEvidence({ value: 1, usual: 2 }), slow];
  const german = said(de, anAlert({ condition: "illness", evidence: both }));
  assert.match(german, /Aktivität −50 %, Schritte −23 %/);
});

test("no sentence ever claims a diagnosis, and none uses a word of ours", () => {
  const maybe = /[Mm]ay be|[Vv]ielleicht|[Pp]uede/;
  for (const words of ALL)
    for (const alert of [fever, rumination, oestrus, silent]) {
      assert.match(said(words, alert), maybe);
      assert.doesNotMatch(said(words, alert), /alert|anomal|score|undefined|NaN|null/i);
    }
});

test("evidence that is missing or of another condition still gives a sentence", () => {
  for (const words of ALL)
    for (const condition of [
      "fever",
      "rumination_drop",
      "oestrus",
      "collar_silent",
      "lameness",
      "never_heard_of",
    ])
      assert.match(said(words, anAlert({ condition, evidence: [] })), /^Berta: \S/);
});

test("every condition says in every language what it may be, what to do and what right means", () => {
  const measured = [
    { signal: "rumination_minutes", unit: "min", value: 300, limit: null, usual: 480 },
    { signal: "temperature_c", unit: "Cel", value: 39.9, limit: 39.5, usual: 38.9 },
  ].map((one) => ({ ...one, at: "2026-11-24T04:00:00Z" }));
  for (const words of ALL)
    for (const condition of Object.keys(words.conditions)) {
      const alert = anAlert({ condition, evidence: measured });
      const finding = findingOf(alert, NOW);
      const text = said(words, alert);
      if (finding.kind === "other") {
        assert.match(text, /−3[78] ?%/u, `${words.locale} ${condition}: ${text}`);
        assert.match(text, /[+]1[.,]0/, `${words.locale} ${condition}: ${text}`);
      }
      assert.notEqual(words.rightMeans(condition), "", `${words.locale} ${condition}`);
      assert.ok(words.steps(finding).length > 0);
    }
});

test("what a language calls a condition or a signal, every language does", () => {
  for (const words of ALL) {
    assert.deepEqual(Object.keys(words.conditions), Object.keys(en.conditions));
    assert.deepEqual(Object.keys(words.signals), Object.keys(en.signals));
    assert.deepEqual(Object.keys(words.event), Object.keys(en.event));
    assert.deepEqual(Object.keys(words.units), Object.keys(en.units));
  }
});

test("fewer than three closed cases are too few for a track record", () => {
  assert.match(en.record(2, 2), /Too new/);
  assert.equal(en.record(7, 9), "On this farm right 7 of 9 times");
});

test("times are told as people do: the clock today, a weekday this week, a date before", () => {
  const f = formatOf("en-GB", en, "UTC");
  assert.equal(f.since(Date.parse("2026-11-24T02:20:00Z"), NOW), "02:20");
  assert.equal(f.since(Date.parse("2026-11-23T21:10:00Z"), NOW), "Mon 21:10");
  assert.equal(f.since(Date.parse("2026-11-12T21:10:00Z"), NOW), "12 Nov");
  assert.equal(f.duration(380 * 60_000), "6 h 20 min");
  assert.equal(f.duration(50 * 3_600_000), "2 days 2 h");
  assert.deepEqual([4_000, 840_000, 3 * 3_600_000].map(f.age), ["4 s", "14 min", "3 h"]);
});

test("minus is a minus, zero has no sign", () => {
  const f = formatOf("de-DE", de, "UTC");
  assert.equal(f.signed(-0.94, 1), "−0,9");
  assert.equal(f.percent(-0.2), "0 %");
});

test("bold words come apart from the rest, and a number keeps its unit", () => {
  const format = formatOf("en-GB", en, "UTC");
  const found = parts(en.fact(findingOf(rumination, NOW), format, NOW));
  assert.deepEqual(found, [
    { text: "Rumination ", bold: false },
    { text: "−38\u00a0%", bold: true },
  ]);
});

test("the bar of a limit is full at the limit, from her usual on, whichever side it lies", () => {
  assert.equal(reach(anEvidence({ value: 352, limit: 352, usual: 503 })), 1);
  assert.equal(reach(anEvidence({ value: 503, limit: 352, usual: 503 })), 0);
  assert.equal(reach(anEvidence({ unit: "Cel", value: 39.6, limit: 39.6 })), 1);
  assert.equal(reach(anEvidence({ value: 5 })), null);
});

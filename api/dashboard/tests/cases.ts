// Cases for the tests of the pure parts: what a test does not name is unremarkable.
import type { Alert, Board, Case, Evidence } from "../src/wire";

export const NOW = Date.parse("2026-11-24T05:52:00Z");
export const hoursAgo = (hours: number) => new Date(NOW - hours * 3_600_000).toISOString();

export function anEvidence(changes: Partial<Evidence>): Evidence {
  return {
    signal: "activity",
    unit: "1",
    value: 1,
    limit: null,
    usual: null,
    at: hoursAgo(0.1),
    ...changes,
  };
}

export function anAlert(changes: Partial<Alert> = {}): Alert {
  return {
    alert_id: "alert-1",
    farm_id: "home",
    subject_kind: "animal",
    subject_id: "cow-1",
    condition: "fever",
    number: 1,
    priority: "urgent",
    status: "open",
    detection_id: "detection-1",
    revision: 1,
    evidence: [],
    onset_at: hoursAgo(5),
    raised_at: hoursAgo(4),
    updated_at: hoursAgo(4),
    position: 10,
    acknowledged_by: null,
    acknowledged_at: null,
    resolved_at: null,
    retracted: false,
    closed_by: null,
    closed_at: null,
    outcome: null,
    note: null,
    ...changes,
  };
}

export function aCase(changes: Partial<Alert> = {}): Case {
  return { alert: anAlert(changes), animal: null, spark: null, track: null };
}

export function aBoard(cases: Case[], changes: Partial<Board> = {}): Board {
  return {
    epoch: "e1",
    position: 10,
    as_of: null,
    missing: [],
    now: new Date(NOW).toISOString(),
    pulse: { newest_reading_at: null, newest_received_at: null, heard: 0, animals: 1 },
    cases,
    done: [],
    ...changes,
  };
}

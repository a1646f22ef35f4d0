// What goes over the wire: the API's answers and the messages of `/live`. Times are ISO UTC with Z.

export type Priority = "critical" | "urgent" | "normal" | "informational";
export type Status = "open" | "acknowledged" | "resolved" | "closed";
export type Outcome = "confirmed" | "other_finding" | "nothing_found" | "device_fault";
export type Time = string;

/** One measured value that carried a judgement; `usual` = what is usual for her, same unit. */
export interface Evidence {
  signal: string;
  unit: string;
  value: number;
  limit: number | null;
  usual: number | null;
  at: Time;
}

export interface Alert {
  alert_id: string;
  farm_id: string;
  subject_kind: string;
  subject_id: string;
  condition: string;
  number: number;
  priority: Priority;
  status: Status;
  detection_id: string;
  revision: number;
  evidence: Evidence[];
  onset_at: Time | null;
  raised_at: Time;
  updated_at: Time;
  position: number;
  acknowledged_by: string | null;
  acknowledged_at: Time | null;
  resolved_at: Time | null;
  retracted: boolean; // it is over because later data took it back
  closed_by: string | null;
  closed_at: Time | null;
  outcome: Outcome | null;
  note: string | null;
}

export interface Animal {
  animal_id: string;
  external_id: string | null;
  name: string | null;
  group: string | null;
  tag: string;
  parity: number | null;
  calved_at: Time | null;
  collar_id: string | null;
  last_heard_at: Time | null;
}

export type Values = (number | null)[];

/** The last 48 hours of a case's main signal, one value a step. */
export interface Spark {
  signal: string;
  unit: string;
  start: Time;
  step_s: number;
  values: Values;
  usual: Values;
  spread: Values;
}

/** How a condition's closed cases ended on this farm; `last` newest first. */
export interface Track {
  closed: number;
  right: number;
  last: Outcome[];
}

export interface Case {
  alert: Alert;
  animal: Animal | null;
  spark: Spark | null;
  track: Track | null;
}

export interface DoneCase {
  alert: Alert;
  animal: Animal | null;
}

export interface Pulse {
  newest_reading_at: Time | null;
  newest_received_at: Time | null;
  heard: number;
  animals: number | null; // of the register; null = it could not be asked
}

/** A store that could not be asked for this answer; what it knows is left out. */
export type Missing = "latest" | "analytics" | "history" | "worklist";

export interface Board {
  missing: Missing[];
  epoch: string;
  position: number;
  as_of: Time | null;
  now: Time;
  pulse: Pulse | null;
  cases: Case[];
  done: DoneCase[];
}

export interface Farm {
  farm_id: string;
  name: string | null;
  animals: number;
}

export interface Latest {
  at: Time;
  received_at: Time;
  measures: Record<string, number>;
}

export interface AnimalPage {
  missing: Missing[];
  animal: Animal;
  cases: Alert[];
  latest: Latest | null;
  track: Record<string, Track>;
}

export interface SignalSeries {
  name: string;
  unit: string;
  values: Values;
  usual: Values;
  spread: Values;
}

/** How far a detector was from telling something; score null = not judged, why_not says why. */
export interface Score {
  detector: string;
  condition: string;
  score: number | null;
  limit: number | null;
  unit: string;
  why_not: string | null;
}

export interface Signals {
  start: Time;
  end: Time;
  step_s: number;
  signals: SignalSeries[];
  coverage: Values;
  scores: Score[];
  scores_at: Time | null;
  /** Days of hers heard so far, of those after which every detector knows her; null = not told. */
  learnt_days: number | null;
  learning_days: number;
}

export interface HistoryEvent {
  event_id: string;
  type: string;
  occurred_at: Time;
  recorded_at: Time;
  position: number;
  actor: string;
  data: Record<string, unknown>;
}

export interface History {
  events: HistoryEvent[];
  more: boolean;
}

export interface SignIn {
  token: string;
  user_id: string;
  expires_at: Time;
}

/** A message of the server on `/live`. now: the farm's time; as_of: real time. */
export type LiveMessage =
  | { type: "hello"; server: string; epoch: string; heartbeat_s: number }
  | { type: "subbed"; id: number; epoch: string; offset: number; recovered: true }
  | {
      type: "subbed";
      id: number;
      epoch: string;
      offset: number;
      recovered: false;
      as_of: Time | null;
      snapshot: Alert[];
    }
  | { type: "ev"; ch: string; epoch: string; offset: number; data: { type: string; alert: Alert } }
  | { type: "tm"; ch: string; now: Time; data: Pulse }
  | { type: "ping"; as_of: Time | null; now: Time }
  | { type: "stale"; as_of: Time | null; now: Time };

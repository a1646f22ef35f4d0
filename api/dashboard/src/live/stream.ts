// The live stream as a fold: what the screen knows after each message. Pure.
import type { Alert, LiveMessage, Pulse, Time } from "../wire";

/** Where we stand in the farm's log, and the newest row told of each case since. */
export interface Stream {
  epoch: string;
  offset: number;
  told: ReadonlyMap<string, Alert>;
  stale: boolean; // the server cannot say what happened after asOf
  asOf: Time | null;
  pulse: Pulse | null;
}

/** What has to be done beside keeping the state. */
export type Effect =
  | { kind: "alert"; alert: Alert } // news of one case
  | { kind: "gap" } // the record could not be continued: load the board anew, say what changed
  | { kind: "clock"; at: Time }; // what time it is on the farm

export const ALERTS_ID = 1;
export const PULSE_ID = 2;

export function streamAt(
  epoch: string,
  offset: number,
  asOf: Time | null,
  pulse: Pulse | null = null,
): Stream {
  return { epoch, offset, told: new Map(), stale: false, asOf, pulse };
}

/** The client's first words after hello: who it is, and from where it wants to hear. */
export function greeting(token: string, farmId: string, stream: Stream): object[] {
  return [
    { type: "auth", token },
    {
      type: "sub",
      id: ALERTS_ID,
      channel: `farm/${farmId}/alerts`,
      since: { epoch: stream.epoch, offset: stream.offset },
    },
    { type: "sub", id: PULSE_ID, channel: `farm/${farmId}/pulse` },
  ];
}

export function step(stream: Stream, message: LiveMessage): { stream: Stream; effects: Effect[] } {
  switch (message.type) {
    case "hello":
      return { stream, effects: [] };
    case "subbed": {
      if (message.id !== ALERTS_ID) return { stream, effects: [] };
      if (message.recovered) return { stream: { ...stream, stale: false }, effects: [] };
      const told = new Map(message.snapshot.map((alert) => [alert.alert_id, alert]));
      const { epoch, offset, as_of: asOf } = message;
      return {
        stream: { ...stream, epoch, offset, asOf, told, stale: false },
        effects: [{ kind: "gap" }],
      };
    }
    case "ev": {
      if (message.epoch === stream.epoch && message.offset <= stream.offset)
        return { stream, effects: [] }; // told twice around a resume
      const { alert } = message.data;
      const told = new Map(stream.told).set(alert.alert_id, alert);
      return {
        stream: { ...stream, epoch: message.epoch, offset: message.offset, told },
        effects: [{ kind: "alert", alert }],
      };
    }
    case "tm": {
      const animals = message.data.animals ?? stream.pulse?.animals ?? null;
      return {
        stream: { ...stream, pulse: { ...message.data, animals } },
        effects: [{ kind: "clock", at: message.now }],
      };
    }
    case "ping":
      return {
        stream: { ...stream, stale: false, asOf: message.as_of ?? stream.asOf },
        effects: [{ kind: "clock", at: message.now }],
      };
    case "stale":
      return {
        stream: { ...stream, stale: true, asOf: message.as_of ?? stream.asOf },
        effects: [{ kind: "clock", at: message.now }],
      };
    default:
      return { stream, effects: [] }; // a word of a later protocol
  }
}

// The board as a pure function of what was loaded, what was told since, and what was tapped here.

import type { Order } from "./orders";
import { expected } from "./orders";
import type { Alert, Animal, Board, Case, DoneCase, Priority } from "./wire";

export const PRIORITIES: readonly Priority[] = ["critical", "urgent", "normal", "informational"];

/** A case on the screen. order: a tap of ours that the server has not confirmed yet. */
export interface Shown extends Case {
  order: Order | null;
}

export interface View {
  cases: Shown[]; // open ones, in the order of the API
  done: DoneCase[];
}

/** The newest row of a case: what was told counts if it is newer than what was loaded. */
function newest(alert: Alert, told: ReadonlyMap<string, Alert>): Alert {
  const other = told.get(alert.alert_id);
  return other !== undefined && other.position > alert.position ? other : alert;
}

export function viewOf(
  board: Board,
  told: ReadonlyMap<string, Alert>,
  orders: readonly Order[],
  userId: string,
): View {
  const cases: Shown[] = [];
  const done = new Map<string, DoneCase>();
  for (const one of board.done) done.set(one.alert.alert_id, one);
  for (const one of board.cases) {
    const alert = newest(one.alert, told);
    const order = orders.findLast((order) => order.alertId === alert.alert_id) ?? null;
    const seen = order === null ? alert : expected(alert, order, userId);
    if (seen.status === "closed") done.set(seen.alert_id, { alert: seen, animal: one.animal });
    else cases.push({ ...one, alert: seen, order });
  }
  const closedAt = (one: DoneCase) => one.alert.closed_at ?? "";
  return {
    cases,
    done: [...done.values()].sort((one, other) => closedAt(other).localeCompare(closedAt(one))),
  };
}

/** Whether a board was made before another one; across epochs nobody can tell. */
export function isOlder(one: Board, other: Board): boolean {
  return one.epoch === other.epoch && one.position < other.position;
}

/** Whether a told row is news that only the board can complete: a case it has never shown. */
export function isUnknown(board: Board, alert: Alert): boolean {
  return (
    alert.status !== "closed" && !board.cases.some((one) => one.alert.alert_id === alert.alert_id)
  );
}

/**
 * What stands on the screen next, and how many new cases wait.
 *
 * While a finger is on the list no row may move under it: known cases change where they are, closed
 * ones stay until the finger has gone, new ones wait.
 */
export function settle(
  shown: readonly Shown[],
  next: readonly Shown[],
  touched: boolean,
): { shown: readonly Shown[]; waiting: number } {
  if (!touched) return { shown: next, waiting: 0 };
  const byId = new Map(next.map((one) => [one.alert.alert_id, one]));
  const known = new Set(shown.map((one) => one.alert.alert_id));
  return {
    shown: shown.map((one) => byId.get(one.alert.alert_id) ?? one),
    waiting: next.filter((one) => !known.has(one.alert.alert_id)).length,
  };
}

export interface Counts {
  urgent: number;
  check: number;
  done: number;
}

export function countsOf(view: View, dayStart: number): Counts {
  const urgent = view.cases.filter(({ alert }) => isUrgent(alert.priority)).length;
  const done = view.done.filter(({ alert }) => Date.parse(alert.closed_at ?? "") >= dayStart);
  return { urgent, check: view.cases.length - urgent, done: done.length };
}

export function isUrgent(priority: Priority): boolean {
  return priority === "critical" || priority === "urgent";
}

/** The cases of each priority, those without any left out; within one the order stays. */
export function sectionsOf(shown: readonly Shown[]): { priority: Priority; cases: Shown[] }[] {
  return PRIORITIES.map((priority) => ({
    priority,
    cases: shown.filter((one) => one.alert.priority === priority),
  })).filter((section) => section.cases.length > 0);
}

export type ChangeKind = "fresh" | "changed" | "gone";
export interface Change {
  kind: ChangeKind;
  alert: Alert;
  animal: Animal | null;
}

/** What differs between two boards, for whoever was away. */
export function changesBetween(before: Board, after: Board): Change[] {
  const old = new Map(before.cases.map((one) => [one.alert.alert_id, one]));
  const changes: Change[] = [];
  for (const { alert, animal } of after.cases) {
    const was = old.get(alert.alert_id);
    if (was === undefined) changes.push({ kind: "fresh", alert, animal });
    else if (was.alert.status !== alert.status) changes.push({ kind: "changed", alert, animal });
    old.delete(alert.alert_id);
  }
  const closed = new Map(after.done.map(({ alert }) => [alert.alert_id, alert]));
  for (const { alert, animal } of old.values())
    changes.push({ kind: "gone", alert: closed.get(alert.alert_id) ?? alert, animal });
  return changes;
}

/** What is written on her tag: the API's word, or the last letters of whatever the case is about. */
export function tagOf(animal: Animal | null, alert: Alert): string {
  if (alert.subject_kind === "farm") return "⌂";
  if (alert.subject_kind === "station") return "(•)"; // it wears no ear tag
  return animal?.tag ?? alert.subject_id.slice(-3);
}

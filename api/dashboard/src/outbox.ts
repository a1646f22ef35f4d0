// Sends the taps: kept in this browser until the farm computer has them, one after the other.
import { signal } from "@preact/signals";
import { call, RefusedError } from "./api";
import { farmTime } from "./clock";
import { offerUndo, tell, untell } from "./notices";
import type { Order, Verb } from "./orders";
import { bodyOf, pathOf, seen, sent, unsent, withOrder, withoutOrder } from "./orders";
import { dropSession, read, token, write } from "./session";
import { words } from "./settings";
import type { Alert, Outcome } from "./wire";

const KEPT = "herdlog.orders";
const RETRY_MS = 10_000;
const NOT_SENT = "not-sent";

export const orders = signal<readonly Order[]>(kept());
let onItsWay: string | null = null;
let retry: number | undefined;

function kept(): Order[] {
  try {
    return unsent(JSON.parse(read(KEPT) ?? "[]") as Order[]);
  } catch {
    return [];
  }
}

function keep(next: readonly Order[]): void {
  orders.value = next;
  const left = unsent(next);
  write(KEPT, left.length === 0 ? null : JSON.stringify(left));
}

interface Wish {
  verb: Verb;
  name: string;
  outcome?: Outcome;
  note?: string | null;
}

export function order(alert: Alert, wish: Wish): void {
  const next: Order = {
    ...wish,
    key: randomKey(),
    farmId: alert.farm_id,
    alertId: alert.alert_id,
    at: farmTime(),
  };
  keep(withOrder(orders.value, next, onItsWay));
  void send();
}

/** "I'll go", with five seconds to take it back. */
export function takeOn(alert: Alert, name: string): void {
  order(alert, { verb: "acknowledge", name });
  offerUndo(words.value.youAreGoing(name), () => order(alert, { verb: "release", name }));
}

/** A row was told or loaded: what it confirms need not be shown from here any more. */
export function confirm(alert: Alert): void {
  const left = seen(orders.value, alert);
  if (left.length < orders.value.length) keep(left);
}

/** Send what waits; returns when all is sent or something stands in the way. */
export async function send(): Promise<void> {
  if (onItsWay !== null || token.value === null || !navigator.onLine) return;
  window.clearTimeout(retry);
  for (;;) {
    const [next] = unsent(orders.value);
    if (next === undefined) {
      untell(NOT_SENT);
      return;
    }
    onItsWay = next.key;
    try {
      const body = bodyOf(next);
      const answer = await call<{ position: number }>(pathOf(next), {
        method: "POST",
        body,
        key: next.key,
      });
      keep(sent(orders.value, next.key, answer.position));
    } catch (error) {
      if (!failed(next, error)) return;
    } finally {
      onItsWay = null;
    }
  }
}

/** Whether to go on with the next order. */
function failed(order: Order, error: unknown): boolean {
  if (!(error instanceof RefusedError)) {
    // whatever it was: nobody has refused the answer, so it is kept and tried again
    const { notSent, keepTrying } = words.value.error;
    tell({ id: NOT_SENT, title: notSent, next: keepTrying, retry: () => void send() });
    retry = window.setTimeout(() => void send(), RETRY_MS);
    return false;
  }
  if (error.status === 401) {
    dropSession(); // the order is kept, and sent after coming in again
    return false;
  }
  keep(withoutOrder(orders.value, order.key));
  const { refused, yourNote } = words.value.error;
  const note = order.note ? ` ${yourNote(order.note)}` : ""; // typed by hand: not to be lost
  tell({ id: order.key, title: refused(order.name), next: error.title + note });
  return true;
}

/** Not crypto.randomUUID: that one is missing on a page served over plain HTTP in the barn's LAN. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function startSending(): void {
  window.addEventListener("online", () => void send());
  void send();
}

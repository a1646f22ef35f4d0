// Taps as orders: kept with their time until the server has them, sent in order, once. Pure.
import type { Alert, Outcome } from "./wire";

export type Verb = "acknowledge" | "release" | "close";

/** key: the Idempotency-Key, so that a repeat happens once. at: when it was tapped, farm time. */
export interface Order {
  key: string;
  verb: Verb;
  farmId: string;
  alertId: string;
  name: string;
  at: string;
  outcome?: Outcome;
  note?: string | null;
  position?: number; // of the log, once the server has it; the order leaves when we see that far
}

/** The row as it will be when the order is carried out. */
export function expected(alert: Alert, order: Order, userId: string): Alert {
  if (order.position !== undefined && alert.position >= order.position) return alert;
  switch (order.verb) {
    case "acknowledge":
      if (alert.status !== "open") return alert;
      return {
        ...alert,
        status: "acknowledged",
        acknowledged_by: `user:${userId}`,
        acknowledged_at: order.at,
      };
    case "release":
      if (alert.status !== "acknowledged") return alert;
      return { ...alert, status: "open", acknowledged_by: null, acknowledged_at: null };
    case "close":
      return {
        ...alert,
        status: "closed",
        closed_by: `user:${userId}`,
        closed_at: order.at,
        outcome: order.outcome ?? null,
        note: order.note ?? null,
      };
  }
}

/** The orders that the server does not have yet. */
export function unsent(orders: readonly Order[]): Order[] {
  return orders.filter((order) => order.position === undefined);
}

/**
 * The orders after one more. Giving back what was never sent sends nothing: both are forgotten,
 * unless the first is on its way this very moment.
 */
export function withOrder(
  orders: readonly Order[],
  order: Order,
  onItsWay: string | null,
): Order[] {
  if (order.verb === "release") {
    const taken = orders.findLast((one) => one.alertId === order.alertId);
    if (taken?.verb === "acknowledge" && taken.position === undefined && taken.key !== onItsWay)
      return orders.filter((one) => one !== taken);
  }
  return [...orders, order];
}

export function withoutOrder(orders: readonly Order[], key: string): Order[] {
  return orders.filter((order) => order.key !== key);
}

/** The server has it: it stays until the screen has heard of it, so that nothing flickers back. */
export function sent(orders: readonly Order[], key: string, position: number): Order[] {
  return orders.map((order) => (order.key === key ? { ...order, position } : order));
}

/** Without the orders whose outcome has been told. */
export function seen(orders: readonly Order[], alert: Alert): Order[] {
  return orders.filter(
    (order) =>
      order.alertId !== alert.alert_id ||
      order.position === undefined ||
      order.position > alert.position,
  );
}

export function pathOf(order: Order): string {
  return `/api/v1/farms/${order.farmId}/alerts/${order.alertId}/${order.verb}`;
}

export function bodyOf(order: Order): object | null {
  return order.verb === "close" ? { outcome: order.outcome, note: order.note || null } : null;
}

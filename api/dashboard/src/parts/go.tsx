// GoButton: "I'll go", who goes, or what was found: the one next step of a case.

import { signal } from "@preact/signals";
import type { Shown } from "../board";
import { farmMinute } from "../clock";
import { takeOn } from "../outbox";
import { format, words } from "../settings";
import { Icon } from "./marks";
import { initialsOf, isMe, nameOf, personOf } from "./names";

/** The case whose outcome is being asked for; null = none. */
export const judged = signal<Shown | null>(null);

export function canTake({ alert }: Shown): boolean {
  return alert.status === "open";
}

/** In a row: small, at the right, for one thumb. */
export function GoMini({ item }: { item: Shown }) {
  const { alert, animal, order } = item;
  const said = words.value;
  if (canTake(item))
    return (
      <button class="gomini" type="button" onClick={() => takeOn(alert, nameOf(animal, alert))}>
        <Icon name="boot" />
        {said.go}
        <span class="vh"> {nameOf(animal, alert)}</span>
      </button>
    );
  if (order !== null && order.position === undefined && !navigator.onLine)
    return (
      <span class="who">
        <Icon name="sync" />
        {said.waits}
      </span>
    );
  const mine = alert.status === "resolved" || isMe(alert.acknowledged_by);
  const who =
    alert.status === "resolved"
      ? said.over(
          format.value.since(Date.parse(alert.resolved_at ?? alert.updated_at), farmMinute.value),
        )
      : mine
        ? said.youGo
        : said.goes(personOf(alert.acknowledged_by));
  const face =
    alert.status === "resolved" ? <Icon name="check" small /> : initialsOf(alert.acknowledged_by);
  if (!mine)
    return (
      <span class="who">
        <span class="avatar">{face}</span>
        {who}
      </span>
    );
  return (
    <button class="who" type="button" onClick={() => (judged.value = item)}>
      <span class="avatar">{face}</span>
      {alert.status === "resolved" ? null : who}
      <u>{said.foundShort}</u>
      <span class="vh"> {nameOf(animal, alert)}</span>
    </button>
  );
}

/** On a card or in the detail: big, filled, the only one of its kind on the view. */
export function GoButton({ item, wide }: { item: Shown; wide?: boolean }) {
  const { alert, animal } = item;
  const classes = wide ? "btn go wide" : "btn go";
  if (canTake(item))
    return (
      <button class={classes} type="button" onClick={() => takeOn(alert, nameOf(animal, alert))}>
        <Icon name="boot" /> {words.value.go}
      </button>
    );
  return (
    <button class={classes} type="button" onClick={() => (judged.value = item)}>
      <Icon name="check" /> {words.value.found}
    </button>
  );
}

/** "You go", "Jonas goes", "over since 05:10": where the case stands, in words. */
export function standing(item: Shown, now: number): string | null {
  const { alert, order } = item;
  const said = words.value;
  const f = format.value;
  if (order !== null && order.position === undefined && !navigator.onLine)
    return said.willBeSent(f.clock(Date.parse(order.at)));
  if (alert.status === "resolved") {
    const over = said.over(f.since(Date.parse(alert.resolved_at ?? alert.updated_at), now));
    return alert.retracted ? `${over}: ${said.withdrawn}` : over;
  }
  if (alert.status !== "acknowledged") return null;
  const at = alert.acknowledged_at ? ` ${f.since(Date.parse(alert.acknowledged_at), now)}` : "";
  const who = isMe(alert.acknowledged_by) ? said.youGo : said.goes(personOf(alert.acknowledged_by));
  return who + at;
}

// How animals and people are called on the screen.

import { tagOf } from "../board";
import { userId } from "../session";
import { format, words } from "../settings";
import type { Alert, Animal } from "../wire";

const DAY_MS = 86_400_000;

export function nameOf(animal: Animal | null, alert?: Alert): string {
  if (animal?.name) return animal.name;
  if (animal !== null) return words.value.nameless(animal.tag);
  if (alert?.subject_kind === "farm") return words.value.wholeFarm;
  if (alert?.subject_kind === "station") return words.value.radioBox(alert.subject_id);
  return alert ? words.value.nameless(tagOf(null, alert)) : "";
}

/** "Pen 1 · 3rd lactation · day 12", as much of it as is known. */
export function placeOf(animal: Animal | null, now: number): string {
  if (animal === null) return "";
  const { lactation, dayInMilk } = words.value;
  const known = [animal.group];
  if (animal.parity !== null) known.push(lactation(animal.parity));
  if (animal.calved_at !== null) known.push(dayInMilk(daysSince(animal.calved_at, now)));
  return known.filter((part) => part !== null).join(" · ");
}

export function daysSince(at: string, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(at)) / DAY_MS));
}

/** An actor as `user:anna` or `service:alerts`, as a person is called. */
export function personOf(actor: string | null): string {
  if (actor === null) return words.value.theMachine;
  const [kind, id = ""] = actor.split(/:(.*)/);
  if (kind !== "user") return words.value.theMachine;
  return id === userId.value
    ? words.value.you
    : (id.charAt(0).toUpperCase() + id.slice(1)).replaceAll("-", " ");
}

export function isMe(actor: string | null): boolean {
  return actor !== null && actor === `user:${userId.value}`;
}

/** Two letters in a circle. */
export function initialsOf(actor: string | null): string {
  return personOf(actor).slice(0, 2).toUpperCase();
}

/** A value with its unit, as it stands beside its signal. */
export function valueWithUnit(
  value: number,
  unit: string,
  digits = unit === "Cel" || unit === "h" ? 1 : 0,
): string {
  const f = format.value;
  return `${f.number(value, digits)} ${words.value.units[unit] ?? unit}`.trim();
}

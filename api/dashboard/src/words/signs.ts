// What was measured, for conditions whose sentence is made of their signs. Pure.
import type { Evidence } from "../wire";
import { b } from "./bold";
import { changeOf } from "./finding";
import type { Format } from "./format";

const SIGNS_MAX = 3; // a sentence that is read in a barn holds no more

export interface SignWords {
  locale: string;
  signal(name: string): string;
  units: Record<string, string>;
  usual(amount: string): string;
}

/** "Rumination −31 %, eating −22 %, temperature +0.9 °C." with a space before; "" for none. */
export function signsText(measured: Evidence[], f: Format, words: SignWords): string {
  const [only] = measured;
  if (only === undefined) return "";
  const few = measured.slice(0, SIGNS_MAX).map((one) => sign(one, f, words));
  const text = few.map((one, at) => (at === 0 ? one : within(one, words))).join(", ");
  const told = changeOf(only) !== null || only.unit === "Cel" || only.usual === null;
  const beside =
    few.length > 1 || told ? "" : `, ${words.usual(amount(only, only.usual, f, words))}`;
  return ` ${text}${beside}.`;
}

/** The sign in a row: "rumination −31 %"; "" where nothing was measured. */
export function signFact(measured: Evidence[], f: Format, words: SignWords): string {
  const [first] = measured;
  return first === undefined ? "" : sign(first, f, words);
}

function sign(one: Evidence, f: Format, words: SignWords): string {
  const percent = changeOf(one);
  if (percent !== null) return `${words.signal(one.signal)} ${b(f.percent(percent))}`;
  if (one.unit === "Cel" && one.usual !== null)
    return `${words.signal(one.signal)} ${b(`${f.signed(one.value - one.usual, 1)} °C`)}`;
  return `${words.signal(one.signal)} ${b(amount(one, one.value, f, words))}`;
}

const LONG_MINUTES = 120; // from here on people say hours

function amount(one: Evidence, value: number | null, f: Format, words: SignWords): string {
  const known = value ?? 0;
  if (one.unit === "%") return f.percent(known);
  if (one.unit === "min" && known >= LONG_MINUTES) return f.duration(known * 60_000);
  return `${f.number(known, digitsOf(one.unit, known))} ${words.units[one.unit] ?? one.unit}`.trim();
}

/** Digits behind the point that a person reads: a whole number of animals has none. */
function digitsOf(unit: string, value: number): number {
  if (unit === "Cel" || unit === "V" || unit === "m/s") return 1;
  return Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0;
}

/** A sign within a sentence; German keeps its nouns large. */
function within(text: string, { locale }: SignWords): string {
  return locale.startsWith("de") ? text : text.charAt(0).toLowerCase() + text.slice(1);
}

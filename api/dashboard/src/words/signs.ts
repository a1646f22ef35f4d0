// What was measured, for conditions whose sentence is made of their signs. Pure.
import type { Evidence } from "../wire";
import { change } from "./finding";
import { b, type Format } from "./format";

const SIGNS_MAX = 3; // a sentence that is read in a barn holds no more

export interface SignWords {
  signal(name: string): string;
  units: Record<string, string>;
  usual(amount: string): string;
}

/** "Rumination −31 %, eating −22 %, temperature +0.9 °C." with a space before; "" for none. */
export function signsText(measured: Evidence[], f: Format, words: SignWords): string {
  const [only] = measured;
  if (only === undefined) return "";
  const few = measured.slice(0, SIGNS_MAX).map((one) => sign(one, f, words));
  const text = few.map((one, at) => (at === 0 ? one : lower(one))).join(", ");
  const change = relative(only) !== null || only.usual === null;
  const beside =
    few.length > 1 || change ? "" : `, ${words.usual(amount(only, only.usual, f, words))}`;
  return ` ${text}${beside}.`;
}

/** The sign in a row: "rumination −31 %"; "" where nothing was measured. */
export function signFact(measured: Evidence[], f: Format, words: SignWords): string {
  const [first] = measured;
  return first === undefined ? "" : sign(first, f, words);
}

function sign(one: Evidence, f: Format, words: SignWords): string {
  const percent = relative(one);
  if (percent !== null) return `${words.signal(one.signal)} ${b(f.percent(percent))}`;
  if (one.unit === "Cel" && one.usual !== null)
    return `${words.signal(one.signal)} ${b(`${f.signed(one.value - one.usual, 1)} °C`)}`;
  return `${words.signal(one.signal)} ${b(amount(one, one.value, f, words))}`;
}

/** Change in per cent, for what is counted or timed and has a usual. */
function relative(one: Evidence): number | null {
  return one.unit === "Cel" || one.unit === "%" ? null : change(one.value, one.usual);
}

function amount(one: Evidence, value: number | null, f: Format, words: SignWords): string {
  const digits = one.unit === "Cel" || one.unit === "V" || Math.abs(value ?? 0) < 10 ? 1 : 0;
  return `${f.number(value ?? 0, digits)} ${words.units[one.unit] ?? one.unit}`.trim();
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

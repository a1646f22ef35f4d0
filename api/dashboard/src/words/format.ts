// Numbers and times in words, in one language. Pure: the moment "now" and the zone are handed in.
import type { Evidence } from "../wire";
import type { SignWords } from "./signs";
import { signFact, signsText } from "./signs";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_LESS_A_DAY_MS = 6 * DAY_MS; // a weekday names one day only within the last six

export interface Format {
  /** 1234.5 → "1,234.5", with a real minus sign. */
  number(value: number, digits?: number): string;
  /** Always with its sign: "+0.9", "−38". */
  signed(value: number, digits?: number): string;
  /** "−38 %" */
  percent(value: number): string;
  /** "02:20" */
  clock(at: number): string;
  /** "02:20" today, "Mon 21:10" within six days, "12 Nov" before. */
  since(at: number, now: number): string;
  /** "Tue 24 Nov" */
  day(at: number): string;
  /** "Tue 24" */
  shortDay(at: number): string;
  /** "Tue 24 Nov, 05:52" */
  moment(at: number): string;
  /** "today", "Mon" or "12 Nov": the day alone, relative to now. */
  relativeDay(at: number, now: number): string;
  /** "12–20": whole hours of the clock, for a span that is no more exact than that. */
  hours(from: number, to: number): string;
  /** "12–20" if it begins today, else with its day: "Wed 02–10". */
  hoursOf(from: number, to: number, now: number): string;
  /** "6 h 20 min"; from two days on in days and hours. */
  duration(ms: number): string;
  /** "4 s", "14 min", "3 h": the age beside a value, in one unit. */
  age(ms: number): string;
  /** " Rumination −31 %, eating −22 %.": the first few of what was measured; "" for nothing. */
  signs(measured: Evidence[]): string;
  /** "Rumination −31 %": the first alone. */
  sign(measured: Evidence[]): string;
}

export function formatOf(
  locale: string,
  words: SignWords & { days: (count: number) => string; today: string },
  zone?: string,
): Format {
  const at = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { ...options, ...(zone ? { timeZone: zone } : {}) });
  const clock = at({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const hour = at({ hour: "2-digit", hourCycle: "h23" });
  const weekday = at({ weekday: "short" });
  const dayMonth = at({ day: "numeric", month: "short" });
  const key = at({ year: "numeric", month: "2-digit", day: "2-digit" });
  const dayNumber = at({ day: "numeric" });
  const bare = (text: string) => text.replace(/\.$/, ""); // "Mo." and "Nov." → without their dot
  const sameDay = (one: number, other: number) => key.format(one) === key.format(other);

  function number(value: number, digits = 0): string {
    const rounded = Number(value.toFixed(digits)) + 0; // no "−0"
    return new Intl.NumberFormat(locale, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    })
      .format(rounded)
      .replace("-", "−");
  }
  const signed = (value: number, digits = 0) =>
    (Number(value.toFixed(digits)) > 0 ? "+" : "") + number(value, digits);

  const format: Format = {
    number,
    signed,
    percent: (value) => `${signed(value)} %`,
    clock: (moment) => clock.format(moment),
    since(moment, now) {
      if (sameDay(moment, now)) return format.clock(moment);
      if (Math.abs(now - moment) < WEEK_LESS_A_DAY_MS)
        return `${bare(weekday.format(moment))} ${format.clock(moment)}`;
      return bare(dayMonth.format(moment));
    },
    day: (moment) => `${bare(weekday.format(moment))} ${bare(dayMonth.format(moment))}`,
    shortDay: (moment) => `${bare(weekday.format(moment))} ${bare(dayNumber.format(moment))}`,
    moment: (moment) => `${format.day(moment)}, ${format.clock(moment)}`,
    relativeDay(moment, now) {
      if (sameDay(moment, now)) return words.today;
      if (Math.abs(now - moment) < WEEK_LESS_A_DAY_MS) return bare(weekday.format(moment));
      return bare(dayMonth.format(moment));
    },
    hours: (from, to) => `${hour.format(from).slice(0, 2)}–${hour.format(to).slice(0, 2)}`,
    hoursOf(from, to, now) {
      const day = sameDay(from, now) ? "" : `${format.relativeDay(from, now)} `;
      return day + format.hours(from, to);
    },
    duration(ms) {
      const minutes = Math.max(0, Math.round(ms / MINUTE_MS));
      const hours = Math.floor(minutes / 60);
      if (hours >= 48) {
        const days = words.days(Math.floor(hours / 24));
        return hours % 24 ? `${days} ${hours % 24} h` : days;
      }
      if (hours === 0) return `${minutes} min`;
      return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    },
    // here and not in a language's own file, which would hold a copy of it
    signs: (measured) => signsText(measured, format, words),
    sign: (measured) => signFact(measured, format, words),
    age(ms) {
      const age = Math.max(0, ms);
      if (age < MINUTE_MS) return `${Math.floor(age / 1000)} s`;
      if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)} min`;
      if (age < 2 * DAY_MS) return `${Math.floor(age / HOUR_MS)} h`;
      return words.days(Math.floor(age / DAY_MS));
    },
  };
  return format;
}

// The farm's clock as this screen knows it: the browser's own, shifted by what the API says.
import { computed, signal } from "@preact/signals";

const offsetMs = signal(0);

/** The browser's clock, once a second. */
export const wallNow = signal(Date.now());

/** The farm's clock, ms since the epoch. */
export const farmNow = computed(() => wallNow.value + offsetMs.value);

/** The farm's clock by the minute: what tells no seconds is drawn once a minute. */
export const farmMinute = computed(() => Math.floor(farmNow.value / 60_000) * 60_000);

/** The API said what time it is on the farm. */
export function measure(now: string): void {
  offsetMs.value = Date.parse(now) - Date.now();
  wallNow.value = Date.now();
}

export function startClock(): void {
  window.setInterval(() => {
    wallNow.value = Date.now();
  }, 1_000);
}

/** The farm's time now as the API writes times. */
export function farmTime(): string {
  return new Date(Date.now() + offsetMs.peek()).toISOString();
}

export const dayStart = computed(() => new Date(farmMinute.value).setHours(0, 0, 0, 0));

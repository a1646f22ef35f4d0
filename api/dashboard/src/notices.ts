// Messages that stay until they are read: what, why, what next. Plus the one toast with its undo.
import { signal } from "@preact/signals";

export interface Failure {
  id: string; // one of a kind at a time
  title: string;
  next: string;
  retry?: () => void;
}

export const failures = signal<readonly Failure[]>([]);

export function tell(failure: Failure): void {
  failures.value = [...failures.value.filter((one) => one.id !== failure.id), failure];
}

export function untell(id: string): void {
  if (failures.value.some((one) => one.id === id))
    failures.value = failures.value.filter((one) => one.id !== id);
}

export const UNDO_MS = 5_000;

/** The newest tap that can be undone until `until` (browser clock, ms). */
export interface Undo {
  text: string;
  until: number;
  undo: () => void;
}

export const undo = signal<Undo | null>(null);
let timer: number | undefined;

export function offerUndo(text: string, take: () => void): void {
  window.clearTimeout(timer);
  undo.value = { text, until: Date.now() + UNDO_MS, undo: take };
  timer = window.setTimeout(() => {
    undo.value = null;
  }, UNDO_MS);
}

export function takeUndo(): void {
  const offered = undo.value;
  if (offered === null) return;
  window.clearTimeout(timer);
  undo.value = null;
  offered.undo();
}

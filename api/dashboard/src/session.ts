// Who sits before this screen: a token in this browser's storage, got once for a ticket.
import { signal } from "@preact/signals";

const TOKEN = "herdlog.token";
const USER = "herdlog.user";

/** The token to show to the API; null = nobody has come in. */
export const token = signal<string | null>(read(TOKEN));
export const userId = signal(read(USER) ?? "");

export function keepSession(newToken: string, user: string): void {
  token.value = newToken;
  userId.value = user;
  write(TOKEN, newToken);
  write(USER, user);
}

export function dropSession(): void {
  token.value = null;
  write(TOKEN, null);
}

/** The ticket of the address bar, which is cleaned at once: it must not stay in the history. */
export function takeTicket(): string | null {
  const found = /^#t=(.+)$/.exec(location.hash);
  if (found === null) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return decodeURIComponent(found[1] ?? "");
}

/** Storage that may be refused (private windows): then it is forgotten with the page. */
export function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function write(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // full or refused: the screen works without
  }
}

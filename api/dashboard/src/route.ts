// Which screen is open: the path of the address bar, and links that do not load the page again.
import { signal } from "@preact/signals";
import type { Alert } from "./wire";

export type Route = { screen: "now" } | { screen: "animal"; animalId: string };

export function routeOf(path: string): Route {
  const found = /^\/animals\/([^/]+)\/?$/.exec(path);
  return found
    ? { screen: "animal", animalId: decodeURIComponent(found[1] ?? "") }
    : { screen: "now" };
}

export const route = signal<Route>(routeOf(location.pathname));
let steps = 0; // within this page: going back must not leave it

export function animalPath(animalId: string): string {
  return `/animals/${encodeURIComponent(animalId)}`;
}

/** Where the story of a case is told: on its animal's page, or on the board for want of one. */
export function casePath(alert: Alert): string {
  return alert.subject_kind === "animal" ? animalPath(alert.subject_id) : "/now";
}

export function go(path: string): void {
  steps += 1;
  history.pushState(null, "", path);
  route.value = routeOf(location.pathname);
  window.scrollTo(0, 0);
}

export function goBack(): void {
  if (steps > 0) history.back();
  else go("/now");
}

export function startRouting(): void {
  window.addEventListener("popstate", () => {
    steps = Math.max(0, steps - 1);
    route.value = routeOf(location.pathname);
  });
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest?.("a[href^='/']");
    if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented) return;
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(link.pathname);
  });
}

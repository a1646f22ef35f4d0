// How this screen speaks and looks: language and theme, kept in this browser.
import { computed, signal } from "@preact/signals";
import { read, write } from "./session";
import { de } from "./words/de";
import type { Words } from "./words/en";
import { en } from "./words/en";
import { es } from "./words/es";
import { formatOf } from "./words/format";

export const LANGUAGES = { en, de, es } as const;
export type Language = keyof typeof LANGUAGES;
export const THEMES = ["auto", "light", "dark", "sun"] as const;
export type Theme = (typeof THEMES)[number];

const isLanguage = (text: string): text is Language => text in LANGUAGES;

function spoken(): Language {
  const kept = read("herdlog.language");
  const wished = kept === null ? navigator.languages.map((one) => one.slice(0, 2)) : [kept];
  return wished.find(isLanguage) ?? "en";
}

export const language = signal<Language>(spoken());
export const words = computed<Words>(() => LANGUAGES[language.value]);
export const format = computed(() => formatOf(words.value.locale, words.value));

export const theme = signal<Theme>(THEMES.find((one) => one === read("herdlog.theme")) ?? "auto");

export function setLanguage(next: Language): void {
  language.value = next;
  write("herdlog.language", next);
}

export function nextTheme(): void {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "auto";
  theme.value = next;
  write("herdlog.theme", next === "auto" ? null : next);
}

/** Wide enough for list and case beside each other. */
const wideQuery = matchMedia("(min-width: 1100px)");
export const wide = signal(wideQuery.matches);
wideQuery.addEventListener("change", () => {
  wide.value = wideQuery.matches;
});

/** Counts every change of colours, so that what is drawn on a canvas is drawn again. */
export const colours = signal(0);
for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"])
  matchMedia(query).addEventListener("change", () => {
    colours.value += 1;
  });

// How this screen speaks and looks: language and theme, kept in this browser.
import { computed, signal } from "@preact/signals";
import { read, write } from "./session";
import type { Words } from "./words/en";
import { en } from "./words/en";
import { formatOf } from "./words/format";
import { load, onLearnt } from "./words/loaded";

/** By what each calls itself. English is on the page, the others come in files of their own. */
export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español" } as const;
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
const known = signal<Partial<Record<Language, Words>>>({ en });
export const words = computed<Words>(() => known.value[language.value] ?? en);
export const format = computed(() => formatOf(words.value.locale, words.value));

export const theme = signal<Theme>(THEMES.find((one) => one === read("herdlog.theme")) ?? "auto");

onLearnt((spoken, found) => {
  if (isLanguage(spoken)) known.value = { ...known.value, [spoken]: found };
});

/** Have the words of a language at hand; without its file the page goes on in English. */
export async function learn(next: Language): Promise<void> {
  if (known.value[next] === undefined) await load(next);
}

export async function setLanguage(next: Language): Promise<void> {
  await learn(next);
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

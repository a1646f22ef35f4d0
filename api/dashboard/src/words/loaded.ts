// How a language that comes in a file of its own reaches the page that asked for it.
import type { Words } from "./en";

type Waiting = { herdlogWords?: (language: string, words: Words) => void };

const LOAD_MAX_MS = 5000; // English until then: nobody waits for words in front of an empty page

/** Called by the file: hand the words to whoever waits for them. */
export function learnt(language: string, words: Words): void {
  (globalThis as Waiting).herdlogWords?.(language, words);
}

/** Have each language that arrives given to `take`. */
export function onLearnt(take: (language: string, words: Words) => void): void {
  (globalThis as Waiting).herdlogWords = take;
}

/** Ask for a language's file, which the page names; done when it is there or will not be. */
export function load(language: string): Promise<void> {
  const address = document.querySelector<HTMLMetaElement>(
    `meta[name="words:${language}"]`,
  )?.content;
  if (address === undefined) return Promise.resolve();
  return new Promise((done) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => done();
    script.onerror = () => done();
    setTimeout(done, LOAD_MAX_MS);
    document.head.append(script);
  });
}

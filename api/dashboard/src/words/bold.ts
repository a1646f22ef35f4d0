// Bold words within a sentence, without markup. Pure.

/** Bold text within a sentence; names never hold these characters, so nothing needs escaping. */
const BOLD_ON = "\u0002";
const BOLD_OFF = "\u0003";

export function b(text: string): string {
  return BOLD_ON + text.replace(/(\d) /g, "$1\u00a0") + BOLD_OFF; // a number keeps its unit
}

/** The parts of a sentence in order; every second one is bold. */
export function parts(sentence: string): { text: string; bold: boolean }[] {
  return sentence
    .split(BOLD_ON)
    .flatMap((piece, index) => {
      if (index === 0) return [{ text: piece, bold: false }];
      const [bold = "", rest = ""] = piece.split(BOLD_OFF);
      return [
        { text: bold, bold: true },
        { text: rest, bold: false },
      ];
    })
    .filter((part) => part.text !== "");
}

/** The sentence without its bold marks, for labels and tests. */
export function plain(sentence: string): string {
  return sentence.replaceAll(BOLD_ON, "").replaceAll(BOLD_OFF, "");
}

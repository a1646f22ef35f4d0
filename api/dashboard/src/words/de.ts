// German.

import { deAdvice } from "./advice_de";
import { b } from "./bold";
import type { Words } from "./en";
import type { Finding } from "./finding";
import type { Format } from "./format";
import { deTerms } from "./terms";

const { conditions, events, signals, whyNot } = deTerms;

const OVER = "Nachsehen, ob die neuesten Werte von jetzt sind."; // of what was deaf, and hears again
const counted = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

/** Likely causes of a condition whose sentence is made of its signs. */
function mayBe(condition: string): string {
  const may = deAdvice[condition]?.may ?? "";
  return may === "" ? "" : ` Vielleicht ${b(may)}.`;
}

export const de: Words = {
  locale: "de-DE",
  language: "Deutsch",
  title: "Herdlog",
  now: "Jetzt",
  main: "Hauptmenü",
  today: "Heute",
  days: (count) => counted(count, "Tag", "Tage"),

  priority: {
    critical: "Kritisch",
    urgent: "Dringend",
    normal: "Prüfen",
    informational: "Gut zu wissen",
  },
  section: {
    critical: ["Kritisch", "jetzt"],
    urgent: ["Dringend", "vor dem Melken hingehen"],
    normal: ["Heute prüfen", "nach Bedarf geordnet"],
    informational: ["Gut zu wissen", "ohne Eile"],
  },
  urgentCount: "dringend",
  checkCount: "zu prüfen",
  doneCount: "heute erledigt",
  boardLabel: (urgent, check, done) =>
    `Heute Morgen: ${urgent} dringend, ${check} zu prüfen, ${done} heute erledigt`,
  boardHeard: (heard, animals) => `${heard} von ${animals} Halsbändern gehört`,
  newestReading: (at) => `Neueste Messung ${at}`,
  asOf: (at) => `Stall, Stand ${at}`,
  fromMemory: (age) => `Aus dem Gedächtnis dieses Geräts, ${age} alt`,
  nextTry: (seconds) => `Nächster Versuch in ${seconds} s`,
  waitsHere: (count) =>
    counted(count, "Antwort wartet auf diesem Gerät", "Antworten warten auf diesem Gerät"),

  chip: {
    live: "Live",
    reconnecting: "Verbindet neu",
    offline: "Offline",
    stale: "Veraltet",
    catching: "Holt nach",
    loading: "Lädt",
    noReading: "–",
  },
  theme: { auto: "Wie das System", light: "Hell", dark: "Dunkel", sun: "Sonne" },
  changeTheme: (current) => `Anzeige: ${current}. Ändern`,
  changeLanguage: "Sprache",
  chooseFarm: "Hof",
  back: "Zurück",
  skip: "Zur Liste",

  go: "Ich gehe",
  why: "Warum",
  undo: "Zurück",
  close: "Schließen",
  youGo: "Du gehst",
  goes: (who) => `${who} geht`,
  youAreGoing: (name) => `${name}: du gehst hin.`,
  found: "Was hast du gefunden?",
  foundShort: "Befund?",
  closedToast: (name, outcome) => `${name}: ${outcome}.`,
  over: (at) => `vorbei seit ${at}`,
  withdrawn: "spätere Daten nahmen es zurück",
  since: (at) => `seit ${at}`,
  opened: (at) => `Fall eröffnet ${at}`,
  isNew: "NEU",
  waiting: (count) => counted(count, "neuer Fall", "neue Fälle"),
  openCase: (priority, tag, name) => `${priority}: ${tag} ${name}, Fall öffnen`,
  listLabel: "Fälle, dringendste zuerst",
  keys: "Pfeile wählen · Eingabe öffnet · G Ich gehe · U zurück",
  doneToday: "Heute erledigt",
  doneLine: (outcome, who, at) => `${outcome}. ${who}, ${at}`,
  you: "Du",
  theMachine: "Herdlog",
  willBeSent: (at) => `gesagt ${at}, wird gesendet`,
  waits: "wartet",

  doNow: "Jetzt tun",
  whyFired: "Warum dieser Fall",
  whyNotElse: "Warum sonst nichts",
  lineIsLimit: "Strich = Grenze",
  whyAndWhyNot: "Warum, und warum nicht",
  cowCard: "Stallkarte",
  history: "Verlauf",
  sevenDays: "7 Tage gegen ihr eigenes Übliches",
  usualBand: "ihr Übliches",
  showTable: "Als Tabelle zeigen",
  showMore: "Früheres zeigen",
  noCase: "Kein offener Fall.",
  noCaseBody: (name) => `Bei ${name} braucht dich jetzt nichts.`,
  notJudged: "nicht beurteilt",
  noHours: "Noch keine beurteilten Stunden: die ersten kommen eine Stunde nach der ersten Messung.",
  learning: (day, days) =>
    `Tag ${day} von ${days}: Gelernt wird, was für sie üblich ist. Fieber und Festliegen werden schon überwacht.`,
  learntFrom: (names, day) => `Ab ${day}: ${names}.`,
  noScores: "Noch hat kein Detektor sie beurteilt.",
  limit: (value) => `Grenze ${value}`,
  usual: (value) => `üblich ${value}`,
  noData: "keine Daten",
  asUsual: "wie üblich",
  coverage: "Angekommene Messungen",
  last24: "Ihre letzten 24 Stunden",
  card: {
    id: "Ohrmarke",
    group: "Gruppe",
    calved: "Gekalbt",
    lactation: "Laktation",
    collar: "Halsband",
    heard: "Zuletzt gehört",
    never: "nie",
    none: "keins",
  },
  inMilk: (days) => `vor ${counted(days, "Tag", "Tagen")}`,
  lactation: (parity) => `${parity}. Laktation`,
  dayInMilk: (day) => `Tag ${day}`,
  nameless: (tag) => `Nr. ${tag}`,
  ofLimit: (percent) => `${percent} der Grenze`,
  radioBox: (id) => `Funkkasten ${id}`,
  wholeFarm: "Ganzer Hof",

  signals,
  signal: (name) => signals[name] ?? name.replaceAll("_", " "),
  conditions,
  condition: (name) => conditions[name] ?? name.replaceAll("_", " "),
  whyNot: (reason) => whyNot[reason] ?? reason.replaceAll("_", " "),
  units: {
    min: "min",
    h: "h",
    d: "Tage",
    m: "m",
    "m/s": "m/s",
    V: "V",
    Cel: "°C",
    "%": "%",
    "1": "",
  },
  summed: (hours) => (hours === 1 ? "Stunde für Stunde" : `in ${hours} h`),
  time: "Zeit",
  measured: "Gemessen",
  chartSummary: (signal, last, usual, missing) =>
    `${signal}, sieben Tage. Neuester ${last}, üblich ${usual}.` +
    (missing ? ` ${counted(missing, "Stunde", "Stunden")} ohne Daten.` : ""),
  sparkSummary: (signal, below) =>
    below === null
      ? `${signal}: in ihrem üblichen Band`
      : `${signal}: ${below ? "unter" : "über"} ihrem üblichen Band`,

  record(right, closed) {
    if (closed < 3) return "Auf diesem Hof zu neu, um zu sagen, wie oft es stimmt";
    return `Auf diesem Hof ${right} von ${closed} Mal richtig`;
  },

  outcome: {
    confirmed: "Es stimmte",
    other_finding: "Etwas anderes",
    nothing_found: "Nichts gefunden",
    device_fault: "Das Halsband lag falsch",
  },
  deviceWrong: "Ein Gerät lag falsch",
  outcomeDone: {
    confirmed: "stimmte",
    other_finding: "etwas anderes",
    nothing_found: "nichts gefunden",
    device_fault: "Halsband lag falsch",
  },
  note: "Notiz (wenn du magst)",
  notYet: "Noch nicht",

  event: events,

  error: {
    notSent: "Nicht gesendet: der Hofrechner antwortet nicht.",
    keepTrying: "Deine Antwort ist aufbewahrt und geht von selbst ab.",
    refused: (name) => `${name}: nicht geschehen.`,
    yourNote: (note) => `Deine Notiz: „${note}“`,
    notLoaded: "Nicht geladen: der Hofrechner antwortet nicht.",
    tryNow: "Jetzt versuchen",
    understood: "Verstanden",
    notFound: "Ein solches Tier gibt es auf diesem Hof nicht.",
    signedOut: "Deine Anmeldung ist abgelaufen.",
    noSuchFarm: "Dir ist kein Hof gegeben.",
    noSuchFarmNext: "Frage, wer Herdlog auf deinem Hof betreibt.",
  },
  gap: {
    title: (away) => `Du warst ${away} weg.`,
    body: (at) => `Die Anzeige wurde um ${at} neu aufgebaut; nichts fehlt.`,
    fresh: "Neu",
    changed: "Geändert",
    gone: "Abgeschlossen",
    nothing: "Nichts hat sich geändert.",
  },
  entry: {
    title: "So kommst du herein",
    body: "Öffne die Adresse, die `herd demo` oder `herd up` gezeigt hat, oder scanne ihren Code: sie lässt dieses Gerät einmal herein.",
    spent: "Diese Adresse ist schon benutzt oder zu alt.",
    spentNext: "Bitte den um eine neue Adresse, der Herdlog auf deinem Hof betreibt.",
    waiting: "Einen Moment …",
  },
  empty: {
    title: "Das Brett ist da, die Haken sind frei",
    body: "Noch ist kein Tier bekannt. Bring deine Herde mit `herd import DATEI.csv`, dann gib jedem ein Halsband.",
  },
  quiet: {
    title: "Niemand braucht dich jetzt",
    body: (heard, animals, age) =>
      `${heard} von ${animals} Halsbändern melden sich, das neueste vor ${age}.`,
    noReading: "Noch kein Halsband wurde gehört.",
    uncovered: (count) =>
      count === 1
        ? "1 Tier ist nicht abgedeckt: sein Halsband ist stumm."
        : `${count} Tiere sind nicht abgedeckt: ihre Halsbänder sind stumm.`,
  },
  missing: {
    title: "Einiges fehlt im Moment.",
    latest: "neueste Messungen",
    analytics: "Kurven",
    history: "Namen und Verlauf",
    worklist: "Fälle",
  },
  catching: {
    title: (at) => `Ältere Messungen kommen herein, bis ${at}.`,
    body: "Was seither geschah, ist noch nicht bekannt.",
  },
  stale: {
    title: (at) => `Nichts Neues seit ${at}.`,
    body: "Was seither geschah, ist hier nicht bekannt. Sieh nach Funkkasten und Hofrechner.",
  },

  sentence(name: string, finding: Finding, f: Format, now: number): string {
    switch (finding.kind) {
      case "fever": {
        const excess = finding.usual === null ? null : finding.value - finding.usual;
        const fact =
          excess === null
            ? `${name} hat ${b(`${f.number(finding.value, 1)} °C`)}`
            : `${name} ist ${b(`${f.number(excess, 1)} °C wärmer`)} als sonst um diese Zeit` +
              ` (${f.number(finding.value, 1)} °C)`;
        return (
          `${fact}, seit ${f.since(finding.since, now)}. ` +
          `Vielleicht ${b("Euter")} oder ${b("Gebärmutter")}; wurde geimpft?`
        );
      }
      case "rumination_drop":
        return (
          `${name} kaut ${b(`${f.number(-finding.percent)} % weniger`)} wieder als sonst: ` +
          `${f.number(finding.minutes)} statt ${f.number(finding.usual)} Minuten am Tag, ` +
          `seit ${f.since(finding.since, now)}.` +
          (finding.herd !== null && finding.herd > -10
            ? ` Die übrige Herde kaut wie üblich (${f.percent(finding.herd)}), also liegt es nicht am Futter allein.`
            : "") +
          ` Vielleicht ${b("Ketose")}, ${b("Labmagenverlagerung")} oder Verdauung.`
        );
      case "oestrus": {
        const hours = `${f.hoursOf(finding.best.from, finding.best.to, now)} Uhr`;
        const moves =
          finding.factor === null
            ? `${name}: ${b("Brunst")} `
            : `${name} ist ${b(`${f.number(finding.factor, 1)}-mal`)} so aktiv wie sonst, `;
        return (
          `${moves}seit ${f.since(finding.since, now)}. Vielleicht ${b("brünstig")}: ` +
          (finding.isOver
            ? `die beste Besamungszeit ist vorbei (${hours}).`
            : `beste Besamungszeit ${b(hours)}.`)
        );
      }
      case "collar_silent":
        if (finding.heardAgain)
          return (
            `Das Halsband von ${name} war ${b(f.duration(finding.silentMs))} stumm, ` +
            `ab ${f.since(finding.heardAt, now)}. Es wird wieder gehört.`
          );
        return (
          `Das Halsband von ${name} ist seit ${b(f.duration(finding.silentMs))} stumm, ` +
          `zuletzt gehört ${f.since(finding.heardAt, now)}. Sie wird nicht überwacht. ` +
          `Vielleicht ${b("verloren")}, ${b("leer")} oder außer Reichweite.`
        );
      case "system_deaf":
        if (finding.isOver)
          return (
            `${b(f.duration(finding.deafMs))} lang war kein Halsband zu hören, ` +
            `ab ${f.since(finding.since, now)}. Sie werden wieder gehört; was sie behalten haben, kommt jetzt.`
          );
        return (
          `Seit ${b(f.duration(finding.deafMs))} ist kein Halsband zu hören ` +
          `(ab ${f.since(finding.since, now)}): der ${b("Weg zu uns")} ist zu. ` +
          `Kein Tier wird überwacht. Die Halsbänder behalten, was sie messen, und senden es später.`
        );
      case "station_silent": {
        const box = finding.isLine ? "Die Leitung zu den Funkkästen" : name;
        const span = b(f.duration(finding.silentMs));
        if (finding.isOver)
          return `${box} war ${span} stumm, ab ${f.since(finding.since, now)}, und wird wieder gehört.`;
        return (
          `${box} ist seit ${span} stumm (ab ${f.since(finding.since, now)}). ` +
          (finding.collars === null
            ? ""
            : `${b(counted(finding.collars, "Halsband", "Halsbänder"))} hört sonst keiner. `) +
          `Vielleicht ${b("Strom")} oder ${b("Netz")}.`
        );
      }
      case "no_water":
        return (
          `${b("Die Herde trinkt nicht")}: nach dem Wasser sehen. ` +
          `Sie trinkt ${b(`${f.number(finding.percent)} %`)} des Üblichen, ` +
          `seit ${f.since(finding.since, now)}.` +
          mayBe("no_water")
        );
      case "other":
        return (
          `${name}: ${b(de.condition(finding.condition))} ` +
          `seit ${f.since(finding.since, now)}.` +
          f.signs(finding.measured) +
          mayBe(finding.condition)
        );
    }
  },

  fact(finding: Finding, f: Format, now: number): string {
    switch (finding.kind) {
      case "fever":
        return finding.usual === null
          ? `Temperatur ${b(`${f.number(finding.value, 1)} °C`)}`
          : `Temperatur ${b(`${f.signed(finding.value - finding.usual, 1)} °C`)}`;
      case "rumination_drop":
        return `Wiederkauen ${b(f.percent(finding.percent))}`;
      case "oestrus": {
        const { from, to } = finding.best;
        return finding.isOver
          ? "Vielleicht brünstig, beste Zeit vorbei"
          : `Vielleicht brünstig, am besten ${b(`${f.hoursOf(from, to, now)} Uhr`)}`;
      }
      case "collar_silent":
        return `Halsband stumm ${b(f.duration(finding.silentMs))}`;
      case "system_deaf":
        return `Nichts gehört ${b(f.duration(finding.deafMs))}`;
      case "station_silent":
        return `Funkkasten stumm ${b(f.duration(finding.silentMs))}`;
      case "no_water":
        return `Die Herde trinkt nicht · ${b(`${f.number(finding.percent)} %`)} des Üblichen`;
      case "other":
        return [de.condition(finding.condition), f.sign(finding.measured)]
          .filter((part) => part !== "")
          .join(" · ");
    }
  },

  headline(finding: Finding, f: Format, now: number): string {
    if (finding.kind === "collar_silent") return `gehört ${f.since(finding.heardAt, now)}`;
    return `seit ${f.since(finding.since, now)}`;
  },

  steps(finding: Finding): string[] {
    switch (finding.kind) {
      case "fever":
        return [
          "Temperatur mit der Hand messen.",
          "Euter prüfen: warm, geschwollen, Flocken in der Milch.",
          "Frisch gekalbt: auf übel riechenden Ausfluss achten.",
        ];
      case "rumination_drop":
        return [
          "Vor dem Melken: Fresslust und linke Flanke ansehen.",
          "Ketone messen.",
          "Links auf Klingen abhören; wenn ja, den Tierarzt rufen.",
        ];
      case "oestrus":
        return finding.isOver
          ? ["Auf Duldung und klaren Schleim achten."]
          : [
              "Auf Duldung und klaren Schleim achten.",
              "Besamung für die genannten Stunden planen.",
            ];
      case "collar_silent":
        if (finding.heardAgain)
          return ["Nachsehen, ob das Halsband gut sitzt.", "Batterie prüfen."];
        return [
          "Sie suchen: sitzt das Halsband noch am Hals?",
          "Batterie prüfen, oder ihr ein anderes Halsband geben.",
        ];
      case "system_deaf":
        if (finding.isOver) return [OVER];
        return [
          "Nach dem Hofrechner sehen: ist er an, steckt das Netzwerkkabel?",
          "Neu starten, oder den anrufen, der ihn betreut.",
          "Bis dahin nach den Tieren sehen wie ohne Halsbänder.",
        ];
      default:
        if (finding.kind === "station_silent" && finding.isOver) return [OVER];
        return (
          deAdvice[finding.kind === "other" ? finding.condition : finding.kind]?.steps ?? [
            "Nach ihr sehen und sagen, was du findest.",
          ]
        );
    }
  },

  rightMeans(topic: string): string {
    const meaning: Record<string, string> = {
      fever: "sie hat Fieber",
      rumination_drop: "Ketose, Labmagen, Verdauung",
      oestrus: "sie ist brünstig",
      collar_silent: "Halsband verloren, leer oder außer Reichweite",
      system_deaf: "Strom, Netz oder Rechner war weg",
    };
    return meaning[topic] ?? deAdvice[topic]?.right ?? "";
  },
};

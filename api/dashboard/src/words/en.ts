// English. The other languages have the same keys: the compiler holds them to it.

import { enAdvice } from "./advice_en";
import { b } from "./bold";
import type { Finding } from "./finding";
import type { Format } from "./format";
import { enTerms } from "./terms";

const { conditions, events, signals, whyNot } = enTerms;

const ordinal = (n: number) => {
  const tens = n % 100;
  if (tens >= 11 && tens <= 13) return `${n}th`;
  return `${n}${["th", "st", "nd", "rd"][n % 10] ?? "th"}`;
};
const OVER = "Look whether the newest readings are of now."; // of what was deaf, and hears again
const counted = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

/** Likely causes of a condition whose sentence is made of its signs. */
function mayBe(condition: string): string {
  const may = enAdvice[condition]?.may ?? "";
  return may === "" ? "" : ` May be ${b(may)}.`;
}

export const en = {
  locale: "en-GB",
  language: "English",
  title: "Herdlog",
  now: "Now",
  main: "Main",
  today: "Today",
  days: (count: number) => counted(count, "day", "days"),

  priority: {
    critical: "Critical",
    urgent: "Urgent",
    normal: "To check",
    informational: "Good to know",
  },
  section: {
    critical: ["Critical", "now"],
    urgent: ["Urgent", "go before milking"],
    normal: ["To check today", "in order of need"],
    informational: ["Good to know", "no hurry"],
  },
  urgentCount: "urgent",
  checkCount: "to check",
  doneCount: "done today",
  boardLabel: (urgent: number, check: number, done: number) =>
    `This morning: ${urgent} urgent, ${check} to check, ${done} done today`,
  boardHeard: (heard: number, animals: number) => `${heard} of ${animals} collars heard`,
  newestReading: (at: string) => `Newest reading ${at}`,
  asOf: (at: string) => `Barn as of ${at}`,
  fromMemory: (age: string) => `From this device’s memory, ${age} old`,
  nextTry: (seconds: number) => `Next try in ${seconds} s`,
  waitsHere: (count: number) =>
    counted(count, "answer waits on this device", "answers wait on this device"),

  chip: {
    live: "Live",
    reconnecting: "Reconnecting",
    offline: "Offline",
    stale: "Stale",
    catching: "Catching up",
    loading: "Loading",
    noReading: "–",
  },
  theme: { auto: "As the system", light: "Light", dark: "Dark", sun: "Sun" },
  changeTheme: (current: string) => `Display: ${current}. Change it`,
  changeLanguage: "Language",
  chooseFarm: "Farm",
  back: "Back",
  skip: "To the list",

  go: "I’ll go",
  why: "Why",
  undo: "Undo",
  close: "Close",
  youGo: "You go",
  goes: (who: string) => `${who} goes`,
  youAreGoing: (name: string) => `${name}: you are going.`,
  found: "What did you find?",
  foundShort: "Found?",
  closedToast: (name: string, outcome: string) => `${name}: ${outcome}.`,
  over: (at: string) => `over since ${at}`,
  withdrawn: "later data took it back",
  since: (at: string) => `since ${at}`,
  opened: (at: string) => `case opened ${at}`,
  isNew: "NEW",
  waiting: (count: number) => counted(count, "new case", "new cases"),
  openCase: (priority: string, tag: string, name: string) =>
    `${priority}: ${tag} ${name}, open case`,
  listLabel: "Cases, most pressing first",
  keys: "Arrows move · Enter opens · G I’ll go · U undo",
  doneToday: "Done today",
  doneLine: (outcome: string, who: string, at: string) => `${outcome}. ${who}, ${at}`,
  you: "You",
  theMachine: "Herdlog",
  willBeSent: (at: string) => `said ${at}, will be sent`,
  waits: "waits",

  doNow: "Do now",
  whyFired: "Why this fired",
  whyNotElse: "Why nothing else fired",
  lineIsLimit: "line = limit",
  whyAndWhyNot: "Why, and why not",
  cowCard: "Cow card",
  history: "History",
  sevenDays: "7 days against her own usual",
  usualBand: "her own usual",
  showTable: "Show as table",
  showMore: "Show earlier",
  noCase: "No open case.",
  noCaseBody: (name: string) => `Nothing about ${name} needs you now.`,
  notJudged: "not judged",
  noHours: "No judged hours yet: the first appear an hour after her collar is first heard.",
  learning: (day: number, days: number) =>
    `Day ${day} of ${days}: what is usual for her is being learnt. Fever and lying too long are watched already.`,
  learntFrom: (names: string, day: string) => `From ${day}: ${names}.`,
  noScores: "No detector has judged her yet.",
  limit: (value: string) => `limit ${value}`,
  usual: (value: string) => `usual ${value}`,
  noData: "no data",
  asUsual: "as usual",
  coverage: "Readings that arrived",
  last24: "Her last 24 hours",
  card: {
    id: "Ear tag",
    group: "Group",
    calved: "Calved",
    lactation: "Lactation",
    collar: "Collar",
    heard: "Last heard",
    never: "never",
    none: "none",
  },
  inMilk: (days: number) => `${counted(days, "day", "days")} ago`,
  lactation: (parity: number) => `${ordinal(parity)} lactation`,
  dayInMilk: (day: number) => `day ${day}`,
  nameless: (tag: string) => `No. ${tag}`,
  ofLimit: (percent: string) => `${percent} of limit`,
  radioBox: (id: string) => `Radio box ${id}`,
  wholeFarm: "Whole farm",

  signals,
  signal: (name: string) => signals[name] ?? name.replaceAll("_", " "),
  conditions,
  condition: (name: string) => conditions[name] ?? name.replaceAll("_", " "),
  whyNot: (reason: string) => whyNot[reason] ?? reason.replaceAll("_", " "),
  units: {
    min: "min",
    h: "h",
    d: "days",
    m: "m",
    "m/s": "m/s",
    V: "V",
    Cel: "°C",
    "%": "%",
    "1": "",
  } as Record<string, string>,
  summed: (hours: number) => (hours === 1 ? "hour by hour" : `in ${hours} h`),
  time: "Time",
  measured: "Measured",
  chartSummary: (signal: string, last: string, usual: string, missing: number) =>
    `${signal}, seven days. Newest ${last}, usual ${usual}.` +
    (missing ? ` ${counted(missing, "hour", "hours")} without data.` : ""),
  sparkSummary: (signal: string, below: boolean | null) =>
    below === null
      ? `${signal}: within her usual band`
      : `${signal}: ${below ? "below" : "above"} her usual band`,

  record(right: number, closed: number): string {
    if (closed < 3) return "Too new on this farm to say how often it is right";
    return `On this farm right ${right} of ${closed} times`;
  },

  outcome: {
    confirmed: "It was right",
    other_finding: "Something else",
    nothing_found: "Nothing found",
    device_fault: "The collar was wrong",
  },
  deviceWrong: "A device was wrong",
  outcomeDone: {
    confirmed: "was right",
    other_finding: "something else",
    nothing_found: "nothing found",
    device_fault: "collar was wrong",
  },
  note: "Note (if you like)",
  notYet: "Not yet",

  event: events,

  error: {
    notSent: "Not sent: the farm computer does not answer.",
    keepTrying: "Your answer is kept and sent by itself.",
    refused: (name: string) => `${name}: not done.`,
    yourNote: (note: string) => `Your note: “${note}”`,
    notLoaded: "Not loaded: the farm computer does not answer.",
    tryNow: "Try now",
    understood: "Understood",
    notFound: "There is no such animal on this farm.",
    signedOut: "Your sign-in has ended.",
    noSuchFarm: "You have not been given a farm.",
    noSuchFarmNext: "Ask whoever runs Herdlog on your farm.",
  },
  gap: {
    title: (away: string) => `You were away ${away}.`,
    body: (at: string) => `This screen was built anew at ${at}; nothing is missing.`,
    fresh: "New",
    changed: "Changed",
    gone: "Closed",
    nothing: "Nothing has changed.",
  },
  entry: {
    title: "How to come in",
    body: "Open the address that `herd demo` or `herd up` printed, or scan its code: it lets this device in once.",
    spent: "This address was used already, or it is too old.",
    spentNext: "Ask whoever runs Herdlog on your farm for a new address.",
    waiting: "Coming in …",
  },
  empty: {
    title: "The board is there, the hooks are free",
    body: "No animal is known yet. Bring your herd with `herd import FILE.csv`, then give each a collar.",
  },
  quiet: {
    title: "Nobody needs you now",
    body: (heard: number, animals: number, age: string) =>
      `${heard} of ${animals} collars speak, the newest ${age} ago.`,
    noReading: "No collar has been heard yet.",
    uncovered: (count: number) =>
      count === 1
        ? "1 animal is not covered: its collar is silent."
        : `${count} animals are not covered: their collars are silent.`,
  },
  missing: {
    title: "Some of this is missing for the moment.",
    latest: "newest readings",
    analytics: "curves",
    history: "names and history",
    worklist: "cases",
  },
  catching: {
    title: (at: string) => `Older readings are coming in, up to ${at}.`,
    body: "What happened since is not known yet.",
  },
  stale: {
    title: (at: string) => `Nothing new since ${at}.`,
    body: "What happened since is not known here. Look at the radio box and the farm computer.",
  },

  sentence(name: string, finding: Finding, f: Format, now: number): string {
    switch (finding.kind) {
      case "fever": {
        const excess = finding.usual === null ? null : finding.value - finding.usual;
        const fact =
          excess === null
            ? `${name} has ${b(`${f.number(finding.value, 1)} °C`)}`
            : `${name} is ${b(`${f.number(excess, 1)} °C above`)} her usual for this hour` +
              ` (${f.number(finding.value, 1)} °C)`;
        return (
          `${fact}, since ${f.since(finding.since, now)}. ` +
          `May be an ${b("udder")} or ${b("womb infection")}; was she vaccinated?`
        );
      }
      case "rumination_drop":
        return (
          `${name} ruminates ${b(`${f.number(-finding.percent)} % less`)} than she usually does: ` +
          `${f.number(finding.minutes)} instead of ${f.number(finding.usual)} minutes a day, ` +
          `since ${f.since(finding.since, now)}.` +
          (finding.herd !== null && finding.herd > -10
            ? ` The rest of the herd ruminates as usual (${f.percent(finding.herd)}), so it is not the feed alone.`
            : "") +
          ` May be ${b("ketosis")}, a ${b("displaced stomach")} or indigestion.`
        );
      case "oestrus": {
        const hours = `${f.hoursOf(finding.best.from, finding.best.to, now)} h`;
        const moves =
          finding.factor === null
            ? `${name}: ${b("heat")} `
            : `${name} is ${b(`${f.number(finding.factor, 1)} times`)} as active as usual, `;
        return (
          `${moves}since ${f.since(finding.since, now)}. May be ${b("in heat")}: ` +
          (finding.isOver
            ? `the best time to inseminate is over (${hours}).`
            : `best time to inseminate ${b(hours)}.`)
        );
      }
      case "collar_silent":
        if (finding.heardAgain)
          return (
            `${name}’s collar was silent for ${b(f.duration(finding.silentMs))}, ` +
            `from ${f.since(finding.heardAt, now)}. It is heard again.`
          );
        return (
          `${name}’s collar has been silent for ${b(f.duration(finding.silentMs))}, ` +
          `last heard ${f.since(finding.heardAt, now)}. She is not watched. ` +
          `May be ${b("lost")}, ${b("empty")} or out of reach.`
        );
      case "system_deaf":
        if (finding.isOver)
          return (
            `No collar could be heard for ${b(f.duration(finding.deafMs))}, ` +
            `from ${f.since(finding.since, now)}. They are heard again; what they kept comes in now.`
          );
        return (
          `No collar has been heard for ${b(f.duration(finding.deafMs))}, ` +
          `since ${f.since(finding.since, now)}: the ${b("way to us")} is closed. ` +
          `No animal is watched. The collars keep what they measure and send it later.`
        );
      case "station_silent": {
        const box = finding.isLine ? "The line to the radio boxes" : name;
        const span = b(f.duration(finding.silentMs));
        if (finding.isOver)
          return `${box} was silent for ${span}, from ${f.since(finding.since, now)}. It is heard again.`;
        return (
          `${box} has been silent for ${span}, since ${f.since(finding.since, now)}. ` +
          (finding.collars === null
            ? ""
            : `${b(counted(finding.collars, "collar is", "collars are"))} heard through no other. `) +
          `May be ${b("power")} or ${b("network")}.`
        );
      }
      case "no_water":
        return (
          `${b("The herd does not drink")}: look at the water. ` +
          `It drinks ${b(`${f.number(finding.percent)} %`)} of its usual, ` +
          `since ${f.since(finding.since, now)}.` +
          mayBe("no_water")
        );
      case "other":
        return (
          `${name}: ${b(en.condition(finding.condition).toLowerCase())} ` +
          `since ${f.since(finding.since, now)}.` +
          f.signs(finding.measured) +
          mayBe(finding.condition)
        );
    }
  },

  /** The fact in a row: number before adjective, never more than a few words. */
  fact(finding: Finding, f: Format, now: number): string {
    switch (finding.kind) {
      case "fever":
        return finding.usual === null
          ? `Temperature ${b(`${f.number(finding.value, 1)} °C`)}`
          : `Temperature ${b(`${f.signed(finding.value - finding.usual, 1)} °C`)}`;
      case "rumination_drop":
        return `Rumination ${b(f.percent(finding.percent))}`;
      case "oestrus": {
        const { from, to } = finding.best;
        return finding.isOver
          ? "May be in heat, best time over"
          : `May be in heat, best ${b(`${f.hoursOf(from, to, now)} h`)}`;
      }
      case "collar_silent":
        return `Collar silent ${b(f.duration(finding.silentMs))}`;
      case "system_deaf":
        return `Nothing heard ${b(f.duration(finding.deafMs))}`;
      case "station_silent":
        return `Radio box silent ${b(f.duration(finding.silentMs))}`;
      case "no_water":
        return `The herd does not drink · ${b(`${f.number(finding.percent)} %`)} of usual`;
      case "other":
        return [en.condition(finding.condition), f.sign(finding.measured)]
          .filter((part) => part !== "")
          .join(" · ");
    }
  },

  /** What the case is about beside its severity: "since 23:32" with its verb. */
  headline(finding: Finding, f: Format, now: number): string {
    if (finding.kind === "collar_silent") return `last heard ${f.since(finding.heardAt, now)}`;
    return `since ${f.since(finding.since, now)}`;
  },

  steps(finding: Finding): string[] {
    switch (finding.kind) {
      case "fever":
        return [
          "Take her temperature by hand.",
          "Check the udder: heat, swelling, flakes in the milk.",
          "Calved lately: check for foul discharge.",
        ];
      case "rumination_drop":
        return [
          "Before milking: look at appetite and the left flank.",
          "Measure ketones.",
          "Listen for a ping on the left side; if there is one, call the vet.",
        ];
      case "oestrus":
        return finding.isOver
          ? ["Look for standing heat and clear mucus."]
          : [
              "Look for standing heat and clear mucus.",
              "Plan the insemination for the hours named.",
            ];
      case "collar_silent":
        if (finding.heardAgain) return ["Look whether the collar sits well.", "Check its battery."];
        return [
          "Find her: is the collar still on her neck?",
          "Check its battery, or give her another collar.",
        ];
      case "system_deaf":
        if (finding.isOver) return [OVER];
        return [
          "Look at the farm computer: is it on, and is its network cable in?",
          "Start it again, or call whoever looks after it.",
          "Until then, look after the animals as without collars.",
        ];
      default:
        if (finding.kind === "station_silent" && finding.isOver) return [OVER];
        return (
          enAdvice[finding.kind === "other" ? finding.condition : finding.kind]?.steps ?? [
            "Look at her, and say what you found.",
          ]
        );
    }
  },

  /** What "it was right" means for this topic of a case. */
  rightMeans(topic: string): string {
    const meaning: Record<string, string> = {
      fever: "she has a fever",
      rumination_drop: "ketosis, stomach, indigestion",
      oestrus: "she is in heat",
      collar_silent: "collar lost, empty or out of reach",
      system_deaf: "power, network or computer was down",
    };
    return meaning[topic] ?? enAdvice[topic]?.right ?? "";
  },
};

export type Words = typeof en;

// Spanish.

import { esAdvice } from "./advice_es";
import { b } from "./bold";
import type { Words } from "./en";
import type { Finding } from "./finding";
import type { Format } from "./format";
import { esTerms } from "./terms";

const { conditions, events, signals, whyNot } = esTerms;

const OVER = "Mire si los últimos datos son de ahora."; // of what was deaf, and hears again
const counted = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

/** Likely causes of a condition whose sentence is made of its signs. */
function mayBe(condition: string): string {
  const may = esAdvice[condition]?.may ?? "";
  return may === "" ? "" : ` Puede ser ${b(may)}.`;
}

export const es: Words = {
  locale: "es-ES",
  language: "Español",
  title: "Herdlog",
  now: "Ahora",
  main: "Principal",
  today: "Hoy",
  days: (count) => counted(count, "día", "días"),

  priority: {
    critical: "Crítico",
    urgent: "Urgente",
    normal: "Revisar",
    informational: "Conviene saber",
  },
  section: {
    critical: ["Crítico", "ahora"],
    urgent: ["Urgente", "ir antes del ordeño"],
    normal: ["Revisar hoy", "por orden de necesidad"],
    informational: ["Conviene saber", "sin prisa"],
  },
  urgentCount: "urgentes",
  checkCount: "por revisar",
  doneCount: "hechas hoy",
  boardLabel: (urgent, check, done) =>
    `Esta mañana: ${urgent} urgentes, ${check} por revisar, ${done} hechas hoy`,
  boardHeard: (heard, animals) => `${heard} de ${animals} collares oídos`,
  newestReading: (at) => `Última medida ${at}`,
  asOf: (at) => `El establo a las ${at}`,
  fromMemory: (age) => `De la memoria de este aparato, hace ${age}`,
  nextTry: (seconds) => `Próximo intento en ${seconds} s`,
  waitsHere: (count) =>
    counted(count, "respuesta espera en este aparato", "respuestas esperan en este aparato"),

  chip: {
    live: "En vivo",
    reconnecting: "Reconectando",
    offline: "Sin conexión",
    stale: "Atrasado",
    catching: "Poniéndose al día",
    loading: "Cargando",
    noReading: "–",
  },
  theme: { auto: "Como el sistema", light: "Claro", dark: "Oscuro", sun: "Sol" },
  changeTheme: (current) => `Pantalla: ${current}. Cambiar`,
  changeLanguage: "Idioma",
  chooseFarm: "Granja",
  back: "Atrás",
  skip: "A la lista",

  go: "Voy yo",
  why: "Por qué",
  undo: "Deshacer",
  close: "Cerrar",
  youGo: "Vas tú",
  goes: (who) => `Va ${who}`,
  youAreGoing: (name) => `${name}: vas tú.`,
  found: "¿Qué encontró?",
  foundShort: "¿Qué fue?",
  closedToast: (name, outcome) => `${name}: ${outcome}.`,
  over: (at) => `terminó ${at}`,
  withdrawn: "datos posteriores lo desmintieron",
  since: (at) => `desde ${at}`,
  opened: (at) => `caso abierto ${at}`,
  isNew: "NUEVO",
  waiting: (count) => counted(count, "caso nuevo", "casos nuevos"),
  openCase: (priority, tag, name) => `${priority}: ${tag} ${name}, abrir caso`,
  listLabel: "Casos, lo más urgente primero",
  keys: "Flechas mueven · Intro abre · G voy yo · U deshacer",
  doneToday: "Hecho hoy",
  doneLine: (outcome, who, at) => `${outcome}. ${who}, ${at}`,
  you: "Usted",
  theMachine: "Herdlog",
  willBeSent: (at) => `dicho ${at}, se enviará`,
  waits: "espera",

  doNow: "Hacer ahora",
  whyFired: "Por qué este caso",
  whyNotElse: "Por qué nada más",
  lineIsLimit: "raya = límite",
  whyAndWhyNot: "Por qué, y por qué no",
  cowCard: "Ficha de la vaca",
  history: "Historial",
  sevenDays: "7 días frente a lo usual en ella",
  usualBand: "lo usual en ella",
  showTable: "Ver como tabla",
  showMore: "Ver anteriores",
  noCase: "Ningún caso abierto.",
  noCaseBody: (name) => `Nada de ${name} le necesita ahora.`,
  notJudged: "sin juzgar",
  noHours: "Aún no hay horas juzgadas: las primeras llegan una hora después de oír su collar.",
  learning: (day, days) =>
    `Día ${day} de ${days}: se aprende qué es normal en ella. Fiebre y echada demasiado tiempo ya se vigilan.`,
  learntFrom: (names, day) => `Desde ${day}: ${names}.`,
  noScores: "Ningún detector la ha juzgado aún.",
  limit: (value) => `límite ${value}`,
  usual: (value) => `usual ${value}`,
  noData: "sin datos",
  asUsual: "como siempre",
  coverage: "Medidas que llegaron",
  last24: "Sus últimas 24 horas",
  card: {
    id: "Crotal",
    group: "Grupo",
    calved: "Parió",
    lactation: "Lactancia",
    collar: "Collar",
    heard: "Oída por última vez",
    never: "nunca",
    none: "ninguno",
  },
  inMilk: (days) => `hace ${counted(days, "día", "días")}`,
  lactation: (parity) => `${parity}.ª lactancia`,
  dayInMilk: (day) => `día ${day}`,
  nameless: (tag) => `N.º ${tag}`,
  ofLimit: (percent) => `${percent} del límite`,
  radioBox: (id) => `Caja de radio ${id}`,
  wholeFarm: "Toda la granja",

  signals,
  signal: (name) => signals[name] ?? name.replaceAll("_", " "),
  conditions,
  condition: (name) => conditions[name] ?? name.replaceAll("_", " "),
  whyNot: (reason) => whyNot[reason] ?? reason.replaceAll("_", " "),
  units: {
    min: "min",
    h: "h",
    d: "días",
    m: "m",
    "m/s": "m/s",
    V: "V",
    Cel: "°C",
    "%": "%",
    "1": "",
  },
  summed: (hours) => (hours === 1 ? "hora a hora" : `en ${hours} h`),
  time: "Hora",
  measured: "Medido",
  chartSummary: (signal, last, usual, missing) =>
    `${signal}, siete días. Último ${last}, usual ${usual}.` +
    (missing ? ` ${counted(missing, "hora", "horas")} sin datos.` : ""),
  sparkSummary: (signal, below) =>
    below === null
      ? `${signal}: dentro de lo usual en ella`
      : `${signal}: por ${below ? "debajo" : "encima"} de lo usual en ella`,

  record(right, closed) {
    if (closed < 3) return "Demasiado nuevo en esta granja para saber cuánto acierta";
    return `En esta granja acertó ${right} de ${closed} veces`;
  },

  outcome: {
    confirmed: "Era cierto",
    other_finding: "Otra cosa",
    nothing_found: "No encontró nada",
    device_fault: "El collar se equivocó",
  },
  deviceWrong: "Falló un aparato",
  outcomeDone: {
    confirmed: "era cierto",
    other_finding: "otra cosa",
    nothing_found: "nada encontrado",
    device_fault: "fallo del collar",
  },
  note: "Nota (si quiere)",
  notYet: "Todavía no",

  event: events,

  error: {
    notSent: "No enviado: el ordenador de la granja no responde.",
    keepTrying: "Su respuesta se guarda y se enviará sola.",
    refused: (name) => `${name}: no se hizo.`,
    yourNote: (note) => `Su nota: «${note}»`,
    notLoaded: "No cargado: el ordenador de la granja no responde.",
    tryNow: "Probar ahora",
    understood: "Entendido",
    notFound: "No existe ese animal en esta granja.",
    signedOut: "Su acceso ha terminado.",
    noSuchFarm: "No le han dado ninguna granja.",
    noSuchFarmNext: "Pregunte a quien lleva Herdlog en su granja.",
  },
  gap: {
    title: (away) => `Estuvo fuera ${away}.`,
    body: (at) => `La pantalla se rehízo a las ${at}; no falta nada.`,
    fresh: "Nuevo",
    changed: "Cambió",
    gone: "Cerrado",
    nothing: "Nada ha cambiado.",
  },
  entry: {
    title: "Cómo entrar",
    body: "Abra la dirección que mostró `herd demo` o `herd up`, o escanee su código: deja entrar a este aparato una vez.",
    spent: "Esta dirección ya se usó o es demasiado vieja.",
    spentNext: "Pida otra dirección a quien lleva Herdlog en su granja.",
    waiting: "Entrando …",
  },
  empty: {
    title: "El tablero está, los ganchos están libres",
    body: "Aún no se conoce ningún animal. Traiga su rebaño con `herd import ARCHIVO.csv` y dé a cada una un collar.",
  },
  quiet: {
    title: "Nadie le necesita ahora",
    body: (heard, animals, age) => `${heard} de ${animals} collares hablan, el último hace ${age}.`,
    noReading: "Aún no se ha oído ningún collar.",
    uncovered: (count) =>
      count === 1
        ? "1 animal no está cubierto: su collar está mudo."
        : `${count} animales no están cubiertos: sus collares están mudos.`,
  },
  missing: {
    title: "Falta algo por el momento.",
    latest: "últimas medidas",
    analytics: "curvas",
    history: "nombres e historial",
    worklist: "casos",
  },
  catching: {
    title: (at) => `Llegan medidas anteriores, hasta ${at}.`,
    body: "Lo que pasó desde entonces aún no se sabe.",
  },
  stale: {
    title: (at) => `Nada nuevo desde ${at}.`,
    body: "Lo que pasó desde entonces no se sabe aquí. Mire la antena y el ordenador de la granja.",
  },

  sentence(name: string, finding: Finding, f: Format, now: number): string {
    switch (finding.kind) {
      case "fever": {
        const excess = finding.usual === null ? null : finding.value - finding.usual;
        const fact =
          excess === null
            ? `${name} tiene ${b(`${f.number(finding.value, 1)} °C`)}`
            : `${name} está ${b(`${f.number(excess, 1)} °C sobre`)} lo usual a esta hora` +
              ` (${f.number(finding.value, 1)} °C)`;
        return (
          `${fact}, desde ${f.since(finding.since, now)}. ` +
          `Puede ser ${b("ubre")} o ${b("útero")}; ¿la vacunaron?`
        );
      }
      case "rumination_drop":
        return (
          `${name} rumia un ${b(`${f.number(-finding.percent)} % menos`)} de lo usual: ` +
          `${f.number(finding.minutes)} en vez de ${f.number(finding.usual)} minutos al día, ` +
          `desde ${f.since(finding.since, now)}.` +
          (finding.herd !== null && finding.herd > -10
            ? ` El resto del rebaño rumia como siempre (${f.percent(finding.herd)}): no es solo la comida.`
            : "") +
          ` Puede ser ${b("cetosis")}, ${b("abomaso desplazado")} o indigestión.`
        );
      case "oestrus": {
        const hours = `${f.hoursOf(finding.best.from, finding.best.to, now)} h`;
        const moves =
          finding.factor === null
            ? `${name}: ${b("celo")} `
            : `${name} está ${b(`${f.number(finding.factor, 1)} veces`)} tan activa como siempre, `;
        return (
          `${moves}desde ${f.since(finding.since, now)}. Puede estar ${b("en celo")}: ` +
          (finding.isOver
            ? `la mejor hora de inseminar ya pasó (${hours}).`
            : `mejor hora de inseminar ${b(hours)}.`)
        );
      }
      case "collar_silent":
        if (finding.heardAgain)
          return (
            `El collar de ${name} estuvo ${b(f.duration(finding.silentMs))} mudo, ` +
            `desde ${f.since(finding.heardAt, now)}. Se oye otra vez.`
          );
        return (
          `El collar de ${name} lleva ${b(f.duration(finding.silentMs))} mudo, ` +
          `oído por última vez ${f.since(finding.heardAt, now)}. No está vigilada. ` +
          `Puede estar ${b("perdido")}, ${b("sin batería")} o fuera de alcance.`
        );
      case "system_deaf":
        if (finding.isOver)
          return (
            `Durante ${b(f.duration(finding.deafMs))} no se oyó ningún collar, ` +
            `desde ${f.since(finding.since, now)}. Se oyen otra vez; lo que guardaron llega ahora.`
          );
        return (
          `Hace ${b(f.duration(finding.deafMs))} que no se oye ningún collar, ` +
          `desde ${f.since(finding.since, now)}: el ${b("camino hasta aquí")} está cerrado. ` +
          `Ningún animal está vigilado. Los collares guardan lo que miden y lo envían después.`
        );
      case "station_silent": {
        const box = finding.isLine ? "La línea de las cajas de radio" : name;
        const span = b(f.duration(finding.silentMs));
        if (finding.isOver)
          return `${box} estuvo ${span} sin oírse, desde ${f.since(finding.since, now)}. Se oye otra vez.`;
        return (
          `${box} lleva ${span} sin oírse, desde ${f.since(finding.since, now)}. ` +
          (finding.collars === null
            ? ""
            : `${b(counted(finding.collars, "collar no se oye", "collares no se oyen"))} por otra. `) +
          `Puede ser la ${b("corriente")} o la ${b("red")}.`
        );
      }
      case "no_water":
        return (
          `${b("El rebaño no bebe")}: mire el agua. ` +
          `Bebe el ${b(`${f.number(finding.percent)} %`)} de lo usual, ` +
          `desde ${f.since(finding.since, now)}.` +
          mayBe("no_water")
        );
      case "other":
        return (
          `${name}: ${b(es.condition(finding.condition))} ` +
          `desde ${f.since(finding.since, now)}.` +
          f.signs(finding.measured) +
          mayBe(finding.condition)
        );
    }
  },

  fact(finding: Finding, f: Format, now: number): string {
    switch (finding.kind) {
      case "fever":
        return finding.usual === null
          ? `Temperatura ${b(`${f.number(finding.value, 1)} °C`)}`
          : `Temperatura ${b(`${f.signed(finding.value - finding.usual, 1)} °C`)}`;
      case "rumination_drop":
        return `Rumia ${b(f.percent(finding.percent))}`;
      case "oestrus": {
        const { from, to } = finding.best;
        return finding.isOver
          ? "Puede estar en celo, la mejor hora ya pasó"
          : `Puede estar en celo, mejor ${b(`${f.hoursOf(from, to, now)} h`)}`;
      }
      case "collar_silent":
        return `Collar mudo ${b(f.duration(finding.silentMs))}`;
      case "system_deaf":
        return `No se oye nada ${b(f.duration(finding.deafMs))}`;
      case "station_silent":
        return `Caja de radio muda ${b(f.duration(finding.silentMs))}`;
      case "no_water":
        return `El rebaño no bebe · ${b(`${f.number(finding.percent)} %`)} de lo usual`;
      case "other":
        return [es.condition(finding.condition), f.sign(finding.measured)]
          .filter((part) => part !== "")
          .join(" · ");
    }
  },

  headline(finding: Finding, f: Format, now: number): string {
    if (finding.kind === "collar_silent") return `oída ${f.since(finding.heardAt, now)}`;
    return `desde ${f.since(finding.since, now)}`;
  },

  steps(finding: Finding): string[] {
    switch (finding.kind) {
      case "fever":
        return [
          "Tómele la temperatura a mano.",
          "Revise la ubre: calor, hinchazón, grumos en la leche.",
          "Recién parida: busque flujo maloliente.",
        ];
      case "rumination_drop":
        return [
          "Antes del ordeño: mire apetito y flanco izquierdo.",
          "Mida cetonas.",
          "Escuche si suena metálico a la izquierda; si es así, llame al veterinario.",
        ];
      case "oestrus":
        return finding.isOver
          ? ["Busque que se deje montar y moco claro."]
          : ["Busque que se deje montar y moco claro.", "Planee la inseminación para esas horas."];
      case "collar_silent":
        if (finding.heardAgain)
          return ["Mire si el collar está bien puesto.", "Revise la batería."];
        return ["Búsquela: ¿lleva aún el collar?", "Revise la batería, o déle otro collar."];
      case "system_deaf":
        if (finding.isOver) return [OVER];
        return [
          "Mire el ordenador de la granja: ¿está encendido, tiene el cable de red?",
          "Enciéndalo de nuevo, o llame a quien lo cuida.",
          "Hasta entonces, vigile a los animales como sin collares.",
        ];
      default:
        if (finding.kind === "station_silent" && finding.isOver) return [OVER];
        return (
          esAdvice[finding.kind === "other" ? finding.condition : finding.kind]?.steps ?? [
            "Mírela y diga qué encontró.",
          ]
        );
    }
  },

  rightMeans(topic: string): string {
    const meaning: Record<string, string> = {
      fever: "tiene fiebre",
      rumination_drop: "cetosis, abomaso, indigestión",
      oestrus: "está en celo",
      collar_silent: "collar perdido, sin batería o fuera de alcance",
      system_deaf: "falló la luz, la red o el ordenador",
    };
    return meaning[topic] ?? esAdvice[topic]?.right ?? "";
  },
};

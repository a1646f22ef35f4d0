// What this screen knows: the board, the live stream, and what follows from both.
import { computed, effect, signal } from "@preact/signals";
import * as api from "./api";
import { AwayError, RefusedError } from "./api";
import type { Change, Shown, View } from "./board";
import { changesBetween, isOlder, isUnknown, settle, viewOf } from "./board";
import { farmNow, measure, wallNow } from "./clock";
import type { Connection } from "./live/chip";
import { chipOf } from "./live/chip";
import { LiveSocket } from "./live/socket";
import type { Stream } from "./live/stream";
import { ALERTS_ID, greeting, step, streamAt } from "./live/stream";
import { tell, untell } from "./notices";
import { confirm, orders, send } from "./outbox";
import { dropSession, read, token, userId, write } from "./session";
import { words } from "./settings";
import type { Alert, Board, Farm, LiveMessage } from "./wire";

const TOUCHED_MS = 2_000; // after the last touch a row may move again
const TOLD_TOGETHER_MS = 300; // cases that come at once are loaded once
const REFRESH_MS = 300_000; // curves and the clock, while the page is open
const RETRY_MS = 4_000;

export const farms = signal<readonly Farm[] | null>(null);
export const farm = signal<Farm | null>(null);
export const board = signal<Board | null>(null);
/** Whether `board` is only what this device remembered from the last time. */
export const remembered = signal(false);
export const connection = signal<Connection>({ phase: "loading" });
export const online = signal(navigator.onLine);
const stream = signal<Stream | null>(null);

/** News of any case, for screens that show one animal. */
export const lastTold = signal<Alert | null>(null);

export interface Gap {
  awayMs: number; // since the last word before; 0 = the connection never broke
  at: number;
  changes: Change[];
}
/** What changed while the record could not be continued; null once it is read. */
export const gap = signal<Gap | null>(null);

export const pulse = computed(() => stream.value?.pulse ?? board.value?.pulse ?? null);

export const chip = computed(() => {
  const asOf = stream.value?.asOf ?? null;
  const told = {
    pulse: pulse.value,
    stale: stream.value?.stale ?? false,
    asOf: asOf === null ? null : Date.parse(asOf),
  };
  return chipOf(connection.value, online.value, told, wallNow.value, farmNow.value);
});

/** The word alone, for what need not be drawn every second. */
export const chipKind = computed(() => chip.value.kind);

/** What is on the screen may be wrong by now, and looks like it. */
export const isHatched = computed(
  () => chipKind.value === "stale" || chipKind.value === "catching",
);

const NOTHING: View = { cases: [], done: [] };
export const view = computed<View>(() =>
  board.value === null
    ? NOTHING
    : viewOf(board.value, stream.value?.told ?? new Map(), orders.value, userId.value),
);

// ---- What stands on the list: new cases never move a row under a finger --------------------------

const touchedAt = signal(-TOUCHED_MS);
export const shown = signal<readonly Shown[]>([]);
export const waiting = signal(0);

export function touched(): void {
  touchedAt.value = Date.now();
}

export function letIn(): void {
  touchedAt.value = -TOUCHED_MS;
}

effect(() => {
  const busy = wallNow.value - touchedAt.value < TOUCHED_MS && board.value !== null;
  const next = settle(shown.peek(), view.value.cases, busy);
  shown.value = next.shown;
  waiting.value = next.waiting;
});

// ---- Loading ---------------------------------------------------------------------------------------

const NOT_LOADED = "not-loaded";
let socket: LiveSocket | null = null;
let reload: number | undefined;

const memory = (farmId: string) => `herdlog.board.${farmId}`;

/** Load the board; true if there is one now. */
export async function loadBoard(): Promise<boolean> {
  const chosen = farm.value;
  if (chosen === null) return false;
  try {
    const loaded = await api.board(chosen.farm_id);
    if (farm.value !== chosen) return false;
    const had = board.value;
    // two answers may overtake each other: the older one must not take a case from the list
    if (had !== null && !remembered.value && isOlder(loaded, had)) return true;
    measure(loaded.now);
    const before = stream.value;
    if (before === null || before.epoch !== loaded.epoch)
      stream.value = streamAt(loaded.epoch, loaded.position, loaded.as_of, loaded.pulse);
    else stream.value = { ...before, pulse: loaded.pulse ?? before.pulse };
    board.value = loaded;
    remembered.value = false;
    for (const one of [...loaded.cases, ...loaded.done]) confirm(one.alert);
    write(memory(chosen.farm_id), JSON.stringify(loaded));
    untell(NOT_LOADED);
    return true;
  } catch (error) {
    // a case told live has moved the place in the record: only this load can bring it to the list
    if (error instanceof AwayError && stream.value !== null) later();
    return report(error);
  }
}

/** Say why something could not be loaded; false, for whoever waits for it. */
export function report(error: unknown): false {
  const said = words.value.error;
  if (error instanceof RefusedError && error.status === 401) signOut();
  else if (error instanceof RefusedError)
    tell({ id: NOT_LOADED, title: error.title, next: error.detail });
  else if (!(error instanceof AwayError)) throw error;
  else if (connection.value.phase === "loading")
    tell({ id: NOT_LOADED, title: said.notLoaded, next: "", retry: () => void start() });
  return false;
}

function signOut(): void {
  socket?.stop();
  socket = null;
  dropSession();
}

function soon(): void {
  window.clearTimeout(reload);
  reload = window.setTimeout(() => void loadBoard(), TOLD_TOGETHER_MS);
}

/** Again after a failure; not while the connection is lost, which would only empty a battery. */
function later(): void {
  window.clearTimeout(reload);
  reload = window.setTimeout(() => {
    if (connection.value.phase === "live") void loadBoard();
    else later();
  }, RETRY_MS);
}

// ---- Live ------------------------------------------------------------------------------------------

function told(message: LiveMessage): void {
  const before = stream.value;
  if (before === null) return;
  const { stream: after, effects } = step(before, message);
  stream.value = after;
  const was = connection.value;
  if (message.type === "subbed" && message.id === ALERTS_ID) {
    connection.value = { phase: "live" };
    untell(NOT_LOADED);
    void send(); // the farm computer is back: what was tapped meanwhile goes out
  }
  for (const one of effects) {
    if (one.kind === "clock") measure(one.at);
    else if (one.kind === "gap") void rebuilt(was.phase === "lost" ? Date.now() - was.since : 0);
    else {
      confirm(one.alert);
      lastTold.value = one.alert;
      if (board.value !== null && isUnknown(board.value, one.alert)) soon();
    }
  }
}

/** The record could not be continued: take the new board, and say what changed meanwhile. */
async function rebuilt(awayMs: number): Promise<void> {
  const [before, chosen] = [board.value, farm.value];
  while (!(await loadBoard())) {
    await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS));
    if (token.value === null || farm.value !== chosen) return;
  }
  if (before === null || board.value === null) return;
  gap.value = { awayMs, at: farmNow.value, changes: changesBetween(before, board.value) };
}

function listen(farmId: string): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new LiveSocket(`${scheme}://${location.host}/live`, {
    greet: () =>
      token.value === null || stream.value === null
        ? []
        : greeting(token.value, farmId, stream.value),
    told,
    lost(nextTryAt, heardAt) {
      const { value } = connection;
      const since = value.phase === "lost" ? value.since : heardAt;
      connection.value = { phase: "lost", since, nextTryAt };
    },
    refused(code) {
      if (code === 4401) signOut();
      else
        tell({
          id: "refused",
          title: words.value.error.noSuchFarm,
          next: words.value.error.noSuchFarmNext,
        });
    },
  });
  socket.start();
}

let starting = false;

/** Come from nothing, or only a token, to a living board; tries until it has one. */
export async function start(): Promise<void> {
  if (token.value === null || starting) return;
  starting = true;
  connection.value = { phase: "loading" };
  try {
    while (token.value !== null && !((await chooseFarm()) && (await loadBoard())))
      await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS));
  } finally {
    starting = false;
  }
  if (token.value === null || farm.value === null) return;
  socket?.stop();
  listen(farm.value.farm_id);
}

async function chooseFarm(): Promise<boolean> {
  try {
    const found = (await api.farms()).farms;
    farms.value = found;
    const kept = read("herdlog.farm");
    farm.value = found.find((one) => one.farm_id === kept) ?? found[0] ?? null;
  } catch (error) {
    if (farm.value === null) remember(read("herdlog.farm"));
    return report(error);
  }
  if (farm.value === null) {
    const { noSuchFarm, noSuchFarmNext } = words.value.error;
    tell({ id: NOT_LOADED, title: noSuchFarm, next: noSuchFarmNext });
    return false;
  }
  write("herdlog.farm", farm.value.farm_id);
  if (board.value === null) remember(farm.value.farm_id);
  return true;
}

/**
 * Show what this device knew last until the farm computer answers, marked as such. The clock is
 * not set by it: the moment it was stored is long past.
 */
function remember(farmId: string | null): void {
  const text = farmId === null ? null : read(memory(farmId));
  if (text === null) return;
  try {
    board.value = JSON.parse(text) as Board;
    remembered.value = true;
  } catch {
    write(memory(farmId ?? ""), null);
  }
}

export function changeFarm(farmId: string): void {
  write("herdlog.farm", farmId);
  socket?.stop();
  stream.value = board.value = farm.value = gap.value = null;
  void start();
}

export function startStore(): void {
  for (const name of ["online", "offline"])
    window.addEventListener(name, () => {
      online.value = navigator.onLine;
    });
  window.setInterval(() => {
    if (document.visibilityState === "visible" && connection.value.phase === "live")
      void loadBoard();
  }, REFRESH_MS);
  void start();
}

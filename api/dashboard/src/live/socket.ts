// One WebSocket to `/live`, opened again whenever it is lost: the edge of the live stream.
//
// A phone that slept, or a Wi-Fi that changed, leaves a socket that looks open and is dead. So a
// watchdog closes what has been silent for two heartbeats, and waking up or coming online tries at
// once instead of waiting for the next attempt.
import type { LiveMessage } from "../wire";

const PROTOCOL = "herd.v1.json";
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;
const HEARTBEAT_S = 20; // until hello says another
const SILENT_HEARTBEATS = 2.25;
const CONNECT_MAX_MS = 8_000;
const UNAUTHORISED = 4401;
const FORBIDDEN = 4403;

export interface SocketEvents {
  greet(): object[]; // what to say after the server's hello
  told(message: LiveMessage): void;
  /** heardAt: when the last word came (ms). nextTryAt null: when the network is back. */
  lost(nextTryAt: number | null, heardAt: number): void;
  refused(code: number): void; // signed out, or not our farm: no further attempt
}

export class LiveSocket {
  #socket: WebSocket | null = null;
  #attempt = 0;
  #heartbeatMs = HEARTBEAT_S * 1000;
  // by the wall's clock: the page's own may stand still while a phone sleeps
  #heardAt = 0; // the last sign of life, or the attempt to get one
  #toldAt = 0; // the last word
  #retry: number | undefined;
  #watch: number | undefined;
  #stopped = true;

  constructor(
    readonly url: string,
    readonly events: SocketEvents,
  ) {}

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#toldAt = Date.now(); // the board was loaded just before
    this.#watch = window.setInterval(() => this.#look(), 2_000);
    document.addEventListener("visibilitychange", this.#wake);
    window.addEventListener("online", this.#wake);
    window.addEventListener("offline", this.#gone);
    this.#open();
  }

  stop(): void {
    this.#stopped = true;
    window.clearInterval(this.#watch);
    window.clearTimeout(this.#retry);
    document.removeEventListener("visibilitychange", this.#wake);
    window.removeEventListener("online", this.#wake);
    window.removeEventListener("offline", this.#gone);
    this.#drop();
  }

  #open(): void {
    window.clearTimeout(this.#retry);
    this.#drop();
    const socket = new WebSocket(this.url, PROTOCOL);
    this.#socket = socket;
    this.#heardAt = Date.now();
    socket.onmessage = (event) => {
      if (socket !== this.#socket) return;
      this.#heardAt = this.#toldAt = Date.now();
      const message = JSON.parse(String(event.data)) as LiveMessage;
      if (message.type === "hello") {
        this.#heartbeatMs = message.heartbeat_s * 1000;
        for (const word of this.events.greet()) socket.send(JSON.stringify(word));
      }
      if (message.type === "subbed") this.#attempt = 0;
      this.events.told(message);
    };
    socket.onclose = (event) => {
      if (socket === this.#socket) this.#closed(event.code);
    };
  }

  /** Forget the socket; a dead one may need minutes until it says that it is closed. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #closed(code: number): void {
    this.#socket = null;
    if (this.#stopped) return;
    if (code === UNAUTHORISED || code === FORBIDDEN) {
      this.stop();
      this.events.refused(code);
      return;
    }
    if (!navigator.onLine) {
      this.events.lost(null, this.#toldAt); // `online` wakes us
      return;
    }
    // spread out, so that all screens of a farm do not come back in the same moment
    const wait =
      Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** this.#attempt) * (0.75 + Math.random() / 2);
    this.#attempt += 1;
    this.#retry = window.setTimeout(() => this.#open(), wait);
    this.events.lost(Date.now() + wait, this.#toldAt);
  }

  #look(): void {
    if (this.#socket === null) return;
    const silentMs = Date.now() - this.#heardAt;
    const patience =
      this.#socket.readyState === WebSocket.CONNECTING
        ? CONNECT_MAX_MS
        : SILENT_HEARTBEATS * this.#heartbeatMs;
    if (silentMs > patience) {
      this.#drop();
      this.#closed(1006);
    }
  }

  #wake = (): void => {
    if (document.visibilityState !== "visible" || this.#stopped) return;
    const silent = Date.now() - this.#heardAt > this.#heartbeatMs + 5_000;
    if (this.#socket === null || silent) {
      this.#attempt = 0;
      this.events.lost(null, this.#toldAt); // what is on the screen is as old as that
      this.#open();
    }
  };

  #gone = (): void => {
    if (this.#socket === null) return;
    this.#drop();
    this.#closed(1006);
  };
}

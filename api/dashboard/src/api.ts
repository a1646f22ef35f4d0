// The REST API of the farm computer: one function for each question, errors as values of a kind.

import { token } from "./session";
import type { AnimalPage, Board, Farm, History, Signals, SignIn } from "./wire";

const PATIENCE_MS = 10_000;

/** The server said no. title: the problem in a sentence. */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(title);
  }
}

/** No answer: the network, the farm computer or a store of it is away. */
export class AwayError extends Error {}

export async function call<T>(
  path: string,
  options: { method?: string; body?: object | null; key?: string } = {},
): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (token.value !== null) headers.Authorization = `Bearer ${token.value}`;
  if (options.body) headers["Content-Type"] = "application/json";
  if (options.key) headers["Idempotency-Key"] = options.key;
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(path, {
      method: options.method ?? "GET",
      headers,
      body: options.body ? JSON.stringify(options.body) : null,
      signal: AbortSignal.timeout(PATIENCE_MS),
      cache: "no-store",
    });
    text = await answer.text(); // the connection may break after the headers
  } catch (error) {
    throw new AwayError(String(error));
  }
  if (answer.status >= 500) throw new AwayError(`${answer.status}`);
  let read: unknown = null;
  try {
    read = text === "" ? null : JSON.parse(text);
  } catch {
    if (answer.ok) throw new AwayError("no JSON came back"); // a portal between us, not our server
  }
  if (answer.ok) return read as T;
  const problem = read as { title?: string; detail?: string } | null;
  throw new RefusedError(answer.status, problem?.title ?? answer.statusText, problem?.detail ?? "");
}

const farm = (farmId: string) => `/api/v1/farms/${encodeURIComponent(farmId)}`;
const animal = (farmId: string, id: string) => `${farm(farmId)}/animals/${encodeURIComponent(id)}`;

export const signIn = (ticket: string) =>
  call<SignIn>("/api/v1/sessions", { method: "POST", body: { ticket } });
export const farms = () => call<{ farms: Farm[] }>("/api/v1/farms");
export const board = (farmId: string) => call<Board>(`${farm(farmId)}/board`);
export const animalPage = (farmId: string, id: string) => call<AnimalPage>(animal(farmId, id));
export const signals = (farmId: string, id: string, days: number) =>
  call<Signals>(`${animal(farmId, id)}/signals?days=${days}`);
export const history = (farmId: string, id: string, before: number | null) =>
  call<History>(
    `${animal(farmId, id)}/events?limit=50${before === null ? "" : `&before=${before}`}`,
  );

// The API's answers: whatever breaks on the way is "away", never an error of nobody's kind.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { AwayError, call } from "../src/api";

const real = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = real;
});

test("a connection that breaks after the headers is away", async () => {
  const text = () => Promise.reject(new TypeError("network error"));
  globalThis.fetch = async () => ({ ok: true, status: 200, text }) as unknown as Response;
  await assert.rejects(call("/api/v1/farms"), AwayError);
});

// What floats or stands above the list: undo, failures, what changed after a gap, stale data.

import { tagOf } from "../board";
import { farmNow, wallNow } from "../clock";
import { failures, takeUndo, UNDO_MS, undo, untell } from "../notices";
import { casePath } from "../route";
import { format, words } from "../settings";
import { chipKind, connection, gap, isHatched, pulse } from "../store";
import type { Missing } from "../wire";
import { findingOf } from "../words/finding";
import { Icon, Rich, Tag, WithCode } from "./marks";
import { nameOf } from "./names";

/** UndoToast: five seconds above the thumb; the countdown is a number. */
export function UndoToast() {
  const offered = undo.value;
  if (offered === null) return null;
  const left = Math.min(UNDO_MS, Math.max(1, offered.until - wallNow.value));
  return (
    <div class="toastbox">
      <div class="toast">
        <span role="status">{offered.text}</span>
        <button class="btn" type="button" onClick={takeUndo}>
          <Icon name="undo" /> {words.value.undo}{" "}
          <span class="count">{Math.ceil(left / 1000)}</span>
        </button>
      </div>
    </div>
  );
}

/** Errors stay until read: what, why, what next. */
export function Failures() {
  const said = words.value.error;
  return (
    <div class="failures" role="alert">
      {failures.value.map(({ id, title, next, retry }) => (
        <div class="toast er" key={id}>
          <Icon name="x" />
          <span>
            <b>{title}</b> {next}
          </span>
          {retry === undefined ? (
            <button class="btn" type="button" onClick={() => untell(id)}>
              {said.understood}
            </button>
          ) : (
            <button class="btn" type="button" onClick={retry}>
              {said.tryNow}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}

const GAP_SHOWN_MAX = 8;
const AWAY_MIN_MS = 1_000; // less is nothing that anybody noticed

/** Reloaded after a gap: that it was, and what changed. */
export function GapNotice() {
  const seen = gap.value;
  if (seen === null) return null;
  const said = words.value;
  const f = format.value;
  const now = farmNow.value;
  return (
    <section class="gapnotice" role="status">
      <p class="notice m">
        <Icon name="sync" />
        <span>
          {seen.awayMs < AWAY_MIN_MS ? null : <b>{said.gap.title(f.age(seen.awayMs))} </b>}
          {said.gap.body(f.clock(seen.at))}
          {seen.changes.length === 0 ? ` ${said.gap.nothing}` : ""}
        </span>
      </p>
      <ul class="rows">
        {seen.changes.slice(0, GAP_SHOWN_MAX).map(({ kind, alert, animal }) => (
          <li class="row mini" key={alert.alert_id}>
            <a class="hit" href={casePath(alert)} aria-label={nameOf(animal, alert)} />
            <Tag text={tagOf(animal, alert)} priority={kind === "gone" ? null : alert.priority} />
            <p class="l2 isdone">
              <b>{said.gap[kind]}:</b> {nameOf(animal, alert)},{" "}
              <Rich text={said.fact(findingOf(alert, now, animal), f, now)} />
            </p>
          </li>
        ))}
      </ul>
      <div class="m">
        <button class="btn wide" type="button" onClick={() => (gap.value = null)}>
          {said.error.understood}
        </button>
      </div>
    </section>
  );
}

/** Nothing was heard for a while: hatched, with the time since when. */
export function StaleNotice() {
  const kind = chipKind.value;
  if (kind !== "stale" && kind !== "catching") return null;
  const newest = pulse.value?.newest_reading_at ?? null;
  const said = words.value[kind];
  const at = newest === null ? "–" : format.value.since(Date.parse(newest), farmNow.value);
  return (
    <p class="notice hatched m">
      <Icon name={kind === "stale" ? "silent" : "sync"} />
      <span>
        <b>{said.title(at)}</b> {said.body}
      </span>
    </p>
  );
}

/** A store does not answer: what is left out here is named, not passed over. */
export function MissingNotice({ missing }: { missing: readonly Missing[] }) {
  if (missing.length === 0) return null;
  const said = words.value.missing;
  return (
    <p class="notice m">
      <svg class="sev" aria-hidden="true">
        <use href="#s-stale" />
      </svg>
      <span>
        <b>{said.title}</b> {missing.map((part) => said[part]).join(", ")}
      </span>
    </p>
  );
}

/** No animal is known, or nobody needs anybody: calm, with the proof why. */
export function EmptyBoard() {
  const heard = pulse.value;
  const said = words.value;
  if (heard !== null && heard.animals === 0)
    return (
      <section class="calm">
        <Icon name="board" />
        <h2>{said.empty.title}</h2>
        <p>
          <WithCode text={said.empty.body} />
        </p>
      </section>
    );
  // nobody knows whether nobody needs you
  if (isHatched.value || connection.value.phase !== "live") return null;
  const newest = heard?.newest_reading_at ?? null;
  const animals = heard?.animals ?? heard?.heard ?? 0;
  const silent = animals - (heard?.heard ?? 0);
  return (
    <section class="calm">
      <Icon name="cow" />
      <h2>{newest === null ? said.quiet.noReading : said.quiet.title}</h2>
      {heard === null || newest === null ? null : (
        <p>
          {said.quiet.body(
            heard.heard,
            animals,
            format.value.age(farmNow.value - Date.parse(newest)),
          )}
        </p>
      )}
      {silent > 0 ? (
        <p class="notice">
          <Icon name="silent" />
          <span>{said.quiet.uncovered(silent)}</span>
        </p>
      ) : null}
    </section>
  );
}

/** Rows of a shape that is still being loaded. */
export function Skeleton({ rows = 3 }: { rows?: number }) {
  return (
    <ul class="rows" aria-busy="true" aria-label={words.value.chip.loading}>
      {Array.from({ length: rows }, (_, index) => (
        <li class="row sks" key={index}>
          <span class="sk tagsk" />
          <div>
            <span class="sk half" />
            <span class="sk" />
          </div>
          <span class="sk sparksk" />
          <span class="sk gosk" />
        </li>
      ))}
    </ul>
  );
}

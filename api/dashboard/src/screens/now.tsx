// Now: who needs me, what is it, what do I do. On a desk the open case stands beside the list.
import { computed, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Shown } from "../board";
import { sectionsOf } from "../board";
import { dayStart } from "../clock";
import { takeUndo } from "../notices";
import { takeOn } from "../outbox";
import { CaseCard } from "../parts/case_card";
import { CaseRow, DoneRow } from "../parts/case_row";
import { CaseDetail } from "../parts/detail";
import { canTake, judged } from "../parts/go";
import { Icon, Severity } from "../parts/marks";
import {
  EmptyBoard,
  Failures,
  GapNotice,
  MissingNotice,
  Skeleton,
  StaleNotice,
} from "../parts/messages";
import { MorningBoard } from "../parts/morning_board";
import { nameOf } from "../parts/names";
import { Strip } from "../parts/strip";
import { casePath, go } from "../route";
import { wide, words } from "../settings";
import { board, isHatched, letIn, remembered, shown, touched, view, waiting } from "../store";

const chosen = signal<string | null>(null);

/** The case in the detail: the chosen one while it is open, else the most pressing. */
const selected = computed<Shown | null>(
  () =>
    shown.value.find((one) => one.alert.alert_id === chosen.value) ??
    inOrder(shown.value)[0] ??
    null,
);

function inOrder(cases: readonly Shown[]): Shown[] {
  return sectionsOf(cases).flatMap((section) => section.cases);
}

export function Now() {
  useEffect(() => {
    document.title = `${words.value.now} · Herdlog`;
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return (
    <>
      <header class={isHatched.value ? "frame top hat" : "frame top"}>
        <Strip />
        <MorningBoard />
      </header>
      <main class="split" id="main" tabIndex={-1}>
        <div
          class="col"
          onPointerDown={touched}
          onTouchMove={touched}
          onWheel={touched}
          onScroll={touched}
        >
          <Failures />
          <StaleNotice />
          <MissingNotice missing={board.value?.missing ?? []} />
          <GapNotice />
          {waiting.value > 0 ? (
            <button class="btn waiting" type="button" onClick={letIn}>
              <Icon name="down" small /> {words.value.waiting(waiting.value)}
            </button>
          ) : null}
          <List />
        </div>
        {wide.value ? (
          <div class="detailcol">
            {selected.value === null ? null : <CaseDetail item={selected.value} />}
          </div>
        ) : null}
      </main>
    </>
  );
}

function List() {
  if (board.value === null) return <Skeleton rows={wide.value ? 6 : 3} />;
  if (shown.value.length === 0)
    return (
      <>
        {remembered.value ? <Skeleton /> : <EmptyBoard />}
        <DoneToday />
      </>
    );
  const cases = inOrder(shown.value);
  const first = wide.value ? undefined : cases[0];
  const rest = first === undefined ? shown.value : shown.value.filter((one) => one !== first);
  const said = words.value;
  return (
    <>
      {first === undefined ? null : <CaseCard item={first} />}
      <section aria-live="polite" aria-label={said.listLabel}>
        {sectionsOf(rest).map(({ priority, cases: list }) => (
          <section key={priority}>
            <div class="sect">
              <Severity priority={priority} />
              <h2>{said.section[priority][0]}</h2>
              <span class="meta">{said.section[priority][1]}</span>
            </div>
            <ul class="rows">
              {list.map((item) =>
                wide.value || item.alert.subject_kind === "animal" ? (
                  <CaseRow
                    key={item.alert.alert_id}
                    item={item}
                    selected={wide.value && item === selected.value}
                    onSelect={() => (chosen.value = item.alert.alert_id)}
                  />
                ) : (
                  // a row opens an animal's page; a farm or a radio box has none, so all is said here
                  <li class="whole" key={item.alert.alert_id}>
                    <CaseCard item={item} />
                  </li>
                ),
              )}
            </ul>
          </section>
        ))}
      </section>
      <p class="vh" aria-live="assertive">
        {criticalNews.value}
      </p>
      <DoneToday />
      {wide.value ? <p class="keys meta">{said.keys}</p> : null}
    </>
  );
}

/** Only a critical case interrupts whoever listens to the screen. */
const criticalNews = computed(() => {
  const news = view.value.cases.find(
    ({ alert }) => alert.priority === "critical" && alert.status === "open",
  );
  return news === undefined
    ? ""
    : `${words.value.priority.critical}: ${nameOf(news.animal, news.alert)}`;
});

function DoneToday() {
  const today = view.value.done.filter(
    ({ alert }) => Date.parse(alert.closed_at ?? "") >= dayStart.value,
  );
  if (today.length === 0) return null;
  return (
    <section>
      <div class="sect">
        <svg class="sev" aria-hidden="true">
          <use href="#s-ok" />
        </svg>
        <h2>{words.value.doneToday}</h2>
      </div>
      <ul class="rows">
        {today.map((item) => (
          <DoneRow key={item.alert.alert_id} item={item} />
        ))}
      </ul>
    </section>
  );
}

function onKey(event: KeyboardEvent): void {
  if (event.altKey || event.ctrlKey || event.metaKey || judged.value !== null) return;
  if (event.target instanceof Element && event.target.closest("input, textarea, select")) return;
  const item = selected.value;
  if (event.key === "u" || event.key === "U") takeUndo();
  if (item === null || !wide.value) return;
  const cases = inOrder(shown.value);
  const at = cases.indexOf(item);
  switch (event.key) {
    case "ArrowDown":
    case "ArrowUp": {
      const next = cases[at + (event.key === "ArrowDown" ? 1 : -1)];
      event.preventDefault();
      if (next === undefined) return;
      touched();
      chosen.value = next.alert.alert_id;
      document
        .querySelector(`.row[data-alert="${next.alert.alert_id}"]`)
        ?.scrollIntoView({ block: "nearest" });
      return;
    }
    case "Enter":
      if (event.target instanceof Element && event.target.closest("button, a, summary")) return;
      go(casePath(item.alert));
      return;
    case "g":
    case "G":
      if (canTake(item)) takeOn(item.alert, nameOf(item.animal, item.alert));
      else judged.value = item;
  }
}

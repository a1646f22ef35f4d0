// Animal: seven days against her own usual, why it fired, why nothing else did, what happened.
import { useEffect, useState } from "preact/hooks";
import * as api from "../api";
import { AwayError, RefusedError } from "../api";
import type { Shown } from "../board";
import { PRIORITIES, tagOf } from "../board";
import { farmMinute } from "../clock";
import { coverageOf } from "../coverage";
import { extended, refreshed } from "../history";
import { expected } from "../orders";
import { orders } from "../outbox";
import { CowCard } from "../parts/cow_card";
import { GoButton, standing } from "../parts/go";
import { Icon, Rich, Severity, Tag } from "../parts/marks";
import { Failures, MissingNotice, Skeleton, StaleNotice } from "../parts/messages";
import { nameOf, placeOf } from "../parts/names";
import { SignalRows } from "../parts/signal_rows";
import { Strip } from "../parts/strip";
import { Timeline } from "../parts/timeline";
import { NearMissList, WhyPanel } from "../parts/why";
import { userId } from "../session";
import { format, words } from "../settings";
import { farm, isHatched, lastTold, report, shown } from "../store";
import type { Alert, AnimalPage, History, Missing, Signals } from "../wire";
import { findingOf } from "../words/finding";

const DAYS = 7 + 1; // the sums of the first day need the day before
const REFRESH_MS = 60_000; // a new hour is judged within minutes; a chart needs no more

interface Loaded {
  page: AnimalPage;
  signals: Signals | null; // null: the store of the curves has not answered yet
  history: History | null;
  missing: Missing[];
}

type State = { kind: "loading" } | { kind: "missing" } | { kind: "loaded"; data: Loaded };

/** What needs a store of its own: null while that one is away, and the rest is shown without. */
async function ifThere<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof AwayError) return null;
    throw error;
  }
}

/** What is known now: what did not come this time stays as it was, and is named as missing. */
function after(
  before: State,
  page: AnimalPage,
  signals: Signals | null,
  newest: History | null,
): Loaded {
  const had = before.kind === "loaded" ? before.data : null;
  const missing = new Set(page.missing);
  if (signals === null) missing.add("analytics");
  if (newest === null) missing.add("history");
  return {
    page,
    signals: signals ?? had?.signals ?? null,
    history:
      newest !== null && had?.history
        ? refreshed(had.history, newest)
        : (newest ?? had?.history ?? null),
    missing: [...missing],
  };
}

export function Animal({ animalId }: { animalId: string }) {
  const [state, setState] = useState<State>({ kind: "loading" });
  const farmId = farm.value?.farm_id ?? null;
  const news = lastTold.value?.subject_id === animalId ? lastTold.value.position : 0;

  useEffect(() => {
    let current = true;
    const load = async () => {
      if (farmId === null) return;
      try {
        const [page, signals, history] = await Promise.all([
          api.animalPage(farmId, animalId),
          ifThere(api.signals(farmId, animalId, DAYS)),
          ifThere(api.history(farmId, animalId, null)),
        ]);
        if (!current) return;
        setState((before) => ({ kind: "loaded", data: after(before, page, signals, history) }));
      } catch (error) {
        if (!current) return;
        if (error instanceof RefusedError && error.status === 404) setState({ kind: "missing" });
        else report(error);
      }
    };
    // what was told is in the histories a moment later: they are folded beside the live stream
    const first = window.setTimeout(() => void load(), news === 0 ? 0 : 1_000);
    const again = window.setInterval(() => {
      if (document.visibilityState === "visible") void load();
    }, REFRESH_MS);
    return () => {
      current = false;
      window.clearTimeout(first);
      window.clearInterval(again);
    };
  }, [farmId, animalId, news]);

  if (state.kind !== "loaded") return <Waiting missing={state.kind === "missing"} />;
  const loadMore = async () => {
    const before = state.data.history?.events.at(-1)?.position ?? null;
    if (farmId === null || before === null) return;
    try {
      const older = await api.history(farmId, animalId, before);
      setState((now) => {
        if (now.kind !== "loaded" || now.data.history === null) return now;
        const history = extended(now.data.history, older);
        return { kind: "loaded", data: { ...now.data, history } };
      });
    } catch (error) {
      report(error);
    }
  };
  return <Page data={state.data} onMore={() => void loadMore()} />;
}

function Waiting({ missing }: { missing: boolean }) {
  return (
    <>
      <header class="frame hero">
        <Strip back title="" />
      </header>
      <main class="am" id="main" tabIndex={-1}>
        <Failures />
        {missing ? <p class="sentence">{words.value.error.notFound}</p> : <Skeleton />}
      </main>
    </>
  );
}

/** Her most pressing case, as newest as anybody here knows it. */
function caseOf(page: AnimalPage): Shown | null {
  const worst = PRIORITIES.flatMap((priority) =>
    page.cases.filter((one) => one.priority === priority),
  )[0];
  if (worst === undefined) return null;
  const listed = shown.value.find((one) => one.alert.alert_id === worst.alert_id);
  const order = orders.value.findLast((one) => one.alertId === worst.alert_id) ?? null;
  const newest =
    listed !== undefined && listed.alert.position >= worst.position ? listed.alert : worst;
  const told = lastTold.value;
  const alert: Alert =
    told?.alert_id === worst.alert_id && told.position > newest.position ? told : newest;
  const seen = order === null ? alert : expected(alert, order, userId.value);
  if (seen.status === "closed") return null;
  return {
    alert: seen,
    animal: page.animal,
    spark: null,
    track: page.track[worst.condition] ?? null,
    order,
  };
}

function Page({ data, onMore }: { data: Loaded; onMore: () => void }) {
  const { page, signals, history, missing } = data;
  const { animal } = page;
  const said = words.value;
  const now = farmMinute.value;
  const item = caseOf(page);
  const name = nameOf(animal);
  useEffect(() => {
    document.title = `${name} ${animal.tag} · Herdlog`;
  }, [name, animal.tag]);
  return (
    <>
      <header class={isHatched.value ? "frame hero hat" : "frame hero"}>
        <Strip back title={name} />
        <Hero item={item} page={page} />
      </header>
      <main class="am" id="main" tabIndex={-1}>
        <Lead item={item} name={name} missing={missing} />
        {signals === null ? null : signals.signals.length === 0 ? (
          <section class="panel sigs">
            <header>
              <h2>{said.sevenDays}</h2>
            </header>
            <p class="pad meta">{said.noHours}</p>
          </section>
        ) : (
          <SignalRows
            data={signals}
            alert={item?.alert ?? null}
            events={history?.events ?? []}
            animalId={animal.animal_id}
          />
        )}
        <div class="side">
          {item === null ? null : (
            <WhyPanel
              alert={item.alert}
              track={item.track}
              coverage={signals === null ? null : coverageOf(signals.coverage)}
              now={now}
            />
          )}
          {signals === null ? null : (
            <NearMissList signals={signals} fired={item?.alert.condition ?? null} />
          )}
          <CowCard animal={animal} now={now} />
        </div>
        {history === null ? null : (
          <Timeline events={history.events} more={history.more} onMore={onMore} />
        )}
      </main>
    </>
  );
}

function Hero({ item, page }: { item: Shown | null; page: AnimalPage }) {
  const { animal } = page;
  const said = words.value;
  const now = farmMinute.value;
  const alert = item?.alert;
  const finding = alert === undefined ? null : findingOf(alert, now, animal);
  return (
    <div class="heroin">
      <span class="bigtag">
        <Tag
          text={alert === undefined ? animal.tag : tagOf(animal, alert)}
          priority={alert?.priority ?? null}
          state={alert === undefined || alert.status === "open" ? "open" : "hand"}
        />
      </span>
      <div>
        {item === null || finding === null || alert === undefined ? null : (
          <p class="hm">
            <Severity priority={alert.priority} />
            <b>{said.priority[alert.priority]}</b>
            <span>{standing(item, now) ?? said.headline(finding, format.value, now)}</span>
          </p>
        )}
        <h1>{nameOf(animal)}</h1>
        <p class="hm2">{placeOf(animal, now)}</p>
      </div>
    </div>
  );
}

function Lead(props: { item: Shown | null; name: string; missing: readonly Missing[] }) {
  const { item, name, missing } = props;
  const said = words.value;
  const f = format.value;
  const now = farmMinute.value;
  const finding = item === null ? null : findingOf(item.alert, now, item.animal);
  return (
    <div class="lead">
      <Failures />
      <StaleNotice />
      <MissingNotice missing={missing} />
      <p class="sentence big">
        {finding === null ? (
          <>
            <b>{said.noCase}</b> {said.noCaseBody(name)}
          </>
        ) : (
          <Rich text={said.sentence(name, finding, f, now)} />
        )}
      </p>
      {item === null || finding === null ? null : (
        <>
          <p class="todo">
            <Icon name="boot" />
            <span>{said.steps(finding).join(" ")}</span>
          </p>
          <div class="actions">
            <button
              class="btn"
              type="button"
              onClick={() => document.getElementById("why")?.scrollIntoView({ block: "start" })}
            >
              <Icon name="why" /> {said.why}
            </button>
            <GoButton item={item} />
          </div>
        </>
      )}
    </div>
  );
}

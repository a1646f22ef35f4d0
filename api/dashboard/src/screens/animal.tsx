// Animal: seven days against her own usual, why it fired, why nothing else did, what happened.
import { useEffect, useState } from "preact/hooks";
import * as api from "../api";
import { RefusedError } from "../api";
import type { Shown } from "../board";
import { PRIORITIES, tagOf } from "../board";
import { farmMinute } from "../clock";
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
import type { Alert, AnimalPage, HistoryEvent, Missing, Signals } from "../wire";
import { findingOf } from "../words/finding";

const DAYS = 7 + 1; // the sums of the first day need the day before
const REFRESH_MS = 60_000; // a new hour is judged within minutes; a chart needs no more

interface Loaded {
  page: AnimalPage;
  signals: Signals;
  events: HistoryEvent[];
  more: boolean;
}

type State = { kind: "loading" } | { kind: "missing" } | { kind: "loaded"; data: Loaded };

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
          api.signals(farmId, animalId, DAYS),
          api.history(farmId, animalId, null),
        ]);
        if (!current) return;
        setState({ kind: "loaded", data: { page, signals, ...history } });
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
    const before = state.data.events.at(-1)?.position ?? null;
    if (farmId === null || before === null) return;
    try {
      const older = await api.history(farmId, animalId, before);
      const events = [...state.data.events, ...older.events];
      setState({ kind: "loaded", data: { ...state.data, events, more: older.more } });
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
  const { page, signals, events, more } = data;
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
        <Lead item={item} name={name} missing={page.missing} />
        {signals.signals.length === 0 ? (
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
            events={events}
            animalId={animal.animal_id}
          />
        )}
        <div class="side">
          {item === null ? null : (
            <WhyPanel
              alert={item.alert}
              track={item.track}
              coverage={coverageOf(signals)}
              now={now}
            />
          )}
          <NearMissList scores={signals.scores} fired={item?.alert.condition ?? null} />
          <CowCard animal={animal} now={now} />
        </div>
        <Timeline events={events} more={more} onMore={onMore} />
      </main>
    </>
  );
}

function Hero({ item, page }: { item: Shown | null; page: AnimalPage }) {
  const { animal } = page;
  const said = words.value;
  const now = farmMinute.value;
  const alert = item?.alert;
  const finding = alert === undefined ? null : findingOf(alert, now);
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
  const finding = item === null ? null : findingOf(item.alert, now);
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

/** The share of readings that arrived in the newest day, 0 to 1; null while nothing is known. */
function coverageOf({ coverage }: Signals): number | null {
  const day = coverage.slice(-24).filter((one) => one !== null);
  return day.length === 0 ? null : day.reduce((sum, one) => sum + one, 0) / day.length;
}

// WhyPanel and NearMissList: why this fired, and why nothing else did. The limit is always at 80 %
// of the bar, so that all detectors compare; what was not judged is hatched with its reason.
import { format, words } from "../settings";
import type { Alert, Evidence, Score, Signals, Track } from "../wire";
import { change, reach } from "../words/finding";
import { TrackRecord } from "./marks";
import { valueWithUnit } from "./names";
import { severityClass } from "./severity";

const LIMIT_AT = 80; // per cent of the bar
const DAY_MS = 86_400_000;

const bar = (share: number) => ({ width: `${Math.min(100, Math.max(0, share) * LIMIT_AT)}%` });

export function WhyPanel(props: {
  alert: Alert;
  track: Track | null;
  coverage?: number | null;
  now: number;
}) {
  const { alert, track, coverage, now } = props;
  const said = words.value;
  const f = format.value;
  const main = bySignal(alert.evidence.filter((one) => one.limit !== null));
  const beside = alert.evidence.filter((one) => one.limit === null);
  return (
    <section class="panel" id="why">
      <header>
        <h2>{said.whyFired}</h2>
        <span class="meta">{said.lineIsLimit}</span>
      </header>
      <div class="pad">
        <ul class="miss">
          {main.map(({ one, all }) => (
            <li class={`over ${severityClass(alert.priority, "dev")}`} key={one.signal}>
              <span>{said.signal(one.signal)}</span>
              <b>{deviation(one)}</b>
              <span class="bar">
                <i style={bar(reach(one) ?? 1)} />
              </span>
              <span class="meta wideleft">
                {[
                  ...all.map((each) => valueWithUnit(each.value, each.unit)),
                  one.usual === null ? null : said.usual(valueWithUnit(one.usual, one.unit)),
                  said.limit(valueWithUnit(one.limit ?? 0, one.unit)),
                  f.since(Date.parse(one.at), now),
                ]
                  .filter((part) => part !== null)
                  .join(" · ")}
              </span>
            </li>
          ))}
        </ul>
        <dl class="kv spaced">
          {beside.map((one) => (
            <div key={one.signal}>
              <dt>{said.signal(one.signal)}</dt>
              <dd>{besideText(one)}</dd>
            </div>
          ))}
          {coverage == null ? null : (
            <div>
              <dt>{said.coverage}</dt>
              <dd>{f.number(coverage * 100)} %</dd>
            </div>
          )}
        </dl>
        <TrackRecord track={track} />
      </div>
    </section>
  );
}

/** The newest measurement of each signal, and all of them, oldest first. */
function bySignal(evidence: Evidence[]): { one: Evidence; all: Evidence[] }[] {
  const names = [...new Set(evidence.map((each) => each.signal))];
  return names.flatMap((name) => {
    const all = evidence
      .filter((each) => each.signal === name)
      .sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
    const one = all.at(-1);
    return one === undefined ? [] : [{ one, all }];
  });
}

function deviation(one: Evidence): string {
  const f = format.value;
  if (one.unit === "Cel")
    return one.usual === null
      ? valueWithUnit(one.value, one.unit)
      : `${f.signed(one.value - one.usual, 1)} °C`;
  const relative = change(one.value, one.usual);
  return relative === null ? valueWithUnit(one.value, one.unit) : f.percent(relative);
}

function besideText(one: Evidence): string {
  if (one.unit === "%") return format.value.percent(one.value);
  const relative = change(one.value, one.usual);
  const value = valueWithUnit(one.value, one.unit);
  return relative === null ? value : `${format.value.percent(relative)} (${value})`;
}

/** How near the other detectors were; the one that fired stands above. */
export function NearMissList({ signals, fired }: { signals: Signals; fired: string | null }) {
  const said = words.value;
  const others = signals.scores.filter((score) => score.condition !== fired);
  return (
    <section class="panel">
      <header>
        <h2>{said.whyNotElse}</h2>
        <span class="meta">{said.lineIsLimit}</span>
      </header>
      <div class="pad">
        <Learning signals={signals} />
        {others.length === 0 ? <p class="meta">{said.noScores}</p> : null}
        <ul class="miss">
          {others.map((one) =>
            one.score === null || one.limit === null ? (
              <li class="nodata" key={one.detector}>
                <span>{said.condition(one.condition)}</span>
                <b>{said.notJudged}</b>
                <span class="bar" />
                {one.why_not === null ? null : (
                  <span class="meta wideleft">{said.whyNot(one.why_not)}</span>
                )}
              </li>
            ) : (
              <li key={one.detector}>
                <span>{said.condition(one.condition)}</span>
                <b>{scoreText(one)}</b>
                <span class="bar">
                  <i style={bar(nearness(one.score, one.limit, one.unit))} />
                </span>
              </li>
            ),
          )}
        </ul>
      </div>
    </section>
  );
}

/** 0 = as usual, 1 = the limit. A factor (unit 1) is usual at 1, everything else at 0. */
function nearness(score: number, limit: number, unit: string): number {
  const usual = unit === "1" && limit > 1 ? 1 : 0;
  return (score - usual) / (limit - usual);
}

/** A score grows towards its limit; what is a drop is read as one. */
function scoreText({ condition, score, unit }: Score): string {
  const f = format.value;
  if (score === null) return "";
  if (unit === "%") return f.percent(condition.endsWith("_drop") ? -score : score);
  if (unit === "Cel") return `${f.signed(score, 1)} °C`;
  if (unit === "1") return `× ${f.number(score, 1)}`;
  return `${f.number(score, unit === "min" ? 0 : 1)} ${words.value.units[unit] ?? unit}`.trim();
}

/** What already watches her, and from when on the rest does, while her usual is being learnt. */
function Learning({ signals }: { signals: Signals }) {
  const { learnt_days: learnt, learning_days: all, scores, scores_at: at } = signals;
  if (learnt === null || learnt >= all || at === null) return null;
  const said = words.value;
  const waits = scores.filter((score) => score.score === null && score.why_not === "no_baseline");
  const from = Date.parse(at) + (all - learnt) * DAY_MS;
  const names = waits.map((score) => said.condition(score.condition)).join(", ");
  return (
    <p class="learning" data-learnt={learnt}>
      <b>{said.learning(learnt + 1, all)}</b>{" "}
      {names === "" ? "" : said.learntFrom(names, format.value.shortDay(from))}
    </p>
  );
}

// WhyPanel and NearMissList: why this fired, and why nothing else did. The limit is always at 80 %
// of the bar, so that all detectors compare; what was not judged is hatched with its reason.
import { format, words } from "../settings";
import type { Alert, Evidence, Score, Signals, Track } from "../wire";
import { changeOf, isMoment, reach } from "../words/finding";
import { TrackRecord } from "./marks";
import { valueWithUnit } from "./names";
import { severityClass } from "./severity";

const LIMIT_AT = 80; // per cent of the bar
const DAY_MS = 86_400_000;
const FALLING = /_drop|drinking/; // scores that say how much less
const NO_BASELINE = "no_baseline";
const TOO_FEW = "too_few_hours"; // what a score without a reason lacks

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
  const falls = alert.condition === "hypothermia" || alert.condition === "battery_low";
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
                <i style={bar(reach(one, falls) ?? 1)} />
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
              <dd>{isMoment(one) ? f.moment(Date.parse(one.at)) : besideText(one)}</dd>
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
  const relative = changeOf(one);
  return relative === null ? valueWithUnit(one.value, one.unit) : f.percent(relative);
}

function besideText(one: Evidence): string {
  const f = format.value;
  const relative = changeOf(one);
  if (one.unit === "%") return f.percent(relative ?? one.value);
  const value = valueWithUnit(one.value, one.unit);
  if (one.unit === "Cel" && one.usual !== null) return `${deviation(one)} (${value})`;
  return relative === null ? value : `${f.percent(relative)} (${value})`;
}

/** How near the other detectors were, the nearest first; the one that fired stands above. */
export function NearMissList({ signals, fired }: { signals: Signals; fired: string | null }) {
  const said = words.value;
  const others = signals.scores.filter((score) => score.condition !== fired);
  const unjudged = groupsOf(others, isLearning(signals));
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
          {nearestFirst(others).map((one) => (
            <li key={one.detector}>
              <span>{said.condition(one.condition)}</span>
              <b>{scoreText(one)}</b>
              <span class="bar">
                <i style={bar(nearness(one))} />
              </span>
            </li>
          ))}
          {unjudged.length === 0 ? null : (
            <li class="nodata">
              <span>{said.notJudged}</span>
              <span class="bar" />
              {unjudged.map(([reason, names]) => (
                <span class="wideleft" key={reason}>
                  <span class="meta">{said.whyNot(reason)}:</span> {names.join(", ")}
                </span>
              ))}
            </li>
          )}
        </ul>
      </div>
    </section>
  );
}

/** A score that may raise nothing, since she is pregnant, is as good as none. */
function isJudged(one: Score): one is Score & { score: number; limit: number } {
  return one.score !== null && one.limit !== null && one.why_not === null;
}

function nearestFirst(scores: Score[]): (Score & { score: number; limit: number })[] {
  return scores.filter(isJudged).sort((one, other) => nearness(other) - nearness(one));
}

/** Reasons with what was not judged for them; the paragraph on learning says its own. */
function groupsOf(scores: Score[], learning: boolean): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const one of scores) {
    if (isJudged(one) || (learning && one.why_not === NO_BASELINE)) continue;
    const reason = one.why_not ?? TOO_FEW;
    groups.set(reason, [...(groups.get(reason) ?? []), words.value.condition(one.condition)]);
  }
  return [...groups];
}

/** 0 = as usual, 1 = the limit: every detector's score is 0 for an animal as she usually is. */
function nearness(one: Score): number {
  return (one.score ?? 0) / (one.limit || 1);
}

/** A score grows towards its limit; what is a drop is read as one. */
function scoreText(one: Score): string {
  const { condition, score, unit } = one;
  const f = format.value;
  if (score === null) return "";
  if (unit === "%") return f.percent(FALLING.test(condition) ? -score : score);
  if (unit === "Cel") return `${f.signed(score, 1)} °C`;
  if (unit === "1")
    return words.value.ofLimit(`${f.number(Math.max(0, nearness(one)) * 100)}\u00a0%`);
  return `${f.number(score, unit === "min" ? 0 : 1)} ${words.value.units[unit] ?? unit}`.trim();
}

/** Whether her usual is still being learnt, and somebody told when that was. */
function isLearning({ learnt_days: learnt, learning_days: all, scores_at: at }: Signals): boolean {
  return learnt !== null && learnt < all && at !== null;
}

/** What already watches her, and from when on the rest does, while her usual is being learnt. */
function Learning({ signals }: { signals: Signals }) {
  const { learnt_days: learnt, learning_days: all, scores, scores_at: at } = signals;
  if (!isLearning(signals) || learnt === null || at === null) return null;
  const said = words.value;
  const waits = scores.filter((score) => score.score === null && score.why_not === NO_BASELINE);
  const from = Date.parse(at) + (all - learnt) * DAY_MS;
  const names = waits.map((score) => said.condition(score.condition)).join(", ");
  return (
    <p class="learning" data-learnt={learnt}>
      <b>{said.learning(learnt + 1, all)}</b>{" "}
      {names === "" ? "" : said.learntFrom(names, format.value.shortDay(from))}
    </p>
  );
}

// The open case beside the list on a desk: sentence, what to do, the curve, why, who she is.
import type { Shown } from "../board";
import { tagOf } from "../board";
import { lastKnown, marksOf } from "../charts/geometry";
import { sideOf, windowOf } from "../charts/rolling";
import { SignalChart } from "../charts/signal_chart";
import { caseBegin, shownOf } from "../charts/spark";
import { farmMinute } from "../clock";
import { casePath } from "../route";
import { format, words } from "../settings";
import { findingOf, sinceOf } from "../words/finding";
import { CowCard } from "./cow_card";
import { GoButton, standing } from "./go";
import { Icon, Rich, Severity, Tag } from "./marks";
import { nameOf, placeOf, valueWithUnit } from "./names";
import { severityClass } from "./severity";
import { WhyPanel } from "./why";

export function CaseDetail({ item }: { item: Shown }) {
  const { alert, animal, track } = item;
  const said = words.value;
  const f = format.value;
  const now = farmMinute.value;
  const finding = findingOf(alert, now, animal);
  const name = nameOf(animal, alert);
  const about = [
    said.headline(finding, f, now),
    said.opened(f.since(Date.parse(alert.raised_at), now)),
    standing(item, now),
  ];
  return (
    <section class="detail" aria-label={name} data-alert={alert.alert_id}>
      <div class="dhead">
        <span class="big">
          <Tag
            text={tagOf(animal, alert)}
            priority={alert.priority}
            state={alert.status === "open" ? "open" : "hand"}
          />
        </span>
        <div class="dtext">
          <p class="dtop">
            <span class={`pill ${severityClass(alert.priority)}`}>
              <Severity priority={alert.priority} />
              {said.priority[alert.priority]}
            </span>
            <span class="meta">{about.filter((part) => part !== null).join(" · ")}</span>
          </p>
          <h1>{name}</h1>
          <p class="meta">
            {animal === null ? said.condition(alert.condition) : placeOf(animal, now)}
          </p>
          <p class="lead">
            <Rich text={said.sentence(name, finding, f, now)} />
          </p>
        </div>
      </div>
      <div class="dcols">
        <div class="dmain">
          <div class="panel do">
            <header>
              <h2>{said.doNow}</h2>
            </header>
            <ol class="pad steps">
              {said.steps(finding).map((step) => (
                <li key={step}>{step}</li>
              ))}
            </ol>
            <div class="pad dact">
              <GoButton item={item} />
              {alert.subject_kind !== "animal" ? null : (
                <a class="btn" href={casePath(alert)}>
                  <Icon name="why" /> {said.whyAndWhyNot}
                </a>
              )}
            </div>
          </div>
          <EvidenceChart item={item} />
        </div>
        <aside class="dside">
          <WhyPanel alert={alert} track={track} now={now} />
          {animal === null ? null : <CowCard animal={animal} now={now} />}
        </aside>
      </div>
    </section>
  );
}

function EvidenceChart({ item }: { item: Shown }) {
  const { alert } = item;
  if (item.spark === null) return null;
  const spark = shownOf(item.spark);
  if (lastKnown(spark.values) < 0) return null;
  const said = words.value;
  const f = format.value;
  const start = Date.parse(spark.start);
  const end = start + spark.values.length * spark.step_s * 1000;
  const place = (at: number) => `${((at - start) / (end - start)) * 100}%`;
  const last = lastKnown(spark.values);
  const value = valueWithUnit(spark.values[last] as number, spark.unit);
  const level = spark.usual[last];
  const missing = spark.values.filter((one) => one === null).length;
  const name = said.signal(spark.signal);
  return (
    <div class="panel">
      <header>
        <h2>
          {name} <span class="meta">{said.summed(windowOf(spark.signal))}</span>
        </h2>
        <span class="meta">
          <span class="key" />
          {said.usualBand}
        </span>
      </header>
      <div class="pad">
        <SignalChart
          key={alert.alert_id}
          signal={spark.signal}
          start={start}
          stepS={spark.step_s}
          values={spark.values}
          usual={spark.usual}
          spread={spark.spread}
          alert={{
            since: sinceOf(alert),
            from: caseBegin(alert, spark.start, spark.step_s),
            priority: alert.priority,
            side: sideOf(alert, spark.signal),
          }}
          height={190}
          syncKey={`now-${alert.alert_id}`}
          summary={said.chartSummary(
            name,
            value,
            level == null ? "–" : valueWithUnit(level, spark.unit),
            missing,
          )}
        />
        <div class="axis" aria-hidden="true">
          {marksOf(start, end, spark.values.length > 30 ? 12 : 6)
            .filter((mark) => mark - start > 2 * 3_600_000 && end - mark > 2 * 3_600_000)
            .map((mark) => (
              <span key={mark} style={{ left: place(mark) }}>
                {f.since(mark, farmMinute.value)}
              </span>
            ))}
        </div>
      </div>
    </div>
  );
}

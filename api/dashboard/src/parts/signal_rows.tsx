// The seven days of an animal: a calendar lane, one row for each measured signal, one time axis,
// one cursor for all of them.
import { signal } from "@preact/signals";
import { lastKnown, marksOf } from "../charts/geometry";
import { rolled, sideOf, since, windowOf } from "../charts/rolling";
import { SignalChart } from "../charts/signal_chart";
import { caseBegin } from "../charts/spark";
import { farmMinute } from "../clock";
import { format, wide, words } from "../settings";
import type { Alert, HistoryEvent, Priority, SignalSeries, Signals } from "../wire";
import { change, sinceOf } from "../words/finding";
import { Icon, Severity } from "./marks";
import { valueWithUnit } from "./names";

const ICONS: Record<string, string> = {
  rumination_minutes: "cud",
  eating_minutes: "trough",
  lying_minutes: "lying",
  drinking_minutes: "drop",
  temperature_c: "temp",
  steps: "steps",
  activity: "pulse",
};
const NOTABLE_PERCENT = 15; // a day's change that is worth bold print
const NOTABLE_CEL = 0.5;
const OLD_STEPS = 3; // an hour is judged 20 minutes after its end at the latest

/** Hours before the week, so that its first day has whole sums. */
export const LEAD_HOURS = 24;

/** The step under the cursor; null = none. */
const cursor = signal<number | null>(null);

/** Signals that carry the case stand first, the others in the order of the API. */
function ordered(signals: SignalSeries[], alert: Alert | null): SignalSeries[] {
  const carries = (one: SignalSeries) =>
    alert?.evidence.some((part) => part.signal === one.name) ?? false;
  return [...signals.filter(carries), ...signals.filter((one) => !carries(one))];
}

interface Props {
  data: Signals;
  alert: Alert | null;
  events: HistoryEvent[];
  animalId: string;
}

export function SignalRows({ data, alert, events, animalId }: Props) {
  const said = words.value;
  const stepMs = data.step_s * 1000;
  const start = Date.parse(data.start) + LEAD_HOURS * stepMs;
  const end = Date.parse(data.start) + steps(data) * stepMs;
  const place = (at: number) => `${((at - start) / (end - start)) * 100}%`;
  const at = cursor.value;
  return (
    <section class="panel sigs">
      <header>
        <h2>{said.sevenDays}</h2>
        <span class="meta">
          <span class="key" />
          {said.usualBand}
        </span>
      </header>
      <div class="pad">
        <CalendarLane events={events} alert={alert} start={start} end={end} place={place} />
        {ordered(data.signals, alert).map((series) => (
          <SignalRow
            key={series.name}
            series={since(rolled(series), LEAD_HOURS)}
            start={start}
            stepS={data.step_s}
            alert={alert}
            syncKey={animalId}
          />
        ))}
        <div class="axis" aria-hidden="true">
          {marksOf(start, end - stepMs * 4, 24).map((mark) => (
            <span style={{ left: place(mark) }}>{format.value.shortDay(mark)}</span>
          ))}
          {at === null ? null : (
            <span class="curtime" style={{ left: place(start + (at + 0.5) * stepMs) }}>
              {format.value.since(start + at * stepMs, farmMinute.value)}
            </span>
          )}
        </div>
        <SignalTable data={data} />
      </div>
    </section>
  );
}

const steps = (data: Signals) => data.coverage.length || (data.signals[0]?.values.length ?? 1);

interface RowProps {
  series: SignalSeries;
  start: number;
  stepS: number;
  alert: Alert | null;
  syncKey: string;
}

function SignalRow(props: RowProps) {
  const { series, start, stepS, alert, syncKey } = props;
  const { name, unit, values, usual, spread } = series;
  const said = words.value;
  const carries = alert?.evidence.some((one) => one.signal === name) ?? false;
  const { value, expected, delta, notable } = summaryOf(
    series,
    (step) => start + (step + 1) * stepS * 1000,
  );
  const index = cursor.value;
  const caption = index === null ? expected : pointed(series, index);
  const missing = values.filter((one) => one === null).length;
  return (
    <div class="sig">
      <p class="cap">
        <Icon name={ICONS[name] ?? "pulse"} />
        <b>{said.signal(name)}</b>
        <span class="vs">{caption}</span>
        <span class="val">{value}</span>
        <span class={notable ? "delta on" : "delta"}>{delta}</span>
      </p>
      <SignalChart
        signal={name}
        start={start}
        stepS={stepS}
        values={values}
        usual={usual}
        spread={spread}
        alert={
          alert === null || !carries
            ? null
            : {
                since: sinceOf(alert),
                from: caseBegin(alert, new Date(start).toISOString(), stepS),
                priority: alert.priority,
                side: sideOf(alert, name),
              }
        }
        height={carries ? 132 : wide.value ? 84 : 96}
        syncKey={syncKey}
        summary={said.chartSummary(said.signal(name), `${value} ${delta}`, expected, missing)}
        onCursor={(step) => (cursor.value = step)}
      />
    </div>
  );

  function pointed(one: SignalSeries, step: number): string {
    const measured = one.values[step];
    const level = one.usual[step];
    const text = measured == null ? said.noData : valueWithUnit(measured, unit);
    return level == null ? text : `${text} (${said.usual(valueWithUnit(level, unit))})`;
  }
}

/** The newest value beside what is usual for it. */
function summaryOf({ name, unit, values, usual }: SignalSeries, endOf: (step: number) => number) {
  const said = words.value;
  const f = format.value;
  const last = lastKnown(values);
  const isLevel = name === "temperature_c";
  const now = values[last] ?? null;
  const level = usual[last] ?? null;
  const percent = now === null ? null : change(now, level);
  const excess = now === null || level === null ? null : now - level;
  const deviates = isLevel ? excess : percent;
  const notable = Math.abs(deviates ?? 0) >= (isLevel ? NOTABLE_CEL : NOTABLE_PERCENT);
  const isOld = last >= 0 && last < values.length - OLD_STEPS;
  const shown = level === null ? "" : valueWithUnit(level, unit);
  const delta =
    deviates === null ? "" : isLevel ? `${f.signed(deviates, 1)} °C` : f.percent(deviates);
  return {
    value: now === null ? said.noData : valueWithUnit(now, unit),
    expected:
      shown === ""
        ? ""
        : [said.usual(shown), isLevel ? "" : said.summed(windowOf(name))].join(" ").trim(),
    // a value that is hours old says so instead of how it compares
    delta: isOld
      ? f.since(endOf(last), farmMinute.value)
      : notable || deviates === null
        ? delta
        : said.asUsual,
    notable: notable && !isOld,
  };
}

const LANE: Record<string, string> = {
  "animal.calved.v1": "calf",
  "animal.renamed.v1": "move",
  "collar.assigned.v1": "tag",
  "collar.removed.v1": "silent",
};

/** What happened to her in these days, above the curves: calved, moved, collar, cases. */
function CalendarLane(props: {
  events: HistoryEvent[];
  alert: Alert | null;
  start: number;
  end: number;
  place: (at: number) => string;
}) {
  const { events, alert, start, end, place } = props;
  const said = words.value;
  const inside = events.filter(({ occurred_at }) => {
    const at = Date.parse(occurred_at);
    return at >= start && at <= end;
  });
  const onset = alert === null ? null : sinceOf(alert);
  return (
    <div class="lane">
      {inside.map((event) => {
        const at = Date.parse(event.occurred_at);
        if (event.type === "alert.raised.v1") {
          const data = event.data as { alert_id?: string; priority?: Priority };
          if (data.alert_id === alert?.alert_id || data.priority === undefined) return null;
          return (
            <span class="mk" key={event.event_id} style={{ left: place(at) }}>
              <Severity priority={data.priority} labelled />
            </span>
          );
        }
        const icon = LANE[event.type];
        if (icon === undefined) return null;
        return (
          <span class="mk" key={event.event_id} style={{ left: place(at) }}>
            <Icon name={icon} small />
            <span>{said.event[event.type]}</span>
          </span>
        );
      })}
      {alert === null || onset === null || onset < start ? null : (
        <span class="mk" style={{ left: place(onset) }}>
          <Severity priority={alert.priority} labelled />
        </span>
      )}
    </div>
  );
}

const TABLE_HOURS = 24;

/** The newest day in numbers, hour by hour, for whoever cannot read a curve. */
function SignalTable({ data }: { data: Signals }) {
  const said = words.value;
  const f = format.value;
  const start = Date.parse(data.start);
  const count = steps(data);
  const rows = Array.from({ length: Math.min(TABLE_HOURS, count) }, (_, back) => count - 1 - back);
  return (
    <details class="tbl">
      <summary>{said.showTable}</summary>
      <section class="scroll" tabIndex={0} aria-label={said.showTable}>
        <table>
          <thead>
            <tr>
              <th scope="col">{said.time}</th>
              {data.signals.map((one) => (
                <th scope="col" key={one.name}>
                  {said.signal(one.name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((index) => (
              <tr key={index}>
                <th scope="row">{f.since(start + index * data.step_s * 1000, farmMinute.value)}</th>
                {data.signals.map((one) => {
                  const value = one.values[index];
                  const level = one.usual[index];
                  return (
                    <td key={one.name}>
                      {value == null ? said.noData : valueWithUnit(value, one.unit)}
                      {level == null ? null : (
                        <small> ({f.number(level, one.unit === "Cel" ? 1 : 0)})</small>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}

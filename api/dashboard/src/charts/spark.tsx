// EvidenceSpark: the case's main signal in the size of a thumb nail.

import { severityClass } from "../parts/severity";
import { words } from "../settings";
import type { Alert, Spark } from "../wire";
import { sinceOf } from "../words/finding";
import type { Point, Span } from "./geometry";
import { bandOf, bandShapes, departures, gapsOf, lastKnown } from "./geometry";
import { rolled, sideOf, since, windowOf } from "./rolling";

const PAD = 4;
const BEFORE_ONSET_H = 12; // a departure begins before a detector is sure of it

/** The step from which on departures belong to the case. */
export function caseBegin(alert: Alert, start: string, stepS: number): number {
  const hours = (sinceOf(alert) - Date.parse(start)) / 1000 / stepS;
  return Math.max(0, Math.floor(hours - (BEFORE_ONSET_H * 3600) / stepS));
}

/** The spark as it is drawn: summed over its signal's window, from the first full one on. */
export function shownOf(spark: Spark): Spark {
  const first = windowOf(spark.signal) - 1;
  const start = new Date(Date.parse(spark.start) + first * spark.step_s * 1000).toISOString();
  return { ...spark, ...since(rolled({ ...spark, name: spark.signal }), first), start };
}

export function EvidenceSpark(props: {
  spark: Spark;
  alert: Alert;
  width: number;
  height: number;
}) {
  const { alert, width, height } = props;
  const spark = shownOf(props.spark);
  const last = lastKnown(spark.values);
  if (last < 1) return null;
  const band = bandOf(spark.usual, spark.spread);
  const range = tightRange([...spark.values, ...band.low, ...band.high]);
  const x = (index: number) => (index / (spark.values.length - 1)) * (width - PAD);
  const y = (value: number) =>
    height - PAD / 2 - ((value - range[0]) / (range[1] - range[0])) * (height - PAD);
  const path = (points: Point[]) =>
    points
      .map(([px, py], at) => `${at ? "L" : "M"}${x(px).toFixed(1)} ${y(py).toFixed(1)}`)
      .join("");
  const out = departures(
    spark.values,
    band,
    caseBegin(alert, spark.start, spark.step_s),
    sideOf(alert, spark.signal),
  );
  const value = spark.values[last] as number;
  const usual = spark.usual[last] ?? null;
  const below = out.length === 0 || usual === null ? null : value < usual;
  return (
    <svg
      class={`spark ${severityClass(alert.priority, "dev")}`}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={words.value.sparkSummary(words.value.signal(spark.signal), below)}
    >
      {bandShapes(band).map((shape) => (
        <path class="band" d={`${path(shape)}Z`} />
      ))}
      {out.map((shape) => (
        <path class="dev" d={`${path(shape)}Z`} />
      ))}
      <path class="ln" d={lines(spark.values).map(path).join("")} />
      {gapsOf(spark.values).map(([from, to]) => (
        <path class="hole" d={`M${x(from)} ${height - 1}H${x(to)}`} />
      ))}
      <circle class="tip" cx={x(last)} cy={y(value)} r="2.8" />
    </svg>
  );
}

/** The measured runs as lines: never joined over a gap. */
function lines(values: Spark["values"]): Point[][] {
  const found: Point[][] = [[]];
  values.forEach((value, index) => {
    if (value === null) found.push([]);
    else found.at(-1)?.push([index, value]);
  });
  return found.filter((line) => line.length > 1);
}

function tightRange(all: (number | null)[]): Span {
  const known = all.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return low === high ? [low - 1, high + 1] : [low, high];
}

// SignalChart: one signal against her own band, drawn by uPlot on a canvas in the page's colours.
//
// Draw order: night shade, two grid lines, band, tint of the case, departure, line, gaps, end dot.
// Labels are HTML beside the canvas, so that they follow text size and language.
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { colours, format, theme } from "../settings";
import type { Priority, Values } from "../wire";
import type { Band, Point, Span } from "./geometry";
import {
  bandOf,
  bandShapes,
  departures,
  gapsOf,
  lastKnown,
  nightsOf,
  rangeOf,
  ticksOf,
} from "./geometry";
import type { Side } from "./rolling";

export interface ChartData {
  signal: string;
  start: number; // ms
  stepS: number;
  values: Values;
  usual: Values;
  spread: Values;
  /** The case: since when, and from which step on her departures belong to it; null = none. */
  alert: { since: number; from: number; priority: Priority; side: Side | null } | null;
}

const MIDDLE = 0.5; // an hour's value stands in its middle

interface Props extends ChartData {
  height: number;
  summary: string;
  syncKey: string;
  onCursor?: (index: number | null) => void;
}

export function SignalChart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const band = bandOf(props.usual, props.spread);
  const range = rangeOf(props.signal, props.values, band.low, band.high);
  const ticks = ticksOf(range);
  const place = (value: number) => `${((range[1] - value) / (range[1] - range[0])) * 100}%`;

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const plot = new uPlot(optionsOf(element.clientWidth, latest), [[], []], element);
    (element as ChartBox).plot = plot;
    const sizes = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: latest.current.height }),
    );
    sizes.observe(element);
    const stopColours = effect(() => {
      theme.value;
      colours.value;
      requestAnimationFrame(() => plot.redraw());
    });
    return () => {
      stopColours();
      sizes.disconnect();
      plot.destroy();
    };
  }, []);

  useEffect(() => {
    const plot = (box.current as ChartBox | null)?.plot;
    const steps = props.values.map((_, index) => index + MIDDLE);
    plot?.setData([steps, props.values], true);
  }, [props.values, props.usual, props.spread, props.alert?.since, props.alert?.priority]);

  return (
    <div class="chart">
      {ticks.map((tick) => (
        <span class="yl" style={{ top: place(tick) }}>
          {format.value.number(tick, range[1] - range[0] < 6 ? 1 : 0)}
        </span>
      ))}
      <div
        class="plotbox"
        ref={box}
        role="img"
        aria-label={props.summary}
        style={{ height: props.height }}
      />
    </div>
  );
}

type ChartBox = HTMLDivElement & { plot?: uPlot };

function optionsOf(width: number, latest: { current: Props }): uPlot.Options {
  const range = (): Span => {
    const { signal, values, usual, spread } = latest.current;
    const band = bandOf(usual, spread);
    return rangeOf(signal, values, band.low, band.high);
  };
  return {
    width,
    height: latest.current.height,
    padding: [0, 0, 0, 0],
    legend: { show: false },
    axes: [{ show: false }, { show: false }],
    scales: {
      x: { time: false, range: () => [0, latest.current.values.length] },
      y: { range },
    },
    series: [{}, { stroke: () => colour("--chart-line"), width: 1.75, points: { show: false } }],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: false, y: false },
      sync: { key: latest.current.syncKey, setSeries: false },
    },
    hooks: {
      drawClear: [(plot) => drawGround(plot, latest.current)],
      draw: [(plot) => drawMarks(plot, latest.current)],
      setCursor: [
        (plot) => {
          const { idx, left } = plot.cursor;
          latest.current.onCursor?.(left === undefined || left < 0 ? null : (idx ?? null));
        },
      ],
    },
  };
}

const probe = document.createElement("i");
probe.hidden = true;

/** The colour of a token: light-dark() is resolved only in the computed style of an element. */
function colour(name: string): string {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

const SEVERITY: Record<Priority, string> = {
  critical: "--crit",
  urgent: "--urg",
  normal: "--norm",
  informational: "--info",
};

function drawGround(plot: uPlot, data: Props): void {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  const x = (step: number) => plot.valToPos(step, "x", true);
  const middle = (step: number) => x(step + MIDDLE);
  const y = (value: number) => plot.valToPos(value, "y", true);
  const step = (at: number) => (at - data.start) / 1000 / data.stepS;
  const end = data.start + data.values.length * data.stepS * 1000;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.fillStyle = colour("--chart-night");
  for (const [from, to] of nightsOf(data.start, end))
    ctx.fillRect(x(step(from)), top, x(step(to)) - x(step(from)), height);
  const band: Band = bandOf(data.usual, data.spread);
  ctx.strokeStyle = colour("--chart-grid");
  ctx.lineWidth = devicePixelRatio;
  for (const tick of ticksOf(rangeOf(data.signal, data.values, band.low, band.high)))
    stroke(ctx, [
      [left, y(tick)],
      [left + width, y(tick)],
    ]);
  ctx.fillStyle = colour("--chart-band");
  for (const shape of bandShapes(band)) fill(ctx, shape, middle, y);
  if (data.alert !== null) {
    const severity = colour(SEVERITY[data.alert.priority]);
    ctx.fillStyle = severity;
    ctx.globalAlpha = 0.13;
    const from = x(step(data.alert.since));
    if (theme.peek() !== "sun") ctx.fillRect(from, top, left + width - from, height);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = colour("--ink");
    for (const shape of departures(data.values, band, data.alert.from, data.alert.side)) {
      fill(ctx, shape, middle, y);
      ctx.stroke();
    }
  }
  ctx.restore();
}

function drawMarks(plot: uPlot, data: Props): void {
  const { ctx } = plot;
  const { top, height, left, width } = plot.bbox;
  const x = (step: number) => plot.valToPos(step, "x", true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  for (const [from, to] of gapsOf(data.values))
    hatch(ctx, x(from), top, x(to + 1) - x(from), height);
  if (data.alert !== null) {
    const at = x((data.alert.since - data.start) / 1000 / data.stepS);
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.strokeStyle = colour("--ink-2");
    ctx.lineWidth = 1.5 * devicePixelRatio;
    stroke(ctx, [
      [at, top],
      [at, top + height],
    ]);
    ctx.setLineDash([]);
  }
  ctx.restore();
  const last = lastKnown(data.values);
  if (last < 0) return;
  ctx.save(); // uPlot remembers which colours it has set: whoever changes one gives it back
  ctx.beginPath();
  ctx.arc(
    x(last + MIDDLE),
    plot.valToPos(data.values[last] as number, "y", true),
    4.5 * devicePixelRatio,
    0,
    7,
  );
  ctx.fillStyle = colour("--ink");
  ctx.strokeStyle = colour("--surface");
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.fill();
  ctx.stroke();
  ctx.restore();
}

function fill(ctx: CanvasRenderingContext2D, shape: Point[], x: Scale, y: Scale): void {
  ctx.beginPath();
  for (const [px, py] of shape) ctx.lineTo(x(px), y(py));
  ctx.closePath();
  ctx.fill();
}

type Scale = (value: number) => number;

function stroke(ctx: CanvasRenderingContext2D, points: Point[]): void {
  ctx.beginPath();
  for (const [px, py] of points) ctx.lineTo(px, py);
  ctx.stroke();
}

/** Unknown is hatched, never pale and never joined. */
function hatch(
  ctx: CanvasRenderingContext2D,
  left: number,
  top: number,
  width: number,
  height: number,
): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.fillStyle = colour("--surface");
  ctx.fillRect(left, top, width, height);
  ctx.strokeStyle = colour("--hatch-ink");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  for (let at = left - height; at < left + width; at += 7 * devicePixelRatio)
    stroke(ctx, [
      [at, top + height],
      [at + height, top],
    ]);
  ctx.restore();
}

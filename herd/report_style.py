"""How the report of an evaluation looks: the dashboard's colours, light, dark and on paper."""

STYLE = """
:root { color-scheme: light dark;
  --wash: light-dark(#EDF0EB, #0D1311); --surface: light-dark(#FFFFFF, #151D1A);
  --surface-2: light-dark(#F5F7F3, #1B2521); --line: light-dark(#D7DED6, #2A3631);
  --ink: light-dark(#12201B, #EDF3EF); --ink-2: light-dark(#3D4C45, #BAC8C1);
  --ink-3: light-dark(#586660, #95A59D); --frame: light-dark(#15332B, #101B17);
  --on-frame: light-dark(#F4F8F5, #EDF3EF); --on-frame-2: light-dark(#B9CFC6, #A3B7AE);
  --crit: light-dark(#B84F00, #F08A3C); --urg: #E69F00; --norm: light-dark(#0072B2, #56B4E9);
  --ok: light-dark(#007F5C, #2BB98D); --truth: light-dark(#FDF0D0, #322609);
  --truth-edge: light-dark(#B07A00, #E69F00);
  --band: light-dark(#DCE4DC, #27332E); --grid: light-dark(#E6EAE4, #222D29); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--wash); color: var(--ink); font: 1rem/1.5 system-ui,
  -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%; }
header { background: var(--frame); color: var(--on-frame); padding: 28px 0 24px; }
header h1 { margin: 0 0 6px; font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.01em; }
header p { margin: 0; color: var(--on-frame-2); max-width: 46rem; }
.page { max-width: 74rem; margin: 0 auto; padding: 0 24px; }
main { padding-bottom: 48px; }
h2 { font-size: 1.25rem; line-height: 1.25; margin: 36px 0 8px; }
h3 { font-size: 1.0625rem; margin: 28px 0 8px; }
p, li { max-width: 46rem; }
p { margin: 6px 0 10px; }
.quiet { color: var(--ink-3); font-size: 0.875rem; }
.counts { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0 4px; padding: 0; }
.counts div { background: var(--surface); border: 1px solid var(--line); border-radius: 8px;
  padding: 12px 16px; flex: 1 1 9.5rem; }
.counts b { display: block; font-size: 1.625rem; line-height: 1.15; }
.counts span { color: var(--ink-3); font-size: 0.875rem; }
.wide { overflow-x: auto; background: var(--surface); border: 1px solid var(--line);
  border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; }
th, td { padding: 8px 12px; text-align: right; vertical-align: top; white-space: nowrap; }
th { font-size: 0.8125rem; font-weight: 500; color: var(--ink-3); background: var(--surface-2);
  vertical-align: bottom; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
th:first-child, td:first-child, .words { text-align: left; }
td:first-child { font-weight: 500; }
.words { white-space: normal; min-width: 17rem; font-size: 0.8125rem; line-height: 1.4;
  color: var(--ink-2); }
.words i { display: block; font-style: normal; color: var(--ink-3); }
.words b { font-weight: 500; color: var(--ink); }
small { display: block; color: var(--ink-3); font-size: 0.8125rem; line-height: 1.3; }
.bar { display: block; position: relative; height: 6px; width: 104px; margin: 5px 0 3px auto;
  background: var(--grid); border-radius: 3px; }
.bar u { position: absolute; top: 0; bottom: 0; background: var(--ink-3); opacity: 0.45;
  border-radius: 3px; }
.bar s { position: absolute; top: -2px; bottom: -2px; width: 3px; margin-left: -1.5px;
  background: var(--ink); border-radius: 1px; }
nav { display: flex; flex-wrap: wrap; gap: 6px; margin: 12px 0 0; }
nav a { border: 1px solid var(--line); border-radius: 99px; padding: 3px 12px; color: var(--ink-2);
  background: var(--surface); text-decoration: none; font-size: 0.875rem; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr));
  gap: 16px; }
figure { margin: 0; background: var(--surface); border: 1px solid var(--line);
  border-radius: 8px; padding: 12px 14px 12px; break-inside: avoid; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { font-size: 0.9375rem; line-height: 1.4; }
figcaption b { font-weight: 600; }
figcaption + svg { margin-top: 8px; }
.why { margin: 6px 0 0; color: var(--ink-2); font-size: 0.8125rem; line-height: 1.4;
  overflow-wrap: anywhere; }
.kind { display: inline-block; border-radius: 4px; padding: 0 8px; margin-right: 6px;
  font-size: 0.8125rem; font-weight: 600; border: 1.5px solid; }
.kind.found { color: var(--ok); } .kind.late { color: var(--norm); }
.kind.missed, .kind.false { color: var(--crit); }
.key { display: flex; flex-wrap: wrap; gap: 6px 18px; font-size: 0.875rem; color: var(--ink-2);
  margin: 8px 0 14px; }
.key svg { width: 34px; height: 14px; vertical-align: -2px; margin-right: 6px; }
svg text { font: 11px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  fill: var(--ink-3); }
svg .name { fill: var(--ink-2); font-weight: 500; }
.band { fill: var(--band); fill-opacity: 0.8; }
.usual { fill: none; stroke: var(--ink-3); stroke-width: 1;
  stroke-dasharray: 3 3; }
.value { fill: none; stroke: var(--ink); stroke-width: 1.6; stroke-linejoin: round; }
.day { stroke: var(--grid); stroke-width: 1; }
.truth { fill: var(--truth); } .truth-edge { stroke: var(--truth-edge); stroke-width: 2; }
.said { stroke: var(--norm); stroke-width: 2; } .said-span { fill: var(--norm); }
.others { stroke: var(--ink-3); stroke-width: 1.2; stroke-dasharray: 2 2; }
.others-span { fill: var(--ink-3); }
svg .said-word { fill: var(--norm); font-weight: 600; } svg .truth-word { fill: var(--truth-edge);
  font-weight: 600; }
@media screen and (max-width: 44rem) { .page { padding: 0 14px; }
  header h1 { font-size: 1.375rem; } th, td { padding: 7px 8px; }
  .cards thead { display: none; } .cards tr { display: grid; padding: 10px 12px;
    grid-template-columns: repeat(3, 1fr); gap: 8px 12px; }
  .cards tbody tr + tr { border-top: 1px solid var(--line); }
  .cards tr > td { border: 0; padding: 0; text-align: left; white-space: normal; }
  .cards td::before { content: attr(data-head); display: block; color: var(--ink-3);
    font-size: 0.8125rem; }
  .cards td:first-child { grid-column: 1 / -1; font-weight: 600; }
  .cards td:first-child::before { content: none; }
  .cards td.words { grid-column: 1 / -1; min-width: 0; }
  .cards .bar { margin-left: 0; width: 100%; max-width: 104px; } }
@media print { :root { color-scheme: light; } body { background: #fff; font-size: 10pt; }
  header { background: none; color: #12201B; padding: 0 0 8px; } header p { color: #3D4C45; }
  nav { display: none; } .wide { overflow: visible; border: 0; } table { font-size: 8pt; }
  th, td { padding: 3px 5px; } .words { min-width: 0; font-size: 7.5pt; }
  .pictures { grid-template-columns: 1fr 1fr; } tr { break-inside: avoid; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""

# of a drawing that stands in a page of somebody else: light only, on a ground of its own
DRAWING_STYLE = """
text { font: 11px system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; fill: #586660; }
.name { fill: #3D4C45; font-weight: 500; } .ground { fill: #FFFFFF; }
.band { fill: #DCE4DC; fill-opacity: 0.8; }
.usual { fill: none; stroke: #586660; stroke-width: 1; stroke-dasharray: 3 3; }
.value { fill: none; stroke: #12201B; stroke-width: 1.6; stroke-linejoin: round; }
.day { stroke: #E6EAE4; stroke-width: 1; } .truth { fill: #FDF0D0; }
.truth-edge { stroke: #B07A00; stroke-width: 2; } .said { stroke: #0072B2; stroke-width: 2; }
.said-span { fill: #0072B2; }
.others { stroke: #586660; stroke-width: 1.2; stroke-dasharray: 2 2; }
.said-word { fill: #0072B2; font-weight: 600; } .truth-word { fill: #B07A00; font-weight: 600; }
"""

import { type KeptRun, median, valuesOf } from "../peers/kept_run.ts";
import type { Measure } from "../peers/measures.ts";
import { measuresOf, number } from "../peers/report_table.ts";

const WIDTH = 860;
const LABEL_WIDTH = 300;
const RIGHT = 90;
const ROW = 26;
const PANEL_HEAD = 46;
const PANEL_FOOT = 24;

/** One server's mark in the plot. */
interface Series {
  readonly name: string;
  /** An SVG shape around (0, 0). */
  readonly shape: string;
  readonly values: (measure: Measure) => readonly number[];
}

/**
 * A run as an SVG picture: medians of throughput and of latency on logarithmic axes, one row per measurement, one mark
 * per server. It follows the reader's color scheme.
 */
export function plot(run: KeptRun): string {
  const series = seriesOf(run);
  const isPlotted = (measure: Measure) => !measure.ownOnly;
  const rows = measuresOf(run).filter(isPlotted);
  const panels = [
    {
      title: "Throughput in records per second (further right is better)",
      rows: rows.filter(({ unit }) => unit === "records/s"),
    },
    {
      title: "Time in milliseconds (further left is better)",
      rows: rows.filter(({ unit }) => unit === "ms"),
    },
  ].filter((panel) => panel.rows.length > 0);
  let y = 40;
  const parts: string[] = [legend(series)];
  for (const { title, rows } of panels) {
    parts.push(panel(title, rows, series, y));
    y += PANEL_HEAD + rows.length * ROW + PANEL_FOOT;
  }
  const { date, cpu, turns, commit } = run.machine;
  parts.push(
    text(
      16,
      y + 6,
      `${cpu}, ${
        String(date).slice(0, 10)
      }, commit ${commit}: medians of ${turns} interleaved turns`,
      `class="note"`,
    ),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 20}" role="img" ` +
    `aria-label="Throughput and latency of the agent compared with others">
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 } .note { font-size: 11px; fill: #59636e }
  .grid { stroke: #d1d9e0 } .s0 { fill: #0969da } .s1 { fill: #bc4c00 } .s2 { fill: #57606a }
  .s3 { fill: #8250df }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .note { fill: #9198a1 } .grid { stroke: #3d444d }
    .s0 { fill: #58a6ff } .s1 { fill: #f0883e } .s2 { fill: #9198a1 } .s3 { fill: #bc8cff }
  }
</style>
${parts.join("\n")}
</svg>
`;
}

const shapes = [
  `<circle r="6"/>`,
  `<rect x="-5" y="-5" width="10" height="10"/>`,
  `<path d="M0-7 7 5H-7z"/>`,
  `<path d="M0-7 7 0 0 7-7 0z"/>`,
];

function seriesOf(run: KeptRun): Series[] {
  const servers = run.servers.filter(({ name }) => name !== "before").map((server) => ({
    name: server.name === "agent" ? "this agent" : server.name,
    values: (measure: Measure) => valuesOf(server, measure.name),
  }));
  const ripgrep = {
    name: "ripgrep, not over a network",
    values: (measure: Measure) => measure.unit === "ms" ? run.ripgrep[measure.name] ?? [] : [],
  };
  return [...servers, ripgrep].map((one, index) => ({ ...one, shape: shapes[index]! }));
}

function legend(series: readonly Series[]): string {
  return series.map(({ name, shape }, index) =>
    `<g class="s${index}" transform="translate(${24 + index * 200} 20)">${shape}</g>` +
    text(36 + index * 200, 24, name)
  ).join("\n");
}

function panel(
  title: string,
  rows: readonly Measure[],
  series: readonly Series[],
  top: number,
): string {
  const medians = rows.flatMap((row) => series.map(({ values }) => median(values(row))))
    .filter((value) => !Number.isNaN(value));
  const from = Math.floor(Math.log10(Math.min(...medians)));
  const to = Math.ceil(Math.log10(Math.max(...medians)));
  const x = (value: number) =>
    LABEL_WIDTH + (Math.log10(value) - from) / (to - from) * (WIDTH - LABEL_WIDTH - RIGHT);
  const bottom = top + PANEL_HEAD - 10 + rows.length * ROW;
  const parts = [text(16, top + 18, title, `class="title"`)];
  for (let power = from; power <= to; power++) {
    const at = x(10 ** power).toFixed(1);
    parts.push(
      `<line class="grid" x1="${at}" x2="${at}" y1="${top + PANEL_HEAD - 14}" y2="${bottom}"/>`,
      text(Number(at), bottom + 14, number(10 ** power), `class="note" text-anchor="middle"`),
    );
  }
  rows.forEach((row, index) => {
    const y = top + PANEL_HEAD + index * ROW;
    parts.push(text(16, y + 4, row.name));
    // The agent's own mark is on top.
    for (const [place, { shape, values, name }] of [...series.entries()].reverse()) {
      const value = median(values(row));
      if (Number.isNaN(value)) continue;
      parts.push(
        `<g class="s${place}" transform="translate(${x(value).toFixed(1)} ${y})">` +
          `<title>${escape(`${name}: ${number(value)} ${row.unit}`)}</title>${shape}</g>`,
      );
    }
  });
  return parts.join("\n");
}

function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escape(content)}</text>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

import type { Snapshot } from "./metrics.ts";
import type { Incident } from "./recent.ts";

/** What the page shows. */
export interface StatusFacts extends Snapshot {
  readonly node: string;
  /** Why the agent is not ready; empty if it is. */
  readonly problems: readonly string[];
  /** Latest first; null if the reader may not see them. */
  readonly incidents: {
    readonly failedCalls: readonly Incident[];
    readonly warnings: readonly Incident[];
  } | null;
}

/**
 * The page for people: one self-contained HTML document without scripts. Readable on a phone, and in light and dark
 * mode (contrast of at least 4.5 to 1: WCAG 2.2, 1.4.3).
 */
export function statusPage(facts: StatusFacts, now: Date = new Date()): string {
  const ready = facts.problems.length === 0;
  const rows: readonly (readonly [string, string])[] = [
    ["Version", facts.version],
    ["Up for", span(facts.uptime)],
    ["Open streams", `${facts.openStreams}`],
    ["Following", `${facts.followers} in ${facts.followedFiles} files`],
    ["Watching", `${facts.watchers}`],
    ["Calls ended", facts.calls.toLocaleString("en")],
    ["Records found", facts.records.toLocaleString("en")],
    ["Read", bytes(facts.readBytes)],
    ["Sent", bytes(facts.sentBytes)],
    ["Memory", bytes(facts.residentBytes)],
    [
      "Certificate until",
      facts.certificateExpiresMs === null ? "no TLS" : isoDate(facts.certificateExpiresMs),
    ],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>kubetail-cluster-agent on ${html(facts.node)}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif;
  --text: #1f2937; --muted: #4b5563; --back: #fff; --line: #d1d5db; --good: #166534; --bad: #b91c1c; --chart: #1d4ed8; }
@media (prefers-color-scheme: dark) { :root {
  --text: #e5e7eb; --muted: #a8b0bd; --back: #111827; --line: #374151; --good: #4ade80; --bad: #fca5a5; --chart: #60a5fa; } }
body { max-width: 46rem; margin: 1rem auto; padding: 0 1rem; color: var(--text); background: var(--back);
  overflow-wrap: anywhere; }
h1 { font-size: 1.25rem; font-weight: 600; margin: .5rem 0; } h2 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
.state { font-weight: 600; margin: .5rem 0; } .good { color: var(--good); } .bad { color: var(--bad); }
dl { display: grid; grid-template-columns: minmax(7rem, 11rem) 1fr; gap: .15rem 1rem; margin: 1rem 0; }
dt, .muted { color: var(--muted); } dd { margin: 0; font-variant-numeric: tabular-nums; }
ul { margin: 0; padding: 0; list-style: none; } li { padding: .4rem 0; border-top: 1px solid var(--line); }
.muted { font-size: .875rem; } a { color: var(--chart); padding: .5rem 0; display: inline-block; }
svg { width: 100%; height: auto; }
</style>
</head>
<body>
<h1>kubetail-cluster-agent on ${html(facts.node)}</h1>
<p class="state ${ready ? "good" : "bad"}">${ready ? "Ready" : "Not ready"}</p>
${ready ? "" : `<ul>${facts.problems.map((text) => `<li>${html(text)}</li>`).join("")}</ul>`}
${chart(facts.sentPerSecond, facts.slotSeconds)}
<dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${html(value)}</dd>`).join("\n")}</dl>
${
    facts.incidents === null
      ? `<p class="muted">Failed calls and warnings are shown on loopback addresses only.</p>`
      : incidents("Failed calls", facts.incidents.failedCalls, now) +
        incidents("Last warnings", facts.incidents.warnings, now)
  }
<p><a href="/metrics">metrics</a> · <a href="/readyz">readyz</a> · <a href="/livez">livez</a></p>
</body>
</html>
`;
}

function incidents(title: string, list: readonly Incident[], now: Date): string {
  const items = list.map(({ atMs, times, text, detail }) => {
    const seconds = (now.getTime() - atMs) / 1000;
    const ago = seconds < 1 ? "just now" : `${span(seconds)} ago`;
    const facts = [
      ago,
      ...(times > 1 ? [`${times} times`] : []),
      ...(detail === "" ? [] : [detail]),
    ];
    return `<li>${html(text)}<div class="muted">${html(facts.join(" · "))}</div></li>`;
  });
  return `<h2>${title}</h2>
${
    items.length === 0
      ? `<p class="muted">none since the start</p>`
      : `<ul>${items.join("\n")}</ul>`
  }`;
}

const WIDTH = 600;
const HEIGHT = 120;

/** Bytes per second over the last minutes, as a filled line. */
function chart(rates: readonly number[], slotSeconds: number): string {
  const top = Math.max(...rates, 1024);
  const step = WIDTH / Math.max(rates.length - 1, 1);
  const points = rates.map((rate, index) =>
    `${(index * step).toFixed(1)},${(HEIGHT - rate / top * (HEIGHT - 4)).toFixed(1)}`
  ).join(" ");
  const minutes = Math.round(rates.length * slotSeconds / 60);
  const most = bytes(Math.max(0, ...rates));
  return `<p class="muted">Sent in the last ${minutes} minutes, at most ${most}/s</p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Bytes sent per second in the last ${minutes} minutes">
<polygon points="0,${HEIGHT} ${points} ${WIDTH},${HEIGHT}" fill="var(--chart)" fill-opacity=".25"/>
<polyline points="${points}" fill="none" stroke="var(--chart)" stroke-width="1.5"/>
</svg>`;
}

/** Escapes text for HTML, inside and outside quotes; control and bidirectional characters become U+FFFD. */
function html(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[\n\t]/g, " ").replace(/\p{Cc}|\p{Bidi_Control}/gu, "\ufffd")
    .replace(/[&<>"']/g, (character) => names[character] ?? character);
}

/** 90061 seconds are 1 d 1 h 1 min. */
function span(seconds: number): string {
  const units: readonly (readonly [string, number])[] = [["d", 86400], ["h", 3600], ["min", 60]];
  const parts: string[] = [];
  let rest = Math.floor(seconds);
  for (const [unit, length] of units) {
    if (rest >= length) parts.push(`${Math.floor(rest / length)} ${unit}`);
    rest %= length;
  }
  return parts.length > 0 ? parts.join(" ") : `${rest} s`;
}

function bytes(count: number): string {
  let value = count;
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (value < 1024) return `${unit === "B" ? Math.round(value) : value.toFixed(1)} ${unit}`;
    value /= 1024;
  }
  return `${value.toFixed(1)} TiB`;
}

function isoDate(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime())
    ? "unknown"
    : date.toISOString().slice(0, 16).replace("T", " ");
}

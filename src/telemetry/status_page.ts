import type { Snapshot } from "./metrics.ts";

/** The page for people: one HTML document that asks for nothing else. */
export function statusPage(
  facts: Snapshot & { readonly node: string; readonly problems: readonly string[] },
): string {
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
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.25rem; font-weight: 600; }
.state { font-weight: 600; color: ${ready ? "#15803d" : "#b91c1c"}; }
dl { display: grid; grid-template-columns: 11rem 1fr; gap: .15rem 1rem; }
dt { opacity: .7; } dd { margin: 0; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; } text { font-size: 11px; fill: currentColor; opacity: .7; }
</style>
</head>
<body>
<h1>kubetail-cluster-agent on ${html(facts.node)}</h1>
<p class="state">${ready ? "Ready" : "Not ready"}</p>
${ready ? "" : `<ul>${facts.problems.map((text) => `<li>${html(text)}</li>`).join("")}</ul>`}
${chart(facts.sentPerSecond, facts.slotSeconds)}
<dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${html(value)}</dd>`).join("\n")}</dl>
<p><a href="/metrics">metrics</a> · <a href="/readyz">readyz</a> · <a href="/livez">livez</a></p>
</body>
</html>
`;
}

const width = 600;
const height = 120;

/** Bytes per second over the last minutes, as a filled line. */
function chart(rates: readonly number[], slotSeconds: number): string {
  const top = Math.max(...rates, 1024);
  const step = width / Math.max(rates.length - 1, 1);
  const points = rates.map((rate, index) =>
    `${(index * step).toFixed(1)},${(height - rate / top * (height - 4)).toFixed(1)}`
  ).join(" ");
  const minutes = Math.round(rates.length * slotSeconds / 60);
  return `<svg viewBox="0 -16 ${width} ${
    height + 34
  }" role="img" aria-label="Bytes sent per second in the last ${minutes} minutes">
<polygon points="0,${height} ${points} ${width},${height}" fill="#3b82f6" fill-opacity=".25"/>
<polyline points="${points}" fill="none" stroke="#3b82f6" stroke-width="1.5"/>
<text x="0" y="-4">sent, at most ${bytes(Math.max(...rates))}/s</text>
<text x="0" y="${height + 14}">${minutes} min ago</text>
<text x="${width}" y="${height + 14}" text-anchor="end">now</text>
</svg>`;
}

/** Text that can stand in HTML, in quotes or out of them. */
function html(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => names[character] ?? character);
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

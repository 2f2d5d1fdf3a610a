import assert from "node:assert/strict";
import { type StatusFacts, statusPage } from "../../../src/telemetry/status_page.ts";

const NOW = new Date("2026-11-26T12:00:00Z");

const facts: StatusFacts = {
  version: "1.2.3",
  uptime: 90_061,
  openStreams: 4,
  followers: 3,
  followedFiles: 2,
  watchers: 1,
  calls: 12_345,
  records: 1_000_000,
  readBytes: 1023,
  sentBytes: 1536,
  residentBytes: 64 * 1024 * 1024,
  certificateExpiresMs: Date.UTC(2027, 0, 2, 3, 4),
  sentPerSecond: [0, 1024, 2048],
  slotSeconds: 60,
  node: "worker-1",
  problems: [],
  incidents: { failedCalls: [], warnings: [] },
};

const page = (overrides: Partial<StatusFacts> = {}) => statusPage({ ...facts, ...overrides }, NOW);

Deno.test("the page shows what is known, in units that people read", () => {
  const html = page();
  for (
    const [name, value] of [
      ["Version", "1.2.3"],
      ["Up for", "1 d 1 h 1 min"],
      ["Following", "3 in 2 files"],
      ["Calls ended", "12,345"],
      ["Read", "1023 B"],
      ["Sent", "1.5 KiB"],
      ["Memory", "64.0 MiB"],
      ["Certificate until", "2027-01-02 03:04"],
    ]
  ) {
    assert.ok(html.includes(`<dt>${name}</dt><dd>${value}</dd>`), `${name}`);
  }
  assert.match(html, /<p class="state good">Ready<\/p>/);
  assert.match(html, /Sent in the last 3 minutes, at most 2\.0 KiB\/s/);
});

Deno.test("an agent that is not ready says why", () => {
  const html = page({ problems: ["no folder", "no certificate"] });
  assert.match(
    html,
    /<p class="state bad">Not ready<\/p>\n<ul><li>no folder<\/li><li>no certificate<\/li><\/ul>/,
  );
});

Deno.test("without TLS, and with an unreadable date, the page says so", () => {
  assert.match(page({ certificateExpiresMs: null }), /<dd>no TLS<\/dd>/);
  assert.match(page({ certificateExpiresMs: Number.NaN }), /<dd>unknown<\/dd>/);
});

Deno.test("foreign names are shown as text", () => {
  const html = page({
    node: `<b>&"'`,
    problems: ["a\u202eb\u0000"],
    incidents: {
      failedCalls: [{ atMs: NOW.getTime(), times: 1, text: "<i>", detail: "" }],
      warnings: [],
    },
  });
  assert.match(html, /on &lt;b&gt;&amp;&quot;&#39;<\/h1>/);
  assert.ok(html.includes("<li>a\ufffdb\ufffd</li>"));
  assert.match(html, /<li>&lt;i&gt;<div class="muted">just now<\/div><\/li>/);
});

Deno.test("incidents say when, how often and what they concern; readers who may not see them learn where they are", () => {
  const incident = { atMs: NOW.getTime() - 120_000, times: 3, text: "refused", detail: "user:a" };
  const html = page({ incidents: { failedCalls: [incident], warnings: [] } });
  assert.match(html, /refused<div class="muted">2 min ago · 3 times · user:a<\/div>/);
  assert.match(html, /<h2>Last warnings<\/h2>\n<p class="muted">none since the start<\/p>/);
  const hidden = page({ incidents: null });
  assert.match(hidden, /shown on loopback addresses only/);
  assert.doesNotMatch(hidden, /Failed calls<\/h2>/);
});

Deno.test("an agent that has sent nothing yet has a chart without NaN", () => {
  assert.doesNotMatch(page({ sentPerSecond: [] }), /NaN|Infinity/);
  assert.doesNotMatch(page({ sentPerSecond: [0] }), /NaN|Infinity/);
});

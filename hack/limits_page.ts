/** docs/limits.md: what the agent bounds, from the schema and the limit names. */
import { valueText } from "../src/config/config_text.ts";
import type { Field } from "../src/config/field.ts";
import { schema } from "../src/config/schema.ts";
import { type LimitName, limitNames } from "../src/telemetry/events.ts";

interface LimitDoc {
  /** Keys under `limits`; empty: not configurable. */
  readonly keys: readonly (keyof typeof schema.limits.fields)[];
  readonly bounds: string;
  readonly refusal: string;
}

/** As plain data, regardless of value types. */
const fields = schema.limits.fields as unknown as Readonly<Record<string, Field<unknown>>>;

const ENDED = "the connection is ended (GOAWAY ENHANCE_YOUR_CALM)";
const EXHAUSTED = "the call ends with RESOURCE_EXHAUSTED";

const limits: Readonly<Record<LimitName, LimitDoc>> = {
  "connections": {
    keys: ["max-connections"],
    bounds: "connections to the gRPC port",
    refusal:
      "the one that has been without a call for longest (one that never had a call counts as idle for a second more), among those of the address with the most, is ended in favor of the new one; if all of these have calls, the one with the fewest is ended, but if the new one's address has as many, the new one is closed",
  },
  "connections-per-peer": {
    keys: ["max-connections-per-peer"],
    bounds: "connections from one address",
    refusal:
      "the one that has been without a call for longest is ended in favor of the new one; if all have calls, the new one is closed",
  },
  "handshakes": {
    keys: ["max-handshakes"],
    bounds: "connections whose TLS handshake is not complete",
    refusal:
      "the oldest one of the address with the most is closed; those that have sent nothing are closed first",
  },
  "handshake-time": {
    keys: ["handshake-timeout"],
    bounds: "the duration of a TLS handshake",
    refusal: "the connection is closed",
  },
  "header-bytes": {
    keys: ["max-header-bytes"],
    bounds:
      "one call's headers, decompressed, and their number (4,096; 8 KiB and 64 if the certificate's name is not allowed)",
    refusal: ENDED,
  },
  "header-memory": {
    keys: ["header-memory"],
    bounds:
      "large headers (more than 8 KiB in memory) of all calls together until the caller is authorized, and as much for the identities of followers",
    refusal:
      "the newest such call of the connection with the most ends with RESOURCE_EXHAUSTED; for followers, that of the identity with the most",
  },
  "request-bytes": {
    keys: ["max-request-bytes"],
    bounds: "one request, and four times that for all unfinished requests of a connection",
    refusal: ENDED,
  },
  "request-memory": {
    keys: ["request-memory"],
    bounds:
      "large requests (more than 8 KiB in memory, such as long patterns or hundreds of namespaces) of all open calls together, and as much for the received parts of unfinished requests and headers on all connections",
    refusal:
      "the newest such call of the identity with the most ends with RESOURCE_EXHAUSTED; for unfinished requests, the connection with the most is ended",
  },
  "request-time": {
    keys: ["request-timeout"],
    bounds:
      "the time within which a request must arrive (a reflection stream may stay open), and the number of unfinished requests per connection: as many as it may have open calls",
    refusal: ENDED,
  },
  "frames": {
    keys: [],
    bounds:
      "1,000 frames that the agent must answer (PING, SETTINGS) while the client does not read; frames of 16 KiB",
    refusal: ENDED,
  },
  "streams-per-connection": {
    keys: ["max-streams"],
    bounds:
      "open calls of one connection: twice max-streams plus 100; 8 if the certificate's name is not allowed",
    refusal: ENDED,
  },
  "streams": {
    keys: ["max-streams"],
    bounds:
      "concurrent streams, each until its last byte has left; the last tenth is reserved for identities with fewer than 8 (if `max-streams-per-user` is lower); twice as many plus 100 for calls of every kind",
    refusal:
      "the newest stream of the identity with the most ends with RESOURCE_EXHAUSTED (for calls without an identity: the newest one of the connection with the most, or that connection if its answers are not read)",
  },
  "streams-per-user": {
    keys: ["max-streams-per-user"],
    bounds: "the same for one identity",
    refusal: EXHAUSTED,
  },
  "unary-calls": {
    keys: ["max-unary-calls"],
    bounds: "concurrent Lists, until their answers have left; the last tenth is reserved as above",
    refusal: "the newest List of the identity with the most ends with RESOURCE_EXHAUSTED",
  },
  "unary-calls-per-user": {
    keys: ["max-unary-calls-per-user"],
    bounds: "the same for one identity",
    refusal: EXHAUSTED,
  },
  "public-calls": {
    keys: ["max-public-calls"],
    bounds: "concurrent calls of health and reflection",
    refusal:
      "the connection with the most of them is ended; if each has one, the oldest of the address with the most",
  },
  "public-calls-per-connection": {
    keys: ["max-public-calls-per-connection"],
    bounds: "the same for one connection",
    refusal: ENDED,
  },
  "unknown-callers": {
    keys: ["max-unknown-callers"],
    bounds:
      "calls waiting for the first review of their token; 8 are reviewed at the same time, and connections take turns",
    refusal: "the last call of the connection with the most of them ends with RESOURCE_EXHAUSTED",
  },
  "descriptors": {
    keys: [],
    bounds: "open files of the process: connections take at most 40 % of them, handshakes 15 %",
    refusal: "connections without a call are ended, `/readyz` says so, and the port is bound again",
  },
  "telemetry-connections": {
    keys: [],
    bounds: "64 connections to the telemetry port",
    refusal: "the oldest one of the address with the most is closed in favor of the new one",
  },
};

export function limitsPage(): string {
  const rows = limitNames.map((name) => {
    const { keys, bounds, refusal } = limits[name];
    const keyTexts = keys.map((key) => {
      return `\`limits.${key}\` (\`${defaultOf(key)}\`)`;
    });
    return `| \`${name}\` | ${keyTexts.join(", ") || "fixed"} | ${bounds} | ${refusal} |\n`;
  });
  const others = Object.entries(fields)
    .filter(([key]) => !Object.values(limits).some(({ keys }) => keys.some((each) => each === key)))
    .map(([key, field]) =>
      `| \`limits.${key}\` | \`${
        valueText(field, field.type.read(field.default))
      }\` | ${field.doc} |\n`
    );
  return `<!-- Made by \`deno task gen:docs\` from the schema and hack/limits_page.ts; changes here are lost. -->

# Limits

In its default configuration, the agent stays below 384 MiB regardless of what callers and containers do, and no caller can
make another caller's small call take more than a second. To guarantee this, the agent counts everything that a caller can make
it hold, from the first byte of a connection to the last byte of an answer.

Whenever one of these limits refuses something, \`kubetail_agent_limit_reached_total{limit="…"}\` counts it, and the agent logs
a line \`a limit was reached\` at level \`warn\` with the limit, the peer address or identity, and how often the limit was reached
since the last such line (at most one line in 10 s per limit).

| limit | key and default | what it bounds | what happens |
| --- | --- | --- | --- |
${rows.join("")}
## Nobody uses up a total

When a total is reached, whoever holds most of it has to give way to those who hold less, and is refused: an identity before
its subject (the user's name, whatever its groups and extras; all ServiceAccounts of a namespace together), a subject before its
connection, a connection before its address. So a caller who holds nothing can always begin one call, unless everybody else has
only one: if 1,000 users of one proxy have one stream each, the 1,001st is refused. Ending somebody's only stream for a newcomer
would not help, because the next newcomer would end that one in turn; raise \`limits.max-streams\` for more users. Reviews take
turns by identity; so do calls and searches, as described below.

Unsent data in the sockets of clients that do not read is limited to 1 MiB per connection, and to 16 MiB in total or 64 KiB per
connection, whichever is more.

## Calls take turns

In each turn of the event loop, a few new calls begin. Connections take turns, and a call with large headers counts for more.
Once calls are authorized, their work begins in the same way, with identities taking turns, and the calls of a connection that
is closed end a few at a time. So a burst of a thousand calls delays other callers by milliseconds.

## Limits of the work for a call

| key | default | what it is |
| --- | --- | --- |
${others.join("")}`;
}

function defaultOf(key: string): string {
  const field = fields[key];
  if (field === undefined) throw new Error(`no key limits.${key}`);
  return valueText(field, field.type.read(field.default));
}

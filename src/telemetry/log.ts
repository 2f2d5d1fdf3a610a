import { escaped, shortened } from "./foreign_text.ts";
import type { AgentEvent, LimitName, Report } from "./events.ts";

const lossTexts = {
  truncated: "a log was truncated before all of it was read",
  removed: "a rotated file of a followed log was removed before all of it was read",
  unreadable: "a part of a log could not be read",
};

export type Level = "debug" | "info" | "warn" | "error";

export interface LogOptions {
  readonly enabled: boolean;
  readonly level: Level | "disabled";
  readonly format: "json" | "pretty" | "text";
}

type Value = string | number | boolean | readonly string[];

export interface Line {
  readonly level: Level;
  readonly text: string;
  readonly fields: Readonly<Record<string, Value | undefined>>;
}

const rank: Readonly<Record<Level | "disabled", number>> = {
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
  disabled: 4,
};

/**
 * Turns events into log lines and passes each, with its line feed, to `write`. Writes only what the events contain, and
 * events contain neither tokens nor log text.
 */
export function createLog(
  options: LogOptions,
  write: (line: string) => void,
  extra: {
    /** Color for `pretty`; true only for a terminal. */
    readonly color?: boolean;
    readonly now?: () => Date;
  } = {},
): Report {
  const least = options.enabled ? rank[options.level] : rank.disabled;
  if (least === rank.disabled) return () => {};
  const now = extra.now ?? (() => new Date());
  const lineOf = describeEvents(now);
  const format = options.format === "json"
    ? json
    : options.format === "text"
    ? logfmt
    : (at: Date, line: Line) => pretty(at, line, extra.color ?? false);

  return (event) => {
    const line = lineOf(event);
    if (line === null || rank[line.level] < least) return;
    try {
      write(`${format(now(), bounded(line))}\n`);
    } catch {
      // Nobody reads the log any more (a closed pipe). The agent keeps serving.
    }
  };
}

/** Calls that arrive every few seconds all the time, or only read the interface. */
const BACKGROUND = /^grpc\.(?:health|reflection)\./;

/** Whether a method belongs to health checks or reflection. */
export function isBackground(method: string): boolean {
  return BACKGROUND.test(method);
}

/** Codes that indicate an error of the agent rather than of its caller. */
const ownFault = new Set(["INTERNAL", "UNKNOWN", "DATA_LOSS", "UNIMPLEMENTED"]);

/** A limit that is reached repeatedly is logged once in this time: an attacker must not fill the log. */
const LIMIT_LINE_MS = 10_000;

/**
 * Describes events that are worth a line. Remembers whether reviews work and which limits it has reported, to report
 * each only once.
 */
export function describeEvents(now: () => Date): (event: AgentEvent) => Line | null {
  let reviewsWork = true;
  const limitLines = new Map<LimitName, { writtenMs: number; since: number }>();
  return (event) => {
    switch (event.type) {
      case "call-ended":
        return {
          level: BACKGROUND.test(event.method)
            ? "debug"
            : ownFault.has(event.code) && event.code !== "UNIMPLEMENTED"
            ? "error"
            : "info",
          text: "call",
          fields: {
            method: event.method,
            code: event.code,
            identity: event.identity,
            namespaces: event.namespaces,
            records: event.records,
            bytes: event.bytes,
            ms: Math.round(event.milliseconds * 10) / 10,
            error: event.error,
          },
        };
      case "call-started":
        return { level: "debug", text: "call started", fields: { method: event.method } };
      case "review": {
        const works = event.verdict !== "error";
        const changed = works !== reviewsWork;
        reviewsWork = works;
        return {
          level: !changed ? "debug" : works ? "info" : "warn",
          text: !changed
            ? "access review"
            : works
            ? "access reviews work again"
            : "access reviews fail: calls are refused UNAVAILABLE until the API server answers",
          fields: { verdict: event.verdict, ms: Math.round(event.seconds * 1000) },
        };
      }
      case "rotation":
        return { level: "debug", text: "a followed log was rotated", fields: {} };
      case "truncated":
        return {
          level: "warn",
          text: lossTexts[event.cause],
          fields: { path: event.path, bytes: event.bytes },
        };
      case "workers":
        return { level: "debug", text: "scan workers", fields: { count: event.count } };
      case "worker-replaced":
        return {
          level: "warn",
          text: event.reason === "stuck"
            ? "a scan worker did not stop in time and was replaced"
            : "a scan worker died and was replaced",
          fields: {},
        };
      case "limit-reached": {
        const { limit, who } = event;
        const atMs = now().getTime();
        const last = limitLines.get(limit) ?? { writtenMs: Number.NEGATIVE_INFINITY, since: 0 };
        limitLines.set(limit, last);
        last.since++;
        if (atMs - last.writtenMs < LIMIT_LINE_MS) return null;
        const times = last.since;
        last.writtenMs = atMs;
        last.since = 0;
        return {
          level: "warn",
          text: "a limit was reached",
          fields: { limit, times, ...(who === undefined ? {} : { who }) },
        };
      }
      case "certificate":
        return event.state === "loaded"
          ? {
            level: "info",
            text: "certificate loaded",
            fields: { expires: instant(event.notAfterMs), problem: event.problem },
          }
          : {
            level: "error",
            text: "the new certificate cannot be used; the old one is kept",
            fields: { problem: event.problem, expires: instant(event.notAfterMs) },
          };
      case "uncaught-error":
        return {
          level: "error",
          text: "an unhandled error; the agent keeps running",
          fields: { kind: event.kind, error: event.error, at: event.at },
        };
      case "notice":
        return { level: event.level, text: event.text, fields: event.fields ?? {} };
      // Counted by the metrics; too frequent to log.
      case "scanned":
      case "sent":
      case "buffers":
      case "engines":
      case "searches-waiting":
      case "review-cached":
      case "followers":
      case "watchers":
      case "followed-files":
        return null;
    }
  };
}

/** An instant for people; a certificate may contain an invalid date. */
function instant(milliseconds: number): string | undefined {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function json(at: Date, { level, text, fields }: Line): string {
  const line: Record<string, unknown> = { time: at.toISOString(), level, msg: text };
  for (const [name, value] of Object.entries(fields)) {
    // A field cannot pose as the line's own time, level or text.
    line[Object.hasOwn(line, name) ? `field_${name}` : name] = value;
  }
  return escaped(JSON.stringify(line));
}

/** The agent's own texts are never longer. */
const MAX_TEXT_CHARACTERS = 1000;
/** Of a list: a request may name a thousand namespaces. */
const MAX_LISTED = 10;

/** Truncates everything that a caller, a file or a peer can put into a line, so that lines stay small. */
function bounded({ level, text, fields }: Line): Line {
  const entries = Object.entries(fields).map(([name, value]) => {
    if (typeof value === "string") return [name, shortened(value)];
    if (!Array.isArray(value)) return [name, value];
    const listed = value.slice(0, MAX_LISTED).map((each) => shortened(each));
    const left = value.length - listed.length;
    return [name, left === 0 ? listed : [...listed, `and ${left} more`]];
  });
  return { level, text: shortened(text, MAX_TEXT_CHARACTERS), fields: Object.fromEntries(entries) };
}

function logfmt(at: Date, { level, text, fields }: Line): string {
  return `time=${at.toISOString()} level=${level} msg=${quoted(text)}${pairs(fields)}`;
}

const colors: Readonly<Record<Level, string>> = {
  debug: "90",
  info: "32",
  warn: "33",
  error: "31",
};

function pretty(at: Date, { level, text, fields }: Line, color: boolean): string {
  const paint = (code: string, what: string) => color ? `\x1b[${code}m${what}\x1b[0m` : what;
  const name = paint(colors[level], level.toUpperCase().padEnd(5));
  const rest = pairs(fields);
  return `${paint("90", at.toISOString().slice(11, 23))} ${name} ${escaped(text)}${
    rest === "" ? "" : paint("90", rest)
  }`;
}

function pairs(fields: Line["fields"]): string {
  let text = "";
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    text += ` ${name}=${quoted(Array.isArray(value) ? value.join(",") : String(value))}`;
  }
  return text;
}

/** Quoted if a reader of key=value could not tell where it ends. */
function quoted(text: string): string {
  return /^[^\s"=\\]+$/.test(text) ? escaped(text) : escaped(JSON.stringify(text));
}

import type { AgentEvent, Report } from "./events.ts";
import { describeEvents, isBackground } from "./log.ts";

/** Something that went wrong, for the status page. */
export interface Incident {
  /** When it last happened, milliseconds since the epoch. */
  readonly atMs: number;
  /** How often it happened in a row with the same text. */
  readonly times: number;
  readonly text: string;
  /** Whom or what it concerns; may be empty. */
  readonly detail: string;
}

export interface Recent {
  readonly report: Report;
  /** Calls that ended with an error, except those that their callers cancelled; latest first. */
  failedCalls(): readonly Incident[];
  /** Warnings and errors of the log, latest first. */
  warnings(): readonly Incident[];
}

/** How many of each are kept, and the maximum number of characters of a text. */
const MAX_INCIDENTS = 10;
const MAX_CHARACTERS = 300;

/**
 * Remembers the latest failed calls and warnings. Memory is bounded; equal ones are counted, so a flood hides nothing.
 */
export function createRecent(now: () => Date = () => new Date()): Recent {
  const describe = describeEvents(now);
  const calls = new Incidents(now);
  const warnings = new Incidents(now);
  return {
    report(event) {
      const failed = failedCall(event);
      if (failed !== null) calls.add(failed.text, failed.detail);
      // Calls have a list of their own.
      if (event.type === "call-ended") return;
      const line = describe(event);
      if (line === null || line.level !== "warn" && line.level !== "error") return;
      const detail = Object.entries(line.fields)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `${name} ${String(value)}`).join(", ");
      warnings.add(line.text, detail);
    },
    failedCalls: () => calls.list(),
    warnings: () => warnings.list(),
  };
}

function failedCall(event: AgentEvent): { text: string; detail: string } | null {
  if (event.type !== "call-ended" || event.code === "OK" || event.code === "CANCELLED") return null;
  if (isBackground(event.method)) return null;
  const method = event.method.slice(event.method.indexOf("/") + 1);
  const namespaces = event.namespaces.length === 0 ? "" : ` of ${event.namespaces.join(", ")}`;
  return {
    text: `${event.code}: ${event.error ?? ""}`,
    detail: `${method}${namespaces}${event.identity === "" ? "" : ` by ${event.identity}`}`,
  };
}

class Incidents {
  readonly #now: () => Date;
  /** Oldest first. */
  readonly #incidents = new Map<string, Incident>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  add(text: string, detail: string): void {
    const [cutText, cutDetail] = [cut(text), cut(detail)];
    const key = `${cutText}\0${cutDetail}`;
    const times = (this.#incidents.get(key)?.times ?? 0) + 1;
    this.#incidents.delete(key);
    this.#incidents.set(key, {
      atMs: this.#now().getTime(),
      times,
      text: cutText,
      detail: cutDetail,
    });
    for (const oldest of this.#incidents.keys()) {
      if (this.#incidents.size <= MAX_INCIDENTS) break;
      this.#incidents.delete(oldest);
    }
  }

  list(): Incident[] {
    return [...this.#incidents.values()].reverse();
  }
}

function cut(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}…`;
}

import type { LogMetadata } from "../../generated/cluster_agent.ts";
import { logName } from "../../client/names.ts";
import { UsageError } from "../terminal.ts";

/** How a person selects logs. */
export interface Target {
  /** As it was typed. */
  readonly text: string;
  readonly namespace: string;
  /** A pod's name, a prefix of pod names, or a pattern with `*`. */
  readonly pod: string;
  /** The same for a container; null: all containers. */
  readonly container: string | null;
  /** A prefix of a container id; null: the newest log of each container. */
  readonly id: string | null;
}

/** Reads NAMESPACE/POD[/CONTAINER[/ID]]; the id may be runtime://id. Throws UsageError. */
export function parseTarget(text: string): Target {
  const [namespace = "", pod = "", container, ...id] = text.split("/");
  if (namespace === "" || pod === "" || container === "" || (id.length > 0 && id.at(-1) === "")) {
    throw new UsageError(
      `Cannot read the target ${JSON.stringify(text)}: expected NAMESPACE/POD[/CONTAINER[/ID]], ` +
        "where POD may be the beginning of pod names, such as default/web-",
    );
  }
  return { text, namespace, pod, container: container ?? null, id: id.at(-1) ?? null };
}

/** The logs that a target refers to, based on what existed when it was resolved. */
export interface Selection {
  readonly target: Target;
  /** Whether it names exactly one pod, so that only this pod is meant. */
  readonly isExact: boolean;
  /** Whether a log is selected, including one that appears later. */
  includes(log: LogMetadata): boolean;
}

/**
 * Resolves a target against the existing logs. If a pod or container has exactly this name, only that one is meant;
 * otherwise all whose names begin with it. Without an id, `logs` contains only the newest log of a restarted container.
 */
export function select(
  target: Target,
  all: readonly LogMetadata[],
): { readonly selection: Selection; readonly logs: LogMetadata[] } {
  const ofNamespace = all.filter(({ spec }) => spec?.namespace === target.namespace);
  const pod = nameMatcher(target.pod, ofNamespace.map(({ spec }) => spec?.pod_name ?? ""));
  const ofPods = ofNamespace.filter(({ spec }) => pod.matches(spec?.pod_name ?? ""));
  const container = target.container === null
    ? null
    : nameMatcher(target.container, ofPods.map(({ spec }) => spec?.container_name ?? ""));
  const selection: Selection = {
    target,
    isExact: pod.isExact,
    includes: ({ id, spec }) =>
      spec?.namespace === target.namespace && pod.matches(spec.pod_name) &&
      (container?.matches(spec.container_name) ?? true) &&
      (target.id === null || id.startsWith(target.id)),
  };
  const included = ofPods.filter((log) => selection.includes(log));
  return { selection, logs: target.id === null ? newestOfEach(included) : included };
}

/** Why a target selects nothing, and what exists instead, in one sentence. */
export function notFoundText(target: Target, all: readonly LogMetadata[], where: string): string {
  const ofNamespace = all.filter(({ spec }) => spec?.namespace === target.namespace);
  if (ofNamespace.length === 0) return unknownNamespaceText(target.namespace, all, where);
  const { logs } = select({ ...target, container: null, id: null }, ofNamespace);
  const wanted = target.text;
  return `No log of ${wanted} on ${where}; there are ${
    someOf((logs.length > 0 ? logs : ofNamespace).map((log) =>
      target.id === null ? logName(log) : `${logName(log)}/${log.id.slice(0, 12)}`
    ))
  }`;
}

/** There is no log in this namespace; `all` are the known logs of other namespaces. */
export function unknownNamespaceText(
  namespace: string,
  all: readonly LogMetadata[],
  where: string,
): string {
  const others = someOf(all.map(({ spec }) => spec?.namespace ?? ""));
  return `No logs of namespace ${namespace} on ${where}${
    others === "" ? "" : `; there are logs of ${others}`
  }`;
}

/** At most ten names, each once, in order. */
function someOf(names: readonly string[]): string {
  const distinct = [...new Set(names)].sort();
  const rest = distinct.length > 10 ? ` and ${distinct.length - 10} more` : "";
  return distinct.slice(0, 10).join(", ") + rest;
}

function nameMatcher(
  text: string,
  names: readonly string[],
): { readonly isExact: boolean; matches(name: string): boolean } {
  if (names.includes(text)) return { isExact: true, matches: (name) => name === text };
  if (!text.includes("*")) return { isExact: false, matches: (name) => name.startsWith(text) };
  const parts = text.split("*").map((part) => part.replace(/[.\\+?^${}()|[\]]/g, "\\$&"));
  const pattern = new RegExp(`^${parts.join(".*")}$`);
  return { isExact: false, matches: (name) => pattern.test(name) };
}

function newestOfEach(logs: readonly LogMetadata[]): LogMetadata[] {
  const newest = new Map<string, LogMetadata>();
  for (const log of logs.toSorted(newestFirst)) {
    if (!newest.has(logName(log))) newest.set(logName(log), log);
  }
  return [...newest.values()];
}

/** Negative if a was changed after b. */
function newestFirst(a: LogMetadata, b: LogMetadata): number {
  const [x, y] = [a.fileInfo?.last_modified_at, b.fileInfo?.last_modified_at];
  const seconds = Number((y?.seconds ?? 0n) - (x?.seconds ?? 0n));
  return seconds !== 0 ? seconds : (y?.nanos ?? 0) - (x?.nanos ?? 0);
}

import type { LogMetadata } from "../../generated/cluster_agent.ts";
import { Failure } from "../../failure/failure.ts";
import { logName } from "../output.ts";
import { UsageError } from "../terminal.ts";

/** What a person names a log by. */
export interface Target {
  readonly namespace: string;
  readonly pod: string;
  /** Null: the pod's only container. */
  readonly container: string | null;
  /** Null: the newest. */
  readonly id: string | null;
}

/** Reads namespace/pod[/container[/id]]; the id may be runtime://id. Throws UsageError. */
export function parseTarget(text: string): Target {
  const [namespace = "", pod = "", container, ...id] = text.split("/");
  if (namespace === "" || pod === "" || container === "" || (id.length > 0 && id.at(-1) === "")) {
    throw new UsageError(
      `Cannot read the log's name ${JSON.stringify(text)}: not NAMESPACE/POD/CONTAINER[/ID]`,
    );
  }
  return {
    namespace,
    pod,
    container: container ?? null,
    id: id.length > 0 ? id.join("/") : null,
  };
}

/** The one log that is meant, and the older ones of the same container (it was restarted). */
export interface Chosen {
  readonly log: LogMetadata;
  readonly older: readonly LogMetadata[];
}

/**
 * Chooses from all logs of the namespace. Throws Failure not-found where none fits, invalid-argument where the pod
 * has several containers and none was named; both say what there is.
 */
export function choose(target: Target, logs: readonly LogMetadata[]): Chosen {
  const { namespace, pod, container } = target;
  const ofPod = logs.filter(({ spec }) => spec?.namespace === namespace && spec.pod_name === pod);
  const fitting = container === null
    ? ofPod
    : ofPod.filter(({ spec }) => spec?.container_name === container);
  const names = new Set(fitting.map(logName));
  if (names.size > 1) {
    throw new Failure(
      "invalid-argument",
      `Pod ${namespace}/${pod} has several containers: ${[...names].sort().join(", ")}`,
    );
  }
  const [log, ...older] = fitting.toSorted(newestFirst);
  if (log !== undefined) return { log, older };

  const wanted = container === null ? `${namespace}/${pod}` : `${namespace}/${pod}/${container}`;
  const others = [...new Set((ofPod.length > 0 ? ofPod : logs).map(logName))].sort();
  const shown = others.slice(0, 10).join(", ");
  const rest = others.length > 10 ? ` and ${others.length - 10} more` : "";
  throw new Failure(
    "not-found",
    `No log of ${wanted} on this node${others.length === 0 ? "" : `; there are ${shown}${rest}`}`,
  );
}

/** Negative where a was changed after b. */
function newestFirst(a: LogMetadata, b: LogMetadata): number {
  const [x, y] = [a.fileInfo?.last_modified_at, b.fileInfo?.last_modified_at];
  const seconds = Number((y?.seconds ?? 0n) - (x?.seconds ?? 0n));
  return seconds !== 0 ? seconds : (y?.nanos ?? 0) - (x?.nanos ?? 0);
}

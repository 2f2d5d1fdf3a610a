import type { LogMetadata, LogRecordsStreamRequest } from "../../../src/generated/cluster_agent.ts";
import { answer, metadata } from "../../harness/calls.ts";
import type { AgentConnection } from "./cluster.ts";
import { kubectl } from "./kubectl.ts";
import { NAMESPACE } from "./pods.ts";

/** The identities of callers: an account that may read logs, and one that may not. */
export const reader: [string, string][] = [[
  "x-remote-user",
  `system:serviceaccount:${NAMESPACE}:reader`,
]];
export const stranger: [string, string][] = [
  ["x-remote-user", `system:serviceaccount:${NAMESPACE}:stranger`],
];

/** A token for an account. */
export function token(account: string): Promise<string> {
  return kubectl("create", "token", account, "--namespace", NAMESPACE).then((text) => text.trim());
}

/** What an agent lists for a caller. */
export function list(
  agent: AgentConnection,
  identity: readonly (readonly [string, string])[],
  namespaces = [NAMESPACE],
) {
  return answer<{ items: LogMetadata[] }>((done) =>
    agent.metadata.list({ namespaces }, metadata(identity), done)
  );
}

/** The log of a pod's currently running container. */
export async function runningLog(
  agent: AgentConnection,
  pod: string,
): Promise<Partial<LogRecordsStreamRequest>> {
  const { response, code, details } = await list(agent, reader);
  const found = response?.items.find(({ spec }) => spec?.pod_name === pod);
  if (found === undefined) throw new Error(`No log of ${pod} is listed: ${code} ${details}`);
  return logOf(found);
}

/** The fields of a request that name a log. */
export function logOf({ spec }: LogMetadata): Partial<LogRecordsStreamRequest> {
  const { namespace, pod_name, container_name, container_id } = spec!;
  return { namespace, pod_name, container_name, container_id };
}

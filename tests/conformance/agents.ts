import { defaults } from "../../src/config/schema.ts";
import { silent } from "../../src/telemetry/events.ts";
import { type ClientName, startAgent } from "../harness/agent.ts";
import type { AuthorizationApi } from "../harness/authorization_api.ts";
import { startProcess } from "../harness/process.ts";

type Started = Awaited<ReturnType<typeof startAgent>>;

/** By what all deadlines are multiplied: an emulated processor needs more time. */
export const deadlineFactor = Number(Deno.env.get("TEST_DEADLINE_FACTOR") || 1);

/** The agent that answers the recorded cases. */
export interface Agent extends AsyncDisposable {
  records(client: ClientName): ReturnType<Started["records"]>;
  metadata(client: ClientName): ReturnType<Started["metadata"]>;
}

/**
 * Starts an agent that serves the recorded log tree: the sources in this process, or, where
 * AGENT_BUNDLE names the folder of a bundle, that bundle as a process of its own with the released
 * program's flags.
 */
export async function startForCases(dir: string, api: AuthorizationApi): Promise<Agent> {
  const config = { containerLogsDir: `${dir}/containers`, logRoots: [dir] };
  if (Deno.env.get("AGENT_BUNDLE")) {
    return await startProcess({
      config: {
        ...config,
        authorization: { ...defaults.authorization, methods: ["front-proxy", "token"] },
      },
      kubeConfig: api.kubeConfig(),
      readable: [dir],
    });
  }
  await using stack = new AsyncDisposableStack();
  const { KubernetesReviewer } = await import("../../src/auth/reviewer.ts");
  const reviewer = stack.adopt(
    new KubernetesReviewer({
      report: silent,
      timeoutMs: 10_000 * deadlineFactor,
      findApiServer: () => Promise.resolve(api.access()),
    }),
    (reviewer) => reviewer.close(),
  );
  const agent = stack.use(
    await startAgent({
      ...config,
      authorization: { methods: ["front-proxy", "token"] },
      // A worker that is emulated takes half a minute to compile the regex engine, and is replaced
      // meanwhile as one that is stuck: there the main thread searches, by the same code.
      ...deadlineFactor > 1 ? { limits: { scanWorkers: 0 } } : {},
    }, { reviewer }),
  );
  const kept = stack.move();
  return {
    records: (client) => agent.records(client),
    metadata: (client) => agent.metadata(client),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

import { defaults } from "../../src/config/schema.ts";
import { silent } from "../../src/telemetry/events.ts";
import { type ClientName, startAgent } from "../harness/agent.ts";
import type { AuthorizationApi } from "../harness/authorization_api.ts";
import { startProcess } from "../harness/process.ts";

type Started = Awaited<ReturnType<typeof startAgent>>;

/** Multiplies all deadlines: an emulated processor needs more time. */
export const deadlineFactor = Number(Deno.env.get("TEST_DEADLINE_FACTOR") || 1);

/** The agent that answers the recorded cases. */
export interface Agent extends AsyncDisposable {
  records(client: ClientName): ReturnType<Started["records"]>;
  metadata(client: ClientName): ReturnType<Started["metadata"]>;
}

/**
 * Starts an agent that serves the recorded log tree: from source in this process, or, if AGENT_BUNDLE names the folder
 * of a bundle, that bundle in a separate process with the released program's flags.
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
      // An emulated worker takes half a minute to compile the regex engine, and would meanwhile be replaced as stuck:
      // there, the main thread searches with the same code.
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

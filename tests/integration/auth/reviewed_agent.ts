import { KubernetesReviewer } from "../../../src/auth/reviewer.ts";
import { type Overrides, startAgent, type TestAgent } from "../../harness/agent.ts";
import { AuthorizationApi } from "../../harness/authorization_api.ts";
import { answer, metadata } from "../../harness/calls.ts";

export interface Setup extends AsyncDisposable {
  readonly api: AuthorizationApi;
  readonly agent: TestAgent;
}

/** An agent that uses a recording API, by default with both methods. */
export async function setUp(overrides: Overrides = {}): Promise<Setup> {
  const api = await AuthorizationApi.start();
  const reviewer = new KubernetesReviewer({
    report: () => {},
    findApiServer: () => Promise.resolve(api.access()),
  });
  const agent = await startAgent({
    ...overrides,
    authorization: { methods: ["front-proxy", "token"], ...overrides.authorization },
  }, { reviewer });
  return {
    api,
    agent,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      reviewer.close();
      await api[Symbol.asyncDispose]();
    },
  };
}

export type Pairs = readonly (readonly [string, string])[];

/** The code of a List with this metadata, and its details if there are any. */
export async function list(
  agent: TestAgent,
  pairs: Pairs,
  namespaces: string[],
  client: "client" | "other" | "none" = "client",
) {
  const service = agent.metadata(client);
  const { code, details } = await answer((callback) =>
    service.list({ namespaces }, metadata(pairs), callback)
  );
  service.close();
  return `${code} ${details}`.trim();
}

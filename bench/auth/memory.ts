/**
 * Measures the memory and start-up time that access reviews cost with different ways of importing
 * @kubernetes/client-node. Each way runs in a separate process, with the agent's V8 flags and grpc-js loaded, as in the
 * agent; prints the median of the runs.
 *
 *     deno run -A bench/auth/memory.ts [RUNS]
 */
import { AuthorizationApi } from "../../tests/harness/authorization_api.ts";

interface Measured {
  readonly megabytes: number;
  readonly milliseconds: number;
}

const runs = Number(Deno.args[0] ?? 5);
const REVIEWS = 1000;

const reviewer = new URL("../../src/auth/reviewer.ts", import.meta.url).href;
const own = `
  const { createReviewer } = await import("${reviewer}");
  const reviewer = createReviewer({ report: (event) => console.error(event.text) });`;
const packaged = `
  const { AuthorizationV1Api, KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromDefault();
  const client = config.makeApiClient(AuthorizationV1Api);`;

/** Name, and the code to measure. */
const ways: readonly (readonly [string, string])[] = [
  ["grpc-js alone", ""],
  ["… and the reviewer, before its first review", own],
  [
    `… and the reviewer, after ${REVIEWS} reviews`,
    `${own}
    const identity = (i) => ({ kind: "front-proxy", user: "u" + i, groups: [], extra: new Map() });
    for (let i = 0; i < ${REVIEWS}; i++) {
      await reviewer.review(identity(i), "a", { signal: new AbortController().signal });
    }`,
  ],
  [
    "… and client-node/dist/gen/apis/AuthorizationV1Api.js",
    `await import("@kubernetes/client-node/dist/gen/apis/AuthorizationV1Api.js");`,
  ],
  [
    "… and client-node/dist/config.js (KubeConfig)",
    `await import("@kubernetes/client-node/dist/config.js");`,
  ],
  ["… and all of client-node, before its first review", packaged],
  [
    `… and all of client-node, after ${REVIEWS} reviews`,
    `${packaged}
    for (let i = 0; i < ${REVIEWS}; i++) {
      const { status } = await client.createSubjectAccessReview({ body: { spec: {
        user: "u" + i,
        resourceAttributes: { verb: "get", resource: "pods", subresource: "log", namespace: "a" },
      } } });
      if (status.allowed !== true) throw new Error("not allowed");
    }`,
  ],
];

await using api = await AuthorizationApi.start();
const folder = Deno.makeTempDirSync({ prefix: "auth-memory-" });
try {
  Deno.writeTextFileSync(`${folder}/config`, api.kubeConfig());
  console.log("| what is loaded | resident MB | ms to get there |\n| --- | --- | --- |");
  for (const [name, code] of ways) {
    const measured: Measured[] = [];
    for (let run = 0; run < runs; run++) measured.push(await measure(code));
    const median = (key: "megabytes" | "milliseconds") =>
      measured.map((each) => each[key]).sort((a, b) => a - b)[Math.floor(runs / 2)]!.toFixed(0);
    console.log(`| ${name} | ${median("megabytes")} | ${median("milliseconds")} |`);
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}

async function measure(code: string): Promise<Measured> {
  const program = `
    await import("@grpc/grpc-js");
    const start = performance.now();
    ${code}
    const milliseconds = performance.now() - start;
    console.log(JSON.stringify({ megabytes: Deno.memoryUsage().rss / 1e6, milliseconds }));
    Deno.exit();`;
  Deno.writeTextFileSync(`${folder}/program.ts`, program);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--no-check",
      `--config=${new URL("../../deno.json", import.meta.url).pathname}`,
      "--v8-flags=--max-semi-space-size=1",
      `${folder}/program.ts`,
    ],
    env: { KUBECONFIG: `${folder}/config` },
  }).output();
  const errors = new TextDecoder().decode(stderr);
  if (!success || errors !== "") throw new Error(errors);
  return JSON.parse(new TextDecoder().decode(stdout));
}

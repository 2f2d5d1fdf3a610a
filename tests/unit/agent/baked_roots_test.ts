import { ok, strictEqual } from "node:assert/strict";
import { bakedLogRoots, checkBakedRoots } from "../../../src/agent/baked_roots.ts";

/** As the platform answers: everything at or below a granted folder may be read. */
const binary = (path: string) =>
  bakedLogRoots.some((root) => path === root || path.startsWith(`${root}/`));

const fine: { name: string; containerLogsDir: string; logRoots: string[] }[] = [
  { name: "the defaults", containerLogsDir: "/var/log/containers", logRoots: [] },
  {
    name: "the baked roots themselves",
    containerLogsDir: "/var/log/containers",
    logRoots: [...bakedLogRoots],
  },
  {
    name: "a folder below a baked one",
    containerLogsDir: "/var/log/pods/mine",
    logRoots: ["/var/log/pods/mine"],
  },
];
for (const { name, ...config } of fine) {
  Deno.test(`baked roots: ${name} may be read`, () => {
    strictEqual(checkBakedRoots(config, binary), null);
  });
}

Deno.test("baked roots: a refusal names every refused folder with its key, and the folders that were baked in", () => {
  const problem = checkBakedRoots({
    containerLogsDir: "/data/containers",
    logRoots: ["/var/log/pods", "/data/docker", "/var/log/podsmore"],
  }, binary);
  ok(problem !== null);
  for (const said of ['container-logs-dir "/data/containers"', 'log-roots "/data/docker"']) {
    ok(problem.includes(said), problem);
  }
  ok(problem.includes('log-roots "/var/log/podsmore"'), problem);
  ok(!problem.includes('log-roots "/var/log/pods"'), problem);
  for (const root of bakedLogRoots) ok(problem.includes(root), problem);
});

Deno.test("baked roots: a program that may read none of them does not claim that it may", () => {
  const problem = checkBakedRoots({ containerLogsDir: "/data", logRoots: [] }, () => false);
  ok(problem?.includes("(none)"), problem ?? "null");
});

Deno.test({
  name: "baked roots: asks the platform, without prompting",
  permissions: { read: ["/var/log/pods"] },
  fn() {
    strictEqual(checkBakedRoots({ containerLogsDir: "/var/log/pods", logRoots: [] }), null);
    const problem = checkBakedRoots({ containerLogsDir: "/etc", logRoots: [] });
    ok(problem?.includes("(/var/log/pods)"), problem ?? "null");
  },
});

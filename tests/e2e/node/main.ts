/**
 * Runs the agent on a real Kubernetes node on this machine: kubelet, containerd and runc, in separate namespaces,
 * without Docker and without a network. For the tests, see tests/e2e/cluster/cluster_test.ts.
 *
 *     deno task test:node                     installs the agent, runs the tests
 *     deno task test:node COMMAND ARG...      runs a command instead, such as bash, with the agent installed
 *
 * The first run builds Kubernetes outside the checkout, which takes minutes. If the machine cannot do it, a message
 * says so and the exit code is 0.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { writeImages } from "./images.ts";
import { answerHelp } from "../../../hack/usage.ts";

answerHelp(import.meta.url, Deno.args.slice(0, 1));

const project = resolve(import.meta.dirname!, "../../..");
/** Exit codes of node.sh: not on this machine; the node did not come up. */
const IMPOSSIBLE = 2;
const NOT_UP = 75;
const MOST_STARTS = 3;
/** Far more than a slow machine needs: it only ends a test that waits forever. */
const DEADLINE_SECONDS = 1800;

/** Why this machine cannot run a node; null: it can. */
function obstacle(): string | null {
  if (Deno.build.os !== "linux") return `the system is ${Deno.build.os}, not Linux`;
  if (Deno.uid() !== 0) return "only root may make namespaces and mounts";
  const { success, stderr } = new Deno.Command("unshare", {
    args: [
      "--mount",
      "--net",
      "--pid",
      "--fork",
      "--mount-proc",
      "ip",
      "link",
      "add",
      "test0",
      "type",
      "bridge",
    ],
  }).outputSync();
  return success ? null : `namespaces cannot be made: ${lastLine(stderr)}`;
}

function lastLine(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim().split("\n").at(-1) ?? "";
}

function skip(reason: string): never {
  console.log(`skipped: the tests on a real node (${reason})`);
  Deno.exit(0);
}

/** Runs a script that prints a path; null if it failed, with the reason printed by `skip`. */
function pathFrom(script: string, ...args: string[]): string {
  const { code, stdout, stderr } = new Deno.Command("bash", {
    args: [join(project, script), ...args],
    stderr: "piped",
  }).outputSync();
  if (code !== 0) skip(lastLine(stderr));
  return lastLine(stdout);
}

const kubernetes = pathFrom("tests/e2e/kubernetes/build.sh", "node");
const helm = pathFrom("hack/tool.sh", "helm");
const why = obstacle();
if (why !== null) skip(why);

const tests = [
  Deno.execPath(),
  "test",
  "--no-check",
  "--cached-only",
  "--allow-all",
  "tests/e2e/cluster/cluster_test.ts",
];
const command = Deno.args.length > 0 ? Deno.args : ["timeout", String(DEADLINE_SECONDS), ...tests];
const images = mkdtempSync(join(tmpdir(), "node-images-"));
let code = 0;
try {
  await writeImages(images);
  for (let starts = 1; starts <= MOST_STARTS; starts++) {
    // A node that outlived this process would block the next one.
    const status = await new Deno.Command("setpriv", {
      args: [
        "--pdeathsig",
        "TERM",
        "bash",
        join(project, "tests/e2e/node/node.sh"),
        kubernetes,
        images,
        "bash",
        "-c",
        'cd "$0" && bash hack/install.sh && exec "$@"',
        project,
        ...command,
      ],
      env: {
        AGENT_DIRECT: "1",
        HELM: helm,
        PATH: `${helm.replace(/\/[^/]*$/, "")}:${process.env.PATH}`,
      },
    }).spawn().status;
    code = status.code;
    if (code !== NOT_UP) break;
    console.log(`the node did not come up, attempt ${starts} of ${MOST_STARTS}`);
  }
} finally {
  rmSync(images, { recursive: true });
}
if (code === IMPOSSIBLE) skip("see above");
Deno.exit(code);

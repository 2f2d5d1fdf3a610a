import assert from "node:assert/strict";
import { locate } from "../../src/files/locate.ts";
import { LogFile } from "../../src/files/log_file.ts";
import { openDescriptors } from "../harness/open_descriptors.ts";

const attacker = new URL("files/exchange_folders.ts", import.meta.url).pathname;
const ATTEMPTS = 3000;

/** A log of a pod whose container repeatedly exchanges its folder for a link to another pod's. */
async function underAttack(use: (open: () => string) => void): Promise<void> {
  const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "exchange-" }));
  const pod = `${root}/pods/ns_pod_uid`;
  const secret = `${root}/pods/secret_pod_uid/app`;
  const name = { namespace: "ns", podName: "pod", containerName: "app", containerId: "abc" };
  const roots = { containerLogsDir: `${root}/containers`, logRoots: [root] };
  for (const folder of [`${pod}/app`, secret, roots.containerLogsDir]) {
    Deno.mkdirSync(folder, { recursive: true });
  }
  Deno.writeTextFileSync(`${pod}/app/0.log`, "own");
  Deno.writeTextFileSync(`${secret}/0.log`, "secret");
  Deno.symlinkSync(`${pod}/app/0.log`, `${roots.containerLogsDir}/pod_ns_app-abc.log`);
  Deno.symlinkSync(secret, `${pod}/evil`);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-ffi", attacker, `${pod}/app`, `${pod}/evil`],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  try {
    const reader = child.stdout.getReader();
    assert.ok(!(await reader.read()).done, "the attacker cannot exchange folders here");
    reader.releaseLock();
    use(() => {
      using file = LogFile.open(locate(roots, name));
      const text = new Uint8Array(10);
      return new TextDecoder().decode(text.subarray(0, file.readAt(0, text)));
    });
  } finally {
    child.kill("SIGKILL");
    await child.stdout.cancel();
    await child.status;
    Deno.removeSync(root, { recursive: true });
  }
}

Deno.test("RENAME_EXCHANGE: a folder that is exchanged for a link while its log is opened leaks nothing", async () => {
  await underAttack((open) => {
    const before = openDescriptors();
    const counts = { own: 0, secret: 0, refused: 0 };
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        counts[open() as "own" | "secret"]++;
      } catch {
        counts.refused++;
      }
    }
    assert.equal(counts.secret, 0, JSON.stringify(counts));
    assert.ok(counts.refused > 0, `nothing was exchanged: ${JSON.stringify(counts)}`);
    assert.equal(openDescriptors(), before, "a refused file stays open");
  });
});

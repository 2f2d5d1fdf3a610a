import assert from "node:assert/strict";
import { DemoAgent } from "../../../src/demo/demo_agent.ts";
import { runClient } from "../../harness/client.ts";

/** A folder for a demo's files, removed with the object. */
function newFolder(): Disposable & { readonly path: string } {
  const path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "demo-agent-" }));
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

Deno.test("the demo's agent serves its logs over mutual TLS; admin reads all, dev one namespace, others none", async () => {
  using folder = newFolder();
  const agent = await DemoAgent.start(folder.path, new AbortController().signal);
  assert.ok(agent !== null);
  try {
    const list = async (user: string, ...namespaces: string[]) => {
      const reach = ["--addr", `localhost:${agent.port}`, "--tls", agent.clientTls, "--user", user];
      const { code, stdout } = await runClient([
        "list",
        ...namespaces,
        ...reach,
        "--output",
        "json",
      ]);
      return code === 0 ? stdout.trimEnd().split("\n").length : null;
    };
    assert.equal(await list("admin"), 4);
    assert.deepEqual([await list("dev", "shop"), await list("dev", "kube-system")], [1, null]);
    assert.equal(await list("eve", "shop"), null);
    assert.equal(Deno.statSync(`${agent.clientTls}/tls.key`).mode! & 0o777, 0o600);
  } finally {
    await agent.stop();
  }
  assert.equal(await agent.ended, 0);
});

Deno.test("a demo that was interrupted while it made its certificates starts no agent", async () => {
  using folder = newFolder();
  const signal = AbortSignal.abort();
  assert.equal(await DemoAgent.start(folder.path, signal), null);
});

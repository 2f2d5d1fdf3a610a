import assert from "node:assert/strict";
import { examine, type Finding } from "../../../src/agent/doctor.ts";
import { type Config, defaults } from "../../../src/config/schema.ts";
import { AuthorizationApi } from "../../harness/authorization_api.ts";
import { criLines, LogTree } from "../../harness/log_tree.ts";

async function findings(
  tree: LogTree,
  overrides: Partial<Config>,
): Promise<Map<string, Finding[]>> {
  const config: Config = {
    ...defaults,
    addr: "127.0.0.1:1",
    containerLogsDir: tree.containerLogsDir,
    logRoots: [tree.dir],
    tls: { ...defaults.tls, enabled: false },
    authorization: { ...defaults.authorization, methods: ["allow-all"] },
    telemetry: { ...defaults.telemetry, addr: "" },
    ...overrides,
  };
  const bySubject = new Map<string, Finding[]>();
  const { signal } = new AbortController();
  for await (const finding of examine(config, { signal })) {
    bySubject.set(finding.subject, [...bySubject.get(finding.subject) ?? [], finding]);
  }
  return bySubject;
}

Deno.test("every subject is found, in the order in which an agent needs it", async () => {
  using tree = new LogTree();
  tree.add({ content: criLines(1) });
  const found = await findings(tree, {});
  assert.deepEqual([...found.keys()], [
    "permissions",
    "certificates",
    "callers",
    "logs",
    "api server",
    "access reviews",
    "agent",
  ]);
  const texts = (subject: string) =>
    found.get(subject)!.map(({ level, text }) => `${level}: ${text}`);
  assert.deepEqual(texts("certificates"), ["ok: TLS is disabled"]);
  assert.match(texts("callers").join(), /^warn: authorization\.methods is allow-all/);
  assert.deepEqual(texts("logs"), [`ok: ${tree.containerLogsDir}: 1 log`]);
  assert.deepEqual(texts("api server"), ["ok: not needed with allow-all"]);
  assert.deepEqual(texts("agent"), ["ok: none runs on this host with this configuration"]);
});

Deno.test("a folder that is not there, and certificates that cannot be read, are errors with their remedy", async () => {
  using tree = new LogTree();
  const found = await findings(tree, {
    containerLogsDir: `${tree.dir}/gone`,
    tls: { ...defaults.tls, certFile: `${tree.dir}/gone.crt` },
  });
  const [certificates] = found.get("certificates")!;
  assert.equal(certificates?.level, "error");
  assert.match(
    certificates?.text ?? "",
    /^Cannot read tls\.cert-file .*gone\.crt: No such file or directory\. Mount the Secret/,
  );
  assert.equal(found.get("logs")?.[0]?.level, "error");
});

Deno.test("a front proxy that anybody with a certificate may be is a warning", async () => {
  using tree = new LogTree();
  const found = await findings(tree, {
    tls: { ...defaults.tls, allowedNames: [] },
    authorization: { ...defaults.authorization, methods: ["token", "front-proxy"] },
  });
  assert.match(found.get("callers")?.[0]?.text ?? "", /^tls\.allowed-names is empty/);
});

Deno.test("access reviews are good only where an API server has answered, with tokens alone too", async () => {
  await using api = await AuthorizationApi.start();
  using tree = new LogTree();
  using stack = new DisposableStack();
  const before = Deno.env.get("KUBECONFIG");
  stack.defer(() => {
    if (before === undefined) Deno.env.delete("KUBECONFIG");
    else Deno.env.set("KUBECONFIG", before);
  });
  Deno.writeTextFileSync(`${tree.dir}/kubeconfig`, api.kubeConfig());
  Deno.env.set("KUBECONFIG", `${tree.dir}/kubeconfig`);
  const reviews = async (methods: readonly ("front-proxy" | "token")[]) => {
    const found = await findings(tree, {
      authorization: { ...defaults.authorization, methods: [...methods] },
    });
    return found.get("access reviews")!.map(({ level, text }) => `${level}: ${text}`).join();
  };
  assert.match(
    await reviews(["token"]),
    /^ok: answered; with the method token alone, the agent needs no rights/,
  );
  assert.equal(await reviews(["front-proxy", "token"]), "ok: the agent may create them");
  await api.stop();
  for (const methods of [["token"], ["front-proxy"]] as const) {
    const text = await reviews(methods);
    assert.match(text, /^error: .*API server.*ECONNREFUSED.* calls are refused$/, methods.join());
  }
});

Deno.test("an agent that chooses its own port is not asked, and not called unhealthy", async () => {
  using tree = new LogTree();
  for (
    const overrides of [
      { addr: "127.0.0.1:0" },
      { telemetry: { ...defaults.telemetry, addr: "127.0.0.1:0" } },
    ]
  ) {
    const [agent] = (await findings(tree, overrides)).get("agent")!;
    assert.equal(agent?.level, "ok");
    assert.match(agent?.text ?? "", /health not checked/);
  }
});

Deno.test("names of certificates are shown where a front proxy may call", async () => {
  using tree = new LogTree();
  const callers = async (methods: readonly ("front-proxy" | "token")[]) => {
    const found = await findings(tree, {
      authorization: { ...defaults.authorization, methods: [...methods] },
    });
    return found.get("callers")![0]?.text;
  };
  assert.equal(await callers(["token"]), "token");
  assert.equal(
    await callers(["front-proxy", "token"]),
    "front-proxy and token (kubetail-cluster-api)",
  );
});

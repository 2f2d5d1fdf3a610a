import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import {
  apiServerProblems,
  certificateProblems,
  logProblems,
  startupProblems,
  watchProblem,
} from "../../../src/agent/startup_checks.ts";
import { Readiness } from "../../../src/agent/readiness.ts";
import { type Config, defaults } from "../../../src/config/schema.ts";
import { createAuthority } from "../../harness/certificates.ts";
import { criLines, LogTree } from "../../harness/log_tree.ts";

const DAY_MS = 86_400_000;

/** A configuration whose certificates are in dir, as just created. */
async function withCertificates(
  dir: string,
  options: { notAfter?: Date } = {},
): Promise<Config["tls"]> {
  const authority = await createAuthority();
  const { cert, key } = await authority.server(options);
  Deno.writeTextFileSync(`${dir}/tls.crt`, cert);
  Deno.writeTextFileSync(`${dir}/tls.key`, key);
  Deno.writeTextFileSync(`${dir}/ca.crt`, authority.cert);
  return {
    ...defaults.tls,
    certFile: `${dir}/tls.crt`,
    keyFile: `${dir}/tls.key`,
    caFile: `${dir}/ca.crt`,
  };
}

Deno.test("certificates: good ones are no problem; expired, about to expire and a wrong clock are reported", async () => {
  using tree = new LogTree();
  const tls = await withCertificates(tree.dir, { notAfter: new Date(Date.now() + 30 * DAY_MS) });
  // The CA is only valid for a day: leave it out by not requesting client certificates.
  const server = { ...tls, clientAuth: "none" as const };
  const at = (days: number) => new Date(Date.now() + days * DAY_MS);
  assert.deepEqual(certificateProblems(server, at(0)), []);
  assert.deepEqual(certificateProblems({ ...tls, enabled: false }, at(99)), []);

  const [soon, ...noMore] = certificateProblems(server, at(25));
  assert.deepEqual(noMore, []);
  assert.equal(soon?.level, "warn");
  assert.match(soon?.text ?? "", /^tls\.cert-file .*tls\.crt: expires in 4 days, 20\d\d-/);

  const [expired] = certificateProblems(server, at(31));
  assert.equal(expired?.level, "error");
  assert.match(expired?.text ?? "", /: expired 20.*this node's clock says 20.*Renew it/);

  const [early] = certificateProblems(server, at(-2));
  assert.equal(early?.level, "error");
  assert.match(early?.text ?? "", /: not valid before 20.*clock says 20.*Set the clock \(NTP\)/);

  const both = certificateProblems(tls, at(31)).map(({ text }) => text.slice(0, 13));
  assert.deepEqual(both, ["tls.cert-file", `tls.ca-file ${tree.dir.slice(0, 1)}`]);
});

Deno.test("certificates: every authority of a bundle is checked, one without a host name is reported", async () => {
  using tree = new LogTree();
  const tls = await withCertificates(tree.dir);
  const [first, second] = await Promise.all([createAuthority("one"), createAuthority("two")]);
  Deno.writeTextFileSync(tls.caFile, `${first.cert}# and\n${second.cert}`);
  const texts = certificateProblems(tls, new Date(Date.now() + 2 * DAY_MS)).map(({ text }) => text);
  assert.equal(texts.filter((text) => text.startsWith("tls.ca-file")).length, 2);
  assert.ok(texts.some((text) => text.includes("(certificate 2): expired")));

  // A client's certificate has no subject alternative name.
  Deno.writeTextFileSync(tls.certFile, (await first.client("agent")).cert);
  const [, nameless] = certificateProblems({ ...tls, clientAuth: "none" }, new Date());
  assert.match(nameless?.text ?? "", /names no host \(subjectAltName is missing\)/);
});

Deno.test("the watch: a limit that is reached is named with its sysctl", () => {
  using tree = new LogTree();
  const roots = [tree.containerLogsDir, `${tree.dir}/pods`];
  assert.equal(watchProblem(roots), null);
  assert.equal(watchProblem([]), null);
  const failing = (message: string) => () => {
    throw new Error(message);
  };
  assert.match(
    watchProblem(roots, failing('No space left on device (os error 28) about ["/x"]')) ?? "",
    /inotify watches is reached\. .*sysctl fs\.inotify\.max_user_watches=/,
  );
  assert.match(
    watchProblem(roots, failing("Too many open files (os error 24)")) ?? "",
    /inotify instances is reached\. .*sysctl fs\.inotify\.max_user_instances=/,
  );
  assert.match(watchProblem(roots, failing("odd")) ?? "", /^Cannot watch the log folders: odd\./);
});

Deno.test("the logs: a folder that is missing, and logs that cannot be read though they are listed", () => {
  using tree = new LogTree();
  const config = { ...defaults, containerLogsDir: tree.containerLogsDir, logRoots: tree.logRoots };
  const log = tree.add({ content: criLines(1) });
  assert.deepEqual(logProblems(config), []);
  Deno.removeSync(log.path);
  const [unreadable, ...noMore] = logProblems(config);
  assert.deepEqual([unreadable?.level, noMore], ["error", []]);
  assert.match(unreadable?.text ?? "", /^Cannot read .*: the links there lead nowhere/);
  const missing = logProblems({ ...config, containerLogsDir: `${tree.dir}/nowhere` });
  assert.deepEqual(missing.map(({ level }) => level), ["error"]);
});

Deno.test("the API server: not named, not reachable, reachable", async () => {
  const at = (environment: Record<string, string>, methods = defaults.authorization.methods) =>
    apiServerProblems({ authorization: { ...defaults.authorization, methods } }, {
      lookup: (name) => environment[name],
    });
  const [missing] = await at({});
  assert.match(
    missing?.text ?? "",
    /^No Kubernetes API server for access reviews.*KUBERNETES_SERVICE_HOST/,
  );
  assert.deepEqual(await at({ KUBECONFIG: "/home/me/.kube/config" }), []);
  assert.deepEqual(await at({}, ["allow-all"]), []);

  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const environment = {
    KUBERNETES_SERVICE_HOST: "127.0.0.1",
    KUBERNETES_SERVICE_PORT: String(port),
  };
  assert.deepEqual(await at(environment), []);
  await new Promise((resolve) => server.close(resolve));
  const [away] = await at(environment);
  assert.match(
    away?.text ?? "",
    new RegExp(
      `^Cannot reach the Kubernetes API server at 127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`,
    ),
  );
});

Deno.test("the start-up checks report nothing without a problem, and all problems at once", async () => {
  using tree = new LogTree();
  tree.add({ content: criLines(1) });
  const tls = await withCertificates(tree.dir, { notAfter: new Date(Date.now() + 30 * DAY_MS) });
  const config: Config = {
    ...defaults,
    containerLogsDir: tree.containerLogsDir,
    logRoots: tree.logRoots,
    tls: { ...tls, clientAuth: "none" },
    authorization: { ...defaults.authorization, methods: ["allow-all"] },
  };
  assert.deepEqual(await startupProblems(config), []);

  const expired = await withCertificates(tree.dir, { notAfter: new Date(Date.now() - 1000) });
  const problems = await startupProblems({
    ...config,
    containerLogsDir: `${tree.dir}/nowhere`,
    tls: { ...expired, clientAuth: "none" },
  });
  assert.deepEqual(problems.map(({ level }) => level), ["error", "error"]);
  assert.match(problems[0]?.text ?? "", /expired/);
  assert.match(problems[1]?.text ?? "", /no such folder/);
});

Deno.test("readiness: starting, serving, a folder that went, an expired certificate, stopping", () => {
  using tree = new LogTree();
  const config = { ...defaults, containerLogsDir: tree.containerLogsDir };
  let notAfter: number | null = null;
  using readiness = new Readiness(config);
  const reported: boolean[] = [];
  assert.deepEqual(readiness.problems(), ["The agent is starting"]);
  readiness.serving(
    { certificateNotAfterMs: () => notAfter, reviewProblem: () => null },
    (ready) => reported.push(ready),
  );
  assert.deepEqual(reported, [true]);
  assert.deepEqual(readiness.problems(), []);

  Deno.renameSync(tree.containerLogsDir, `${tree.dir}/away`);
  assert.match(readiness.problems()[0] ?? "", /no such folder/);
  Deno.renameSync(`${tree.dir}/away`, tree.containerLogsDir);

  notAfter = Date.now() + 1000;
  assert.deepEqual(readiness.problems(), []);
  notAfter = Date.now() - 1000;
  assert.match(readiness.problems()[0] ?? "", /^The certificate .* expired 20/);

  readiness.stopping();
  assert.deepEqual(readiness.problems(), ["The agent is stopping"]);
});

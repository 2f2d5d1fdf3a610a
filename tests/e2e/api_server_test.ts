import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { defaults } from "../../src/config/schema.ts";
import { Authorizer } from "../../src/auth/authorizer.ts";
import type { Identity } from "../../src/auth/identity.ts";
import { findApiServer } from "../../src/auth/kube_config.ts";
import { KubernetesReviewer } from "../../src/auth/reviewer.ts";
import { Failure } from "../../src/failure/failure.ts";
import { FollowFrom } from "../../src/generated/cluster_agent.ts";
import type { AgentEvent } from "../../src/telemetry/events.ts";
import { startAgent, type TestAgent } from "../harness/agent.ts";
import { drain, metadata, request } from "../harness/calls.ts";
import { idle, ManualClock } from "../harness/manual_clock.ts";
import type { TreeLog } from "../harness/log_tree.ts";
import { findAssets } from "./assets.ts";
import { Cluster } from "./control_plane.ts";

const assets = await findAssets();
const MINUTE = 60_000;

function user(name: string, groups: string[] = []): Identity {
  return { kind: "front-proxy", user: name, groups, extra: new Map() };
}

function token(token: string): Identity {
  return { kind: "token", token };
}

/** Authorization by an agent whose account is that of the kubeconfig. */
class AgentAuth implements Disposable {
  readonly clock = new ManualClock();
  readonly events: AgentEvent[] = [];
  readonly #folder = Deno.makeTempDirSync({ prefix: "auth-" });
  readonly #reviewer: KubernetesReviewer;
  readonly authorizer: Authorizer;

  constructor(cluster: Cluster, account: string) {
    Deno.writeTextFileSync(`${this.#folder}/token`, account);
    Deno.writeTextFileSync(
      `${this.#folder}/config`,
      cluster.kubeConfig({ tokenFile: "token" }),
    );
    const report = (event: AgentEvent) => this.events.push(event);
    this.#reviewer = new KubernetesReviewer({
      report,
      findApiServer: () =>
        findApiServer({
          env: (name) => name === "KUBECONFIG" ? `${this.#folder}/config` : undefined,
        }),
    });
    this.authorizer = new Authorizer({
      config: defaults,
      reviewer: this.#reviewer,
      report,
      clock: this.clock,
    });
  }

  /** Puts another token in the agent's file, as the kubelet does. */
  rotate(account: string): void {
    Deno.writeTextFileSync(`${this.#folder}/token`, account);
  }

  /** "allowed", or the failure's kind and message. */
  async ask(identity: Identity, ...namespaces: string[]): Promise<string> {
    try {
      await this.authorizer.authorize(identity, namespaces);
      return "allowed";
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return `${error.kind}: ${error.message}`;
    }
  }

  [Symbol.dispose](): void {
    this.#reviewer.close();
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

function denied(namespace: string): string {
  return `permission-denied: permission denied: \`get pods/log\` in namespace \`${namespace}\``;
}
const NOT_ACCEPTED = "unauthenticated: The Kubernetes API server does not accept the token";

Deno.test({
  name: "missing" in assets
    ? `a real API server with RBAC (skipped: ${assets.missing})`
    : "a real API server with RBAC",
  ignore: "missing" in assets,
  async fn(t) {
    assert.ok("folder" in assets);
    await using cluster = await Cluster.start(assets.folder);
    const agent = await cluster.agentAccount("agent", { mayReview: true });
    const powerless = await cluster.agentAccount("powerless", { mayReview: false });
    const viewer = await cluster.serviceAccount("team-a", "viewer");
    await cluster.allowLogs({ kind: "User", name: "alice" }, "team-a");
    await cluster.allowLogs({ kind: "Group", name: "sre" }, null);
    await cluster.allowLogs(
      { kind: "ServiceAccount", namespace: "team-a", name: "viewer" },
      "team-a",
    );
    const now = Math.floor(Date.now() / 1000);

    await t.step("a user with a RoleBinding in one namespace reads that one only", async () => {
      using agentAuth = new AgentAuth(cluster, agent);
      assert.equal(await agentAuth.ask(user("alice"), "team-a"), "allowed");
      assert.equal(await agentAuth.ask(user("alice"), "team-b"), denied("team-b"));
      assert.equal(await agentAuth.ask(user("alice"), "team-a", "team-b"), denied("team-b"));
      assert.equal(await agentAuth.ask(user("alice")), denied("all"));
      assert.equal(
        await agentAuth.ask(user("alice"), "no-such-namespace"),
        denied("no-such-namespace"),
      );
      assert.equal(await agentAuth.ask(user("mallory"), "team-a"), denied("team-a"));
    });

    await t.step("a group with a ClusterRoleBinding reads all", async () => {
      using agentAuth = new AgentAuth(cluster, agent);
      const bob = user("bob", ["devs", "sre"]);
      assert.equal(await agentAuth.ask(bob), "allowed");
      assert.equal(await agentAuth.ask(bob, "team-a", "team-b"), "allowed");
      assert.equal(await agentAuth.ask(user("bob", ["devs"]), "team-a"), denied("team-a"));
      assert.equal(await agentAuth.ask(user("bob", ["devs, sre"]), "team-a"), denied("team-a"));
      assert.equal(await agentAuth.ask(user("sre"), "team-a"), denied("team-a"));
    });

    await t.step("a token's bearer reads what it is bound to", async () => {
      using agentAuth = new AgentAuth(cluster, agent);
      assert.equal(await agentAuth.ask(token(viewer), "team-a"), "allowed");
      assert.equal(await agentAuth.ask(token(viewer), "team-b"), denied("team-b"));
      assert.equal(await agentAuth.ask(token(viewer)), denied("all"));
      assert.equal(await agentAuth.ask(token("administrator")), "allowed");
    });

    await t.step("a wrong, an expired and a forged token are refused", async () => {
      using agentAuth = new AgentAuth(cluster, agent);
      const valid = await cluster.signToken("team-a", "viewer", now + 600);
      assert.equal(await agentAuth.ask(token(valid), "team-a"), "allowed", "so signing is right");
      const expired = await cluster.signToken("team-a", "viewer", now - 60);
      assert.equal(await agentAuth.ask(token(expired), "team-a"), NOT_ACCEPTED);
      const { privateKey } = generateKeyPairSync("rsa", {
        modulusLength: 2048,
        publicKeyEncoding: { type: "spki", format: "pem" },
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
      });
      const forged = await cluster.signToken("team-a", "viewer", now + 600, privateKey);
      assert.equal(await agentAuth.ask(token(forged), "team-a"), NOT_ACCEPTED);
      assert.equal(await agentAuth.ask(token("nonsense"), "team-a"), NOT_ACCEPTED);
      assert.deepEqual(agentAuth.events.filter((event) => event.type === "notice"), []);
    });

    await t.step(
      "two tokens of one ServiceAccount are one user, another account's is another",
      async () => {
        using agentAuth = new AgentAuth(cluster, powerless);
        const { signal } = new AbortController();
        const now = Math.floor(Date.now() / 1000);
        const keys = await Promise.all(
          [viewer, await cluster.signToken("team-a", "viewer", now + 700), powerless].map((token) =>
            agentAuth.authorizer.userKey({ kind: "token", token }, ["team-a"], { signal })
          ),
        );
        assert.deepEqual(keys[0], keys[1]);
        assert.notEqual(keys[0]?.user, keys[2]?.user);
        assert.notEqual(keys[0]?.account, keys[2]?.account);
      },
    );

    await t.step(
      "without the right to create SubjectAccessReviews the operator is told, and tokens still work",
      async () => {
        using agentAuth = new AgentAuth(cluster, powerless);
        assert.match(
          await agentAuth.ask(user("alice"), "team-a"),
          /^internal: Cannot review access: .*create subjectaccessreviews/,
        );
        const notice = agentAuth.events.find((event) => event.type === "notice");
        assert.equal(notice?.level, "error");
        assert.match(notice?.text ?? "", /\(403\): it needs .* create subjectaccessreviews/);
        assert.match(
          String(notice?.fields?.["answer"]),
          /system:serviceaccount:kubetail-system:powerless.* cannot create resource "subjectaccessreviews"/,
        );
        assert.equal(await agentAuth.ask(token(viewer), "team-a"), "allowed");
      },
    );

    await t.step(
      "the agent's expired token is told from a caller's, and a rotated one is taken",
      async () => {
        using agentAuth = new AgentAuth(
          cluster,
          await cluster.signToken("kubetail-system", "agent", now - 60),
        );
        assert.match(
          await agentAuth.ask(user("alice"), "team-a"),
          /^internal: Cannot review access/,
        );
        agentAuth.rotate(agent);
        assert.equal(await agentAuth.ask(user("alice"), "team-a"), "allowed");
      },
    );

    await t.step("a withdrawn right ends a running follow", async () => {
      using agentAuth = new AgentAuth(cluster, agent);
      const withdraw = await cluster.allowLogs({ kind: "User", name: "carol" }, "team-a");
      const carol = user("carol");
      assert.equal(await agentAuth.ask(carol, "team-a"), "allowed");
      const { signal } = new AbortController();
      const ended = agentAuth.authorizer.recheck(carol, ["team-a"], { signal });
      const ends = outcomes(ended);
      const reviews = () => agentAuth.events.filter((event) => event.type === "review").length;
      const second = until(() => reviews() === 2);
      await agentAuth.clock.pass(5 * MINUTE);
      await second;
      assert.deepEqual(await ends(), []);
      await withdraw();
      await agentAuth.clock.pass(5 * MINUTE);
      const failure = await ended;
      assert.equal(`${failure.kind}: ${failure.message}`, denied("team-a"));
    });

    await t.step(
      "the whole agent: who may read, and a follow whose right is withdrawn",
      () => wholeAgent(cluster, agent, viewer),
    );

    await t.step(
      "an API server that stops is unavailable, lets follows live, and comes back",
      async () => {
        using agentAuth = new AgentAuth(cluster, agent);
        const abort = new AbortController();
        assert.equal(await agentAuth.ask(user("alice"), "team-a"), "allowed");
        const ended = agentAuth.authorizer.recheck(user("alice"), ["team-a"], {
          signal: abort.signal,
        });
        const ends = outcomes(ended);
        const errors = () =>
          agentAuth.events.filter((event) => event.type === "review" && event.verdict === "error")
            .length;
        const reviews = () => agentAuth.events.filter((event) => event.type === "review").length;

        await cluster.server.crash();
        assert.match(await agentAuth.ask(user("dave"), "team-a"), /^unavailable: /);
        assert.match(await agentAuth.ask(token(viewer), "team-a"), /^unavailable: /);
        assert.equal(
          await agentAuth.ask(user("alice"), "team-a"),
          "allowed",
          "what is known holds",
        );
        const third = until(() => errors() === 3);
        await agentAuth.clock.pass(5 * MINUTE);
        await third;
        assert.deepEqual(await ends(), []);

        await cluster.server.restart();
        const before = reviews();
        const again = until(() => reviews() > before);
        await agentAuth.clock.pass(MINUTE);
        await again;
        assert.deepEqual(await ends(), []);
        assert.equal(await agentAuth.ask(user("dave"), "team-a"), denied("team-a"));
        assert.equal(await agentAuth.ask(token(viewer), "team-a"), "allowed");
        abort.abort();
        assert.equal((await ended).kind, "cancelled");
      },
    );
  },
});

/** Asks an agent with its own kubeconfig, over gRPC and mutual TLS. */
async function wholeAgent(cluster: Cluster, account: string, viewer: string): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "agent-kube-" });
  const kubeConfig = `${folder}/config`;
  Deno.writeTextFileSync(kubeConfig, cluster.kubeConfig({ token: account }));
  const reviewer = new KubernetesReviewer({
    report: () => {},
    findApiServer: () =>
      findApiServer({ env: (name) => name === "KUBECONFIG" ? kubeConfig : undefined }),
  });
  try {
    await using running = await startAgent({
      authorization: {
        methods: ["front-proxy", "token"],
        cacheTtlMs: 100,
        recheckIntervalMs: 100,
      },
    }, { reviewer });
    const line = "2024-10-01T05:00:00Z stdout F hello\n";
    const a = running.logs.add({ namespace: "team-a", content: line });
    const b = running.logs.add({ namespace: "team-b", content: line });
    const records = running.records();
    const read = (log: TreeLog, pairs: [string, string][]) => readWith(records, log, pairs);
    assert.equal(await read(a, [["x-remote-user", "alice"]]), "OK hello");
    assert.equal(await read(b, [["x-remote-user", "alice"]]), "PERMISSION_DENIED");
    const bob: [string, string][] = [
      ["x-remote-user", "bob"],
      ["x-remote-group", "devs"],
      ["x-remote-group", "sre"],
    ];
    assert.equal(await read(b, bob), "OK hello");
    // A front proxy's certificate: never judged by a token.
    assert.equal(await read(a, [["authorization", `Bearer ${viewer}`]]), "UNAUTHENTICATED");
    assert.equal(await read(a, []), "UNAUTHENTICATED");

    const withdraw = await cluster.allowLogs({ kind: "User", name: "erin" }, "team-a");
    const follow = records.streamForward(
      request({ ...a.request, follow_from: FollowFrom.DEFAULT }),
      metadata([["x-remote-user", "erin"]]),
    );
    const ended = drain(follow);
    await new Promise((resolve) => follow.once("data", resolve));
    await withdraw();
    const { code, details, messages } = await ended;
    assert.equal(code, "PERMISSION_DENIED");
    assert.equal(details, "permission denied: `get pods/log` in namespace `team-a`");
    assert.equal(messages.length, 1);

    await using tokens = await startAgent({
      tls: { clientAuth: "none" },
      authorization: { methods: ["token"] },
    }, { reviewer });
    const c = tokens.logs.add({ namespace: "team-a", content: line });
    const d = tokens.logs.add({ namespace: "team-b", content: line });
    const readByToken = (log: TreeLog, token: string) =>
      readWith(tokens.records(), log, [["authorization", token]]);
    assert.equal(await readByToken(c, `Bearer ${viewer}`), "OK hello");
    assert.equal(await readByToken(d, viewer), "PERMISSION_DENIED");
    assert.equal(await readByToken(c, "nonsense"), "UNAUTHENTICATED");
  } finally {
    reviewer.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Reads a log: the status' name and the messages. */
async function readWith(
  records: ReturnType<TestAgent["records"]>,
  log: TreeLog,
  pairs: [string, string][],
): Promise<string> {
  const { code, messages } = await drain(
    records.streamForward(request(log.request), metadata(pairs)),
  );
  return `${code} ${messages.map((record) => record.message).join()}`.trim();
}

/** What has come of a follow by now: nothing, or how it ended. */
function outcomes(ended: Promise<Failure>): () => Promise<string[]> {
  const kinds: string[] = [];
  ended.then((failure) => kinds.push(failure.kind));
  return async () => {
    await idle();
    return kinds;
  };
}

/** Resolves once it is so; I/O of the real server tells nobody else. */
async function until(fulfilled: () => boolean): Promise<void> {
  while (!fulfilled()) await new Promise((resolve) => setTimeout(resolve, 5));
}

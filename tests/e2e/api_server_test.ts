import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import type { Identity } from "../../src/auth/identity.ts";
import { Failure } from "../../src/failure/failure.ts";
import { idle } from "../harness/manual_clock.ts";
import { AgentAuth } from "./agent_auth.ts";
import { findAssets } from "./assets.ts";
import { Cluster } from "./control_plane.ts";
import { wholeAgent } from "./whole_agent.ts";

const assets = await findAssets();
const MINUTE = 60_000;

function user(name: string, groups: string[] = []): Identity {
  return { kind: "front-proxy", user: name, groups, extra: new Map() };
}

function token(token: string): Identity {
  return { kind: "token", token };
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

/** The state of a follow: nothing yet, or how it ended. */
function outcomes(ended: Promise<Failure>): () => Promise<string[]> {
  const kinds: string[] = [];
  ended.then((failure) => kinds.push(failure.kind));
  return async () => {
    await idle();
    return kinds;
  };
}

/** Resolves once the condition holds; there is no event for I/O of the real server. */
async function until(fulfilled: () => boolean): Promise<void> {
  while (!fulfilled()) await new Promise((resolve) => setTimeout(resolve, 5));
}

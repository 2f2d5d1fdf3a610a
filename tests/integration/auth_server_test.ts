import assert from "node:assert/strict";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import * as grpc from "@grpc/grpc-js";
import { KubernetesReviewer } from "../../src/auth/reviewer.ts";
import { FollowFrom } from "../../src/generated/cluster_agent.ts";
import { type Overrides, startAgent, type TestAgent } from "../harness/agent.ts";
import { AuthorizationApi, failure, verdict } from "../harness/authorization_api.ts";
import { answer, drain, metadata, request } from "../harness/calls.ts";
import { createAuthority, type KeyPair } from "../harness/certificates.ts";
import { RawConnection } from "../harness/raw_http2.ts";

interface Setup extends AsyncDisposable {
  readonly api: AuthorizationApi;
  readonly agent: TestAgent;
}

/** An agent that asks a recording API, by default with both methods. */
async function setUp(overrides: Overrides = {}): Promise<Setup> {
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

type Pairs = readonly (readonly [string, string])[];

async function list(
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

Deno.test("groups and extras reach the API server as the proxy sent them, each for itself", async () => {
  await using setup = await setUp();
  await list(setup.agent, [
    ["x-remote-user", "alice"],
    ["x-remote-group", "devs"],
    ["x-remote-group", "a, b"],
    ["x-remote-group", "system:authenticated"],
    ["x-remote-extras", '{"authentication.kubernetes.io%2fcredential-id":["abc"]}'],
  ], ["team-a"]);
  assert.deepEqual(setup.api.asked[0]?.body.spec, {
    user: "alice",
    groups: ["devs", "a, b", "system:authenticated"],
    extra: { "authentication.kubernetes.io/credential-id": ["abc"] },
    resourceAttributes: {
      verb: "get",
      group: "",
      resource: "pods",
      subresource: "log",
      namespace: "team-a",
    },
  });
});

Deno.test("a user in 2,000 groups is asked about with all of them, past node:http2's limit of 128 headers", async () => {
  await using setup = await setUp();
  const groups = Array.from({ length: 2000 }, (_, i) => `group-${i}`);
  const pairs: Pairs = [
    ["x-remote-user", "alice"],
    ...groups.map((group) => ["x-remote-group", group] as const),
  ];
  assert.equal(await list(setup.agent, pairs, ["a"]), "OK");
  assert.deepEqual(setup.api.asked[0]?.body.spec?.groups, groups);
});

Deno.test("two values of x-remote-user or of x-remote-extras are refused unasked", async () => {
  await using setup = await setUp();
  const user = ["x-remote-user", "alice"] as const;
  assert.equal(
    await list(setup.agent, [user, ["x-remote-user", "bob"]], ["a"]),
    "INVALID_ARGUMENT more than one x-remote-user in metadata",
  );
  assert.equal(
    await list(setup.agent, [user, ["x-remote-extras", "{}"], ["x-remote-extras", "{}"]], ["a"]),
    "INVALID_ARGUMENT more than one x-remote-extras in metadata",
  );
  assert.equal(setup.api.asked.length, 0);
});

Deno.test("two authorization headers, of which node:http2 drops the second, are refused unasked", async () => {
  await using setup = await setUp({ tls: { allowedNames: [] } });
  assert.equal(
    await rawList(setup.agent, [["authorization", "one"], ["authorization", "two"]]),
    "INVALID_ARGUMENT",
  );
  const user = ["x-remote-user", "alice"] as const;
  assert.equal(
    await rawList(setup.agent, [user, ["authorization", "one"], ["authorization", "two"]]),
    "INVALID_ARGUMENT",
    "beside a user as well",
  );
  assert.equal(setup.api.asked.length, 0);
  assert.equal(await rawList(setup.agent, [["authorization", "one"]]), "OK");
  assert.equal(setup.api.asked[0]?.headers["authorization"], "Bearer one");
});

Deno.test("a token is asked about as that token, a user as the agent", async () => {
  await using setup = await setUp({ tls: { allowedNames: [] } });
  assert.equal(await list(setup.agent, [["authorization", "Bearer my-token"]], ["a"]), "OK");
  assert.equal(
    await list(setup.agent, [["x-remote-user", "alice"], ["authorization", "my-token"]], ["a"]),
    "OK",
  );
  assert.deepEqual(
    setup.api.asked.map(({ path, headers }) => [path.split("/").at(-1), headers["authorization"]]),
    [
      ["selfsubjectaccessreviews", "Bearer my-token"],
      // Whose it is, to count that user's calls.
      ["selfsubjectreviews", "Bearer my-token"],
      ["subjectaccessreviews", "Bearer agent-token"],
    ],
  );
});

Deno.test("callers without certificates: tokens over TLS, and no user's name counts", async () => {
  await using setup = await setUp({
    tls: { clientAuth: "none" },
    authorization: { methods: ["token"] },
  });
  const { agent, api } = setup;
  assert.equal(await list(agent, [["authorization", "t"]], ["a"], "none"), "OK");
  assert.equal(
    await list(agent, [["x-remote-user", "admin"]], ["a"], "none"),
    "UNAUTHENTICATED missing token",
  );
  api.answer = () => failure(401, "Unauthorized");
  assert.equal(
    await list(agent, [["authorization", "bad"]], ["a"], "none"),
    "UNAUTHENTICATED The Kubernetes API server does not accept the token",
  );
});

Deno.test("callers without certificates have no name that is not allowed: one connection carries many of their calls", async () => {
  await using setup = await setUp({
    tls: { clientAuth: "none", allowedNames: ["kubetail-cluster-api"] },
    authorization: { methods: ["token"] },
  });
  const { agent } = setup;
  const log = agent.logs.add({ content: "" });
  const service = agent.records("none");
  const calls = Array.from({ length: 40 }, () =>
    drain(
      service.streamForward(
        request({ ...log.request, follow_from: FollowFrom.DEFAULT }),
        metadata([["authorization", "t"], ["padding", "x".repeat(10_000)]]),
      ),
    ));
  const following = () => agent.events.filter(({ type }) => type === "followers").length;
  await Promise.race([agent.sees(() => following() === 40), ...calls]);
  assert.equal(following(), 40, "none has ended");
  agent.stop();
  for (const call of calls) assert.equal((await call).code, "UNAVAILABLE");
});

Deno.test("every RPC is authorized", async () => {
  await using setup = await setUp();
  const { agent, api } = setup;
  const log = agent.logs.add({ namespace: "secret", content: "2024-10-01T05:00:00Z stdout F x\n" });
  api.answer = (asked) =>
    verdict(asked, asked.body.spec?.resourceAttributes?.["namespace"] !== "secret");
  const [records, logs] = [agent.records(), agent.metadata()];
  const calls = {
    list: (pairs: Pairs) =>
      answer((callback) => logs.list({ namespaces: ["secret"] }, metadata(pairs), callback)),
    watch: (pairs: Pairs) => drain(logs.watch({ namespaces: ["secret"] }, metadata(pairs))),
    ...Object.fromEntries(
      [FollowFrom.NOOP, FollowFrom.DEFAULT, FollowFrom.END].map((follow_from) => [
        `forward ${follow_from}`,
        (pairs: Pairs) =>
          drain(records.streamForward(request({ ...log.request, follow_from }), metadata(pairs))),
      ]),
    ),
    backward: (pairs: Pairs) =>
      drain(records.streamBackward(request(log.request), metadata(pairs))),
  };
  for (const [name, call] of Object.entries(calls)) {
    const nobody = await call([]);
    assert.equal(`${nobody.code} ${nobody.details}`, "UNAUTHENTICATED missing user header", name);
    const denied = await call([["x-remote-user", "alice"]]);
    assert.equal(
      `${denied.code} ${denied.details}`,
      "PERMISSION_DENIED permission denied: `get pods/log` in namespace `secret`",
      name,
    );
  }
  // Who may read one namespace learns nothing of the other by asking for both, or for all.
  assert.match(
    await list(agent, [["x-remote-user", "alice"]], ["open", "secret"]),
    /^PERMISSION_DENIED .*`secret`/,
  );
  await api.stop();
  for (const [name, call] of Object.entries(calls)) {
    const { code } = await call([["x-remote-user", "bob"]]);
    assert.equal(code, "UNAVAILABLE", name);
  }
});

Deno.test("a right that is withdrawn ends a running follow, of logs and of the list", async () => {
  await using setup = await setUp({ authorization: { recheckIntervalMs: 100 } });
  const { agent, api } = setup;
  const log = agent.logs.add({ content: "2024-10-01T05:00:00Z stdout F first\n" });
  const pairs: Pairs = [["x-remote-user", "alice"]];
  const [records, logs] = [agent.records(), agent.metadata()];
  const follow = records.streamForward(
    request({ ...log.request, follow_from: FollowFrom.DEFAULT }),
    metadata(pairs),
  );
  const watch = logs.watch({ namespaces: [] }, metadata(pairs));
  const ends = [drain(follow), drain(watch)];
  await Promise.all([
    new Promise((resolve) => follow.once("data", resolve)),
    new Promise((resolve) => watch.once("metadata", resolve)),
  ]);
  // Looked at again at least once, with a yes, before the right goes.
  const before = api.asked.length;
  const again = Promise.withResolvers<void>();
  api.answer = (asked) => {
    if (api.asked.length > before + 2) again.resolve();
    return verdict(asked, true);
  };
  await again.promise;
  api.answer = (asked) => verdict(asked, false);
  const [followed, watched] = await Promise.all(ends);
  assert.equal(followed?.code, "PERMISSION_DENIED");
  assert.equal(
    followed?.details,
    "permission denied: `get pods/log` in namespace `default`",
  );
  assert.equal(followed?.messages.length, 1);
  assert.equal(watched?.code, "PERMISSION_DENIED");
  assert.equal(watched?.details, "permission denied: `get pods/log` in namespace `all`");
});

Deno.test("outside allowed-namespaces nothing is served, whatever the API server says", async () => {
  await using setup = await setUp({ allowedNamespaces: ["open"] });
  const pairs: Pairs = [["x-remote-user", "alice"]];
  assert.equal(await list(setup.agent, pairs, ["open"]), "OK");
  assert.match(await list(setup.agent, pairs, ["other"]), /^PERMISSION_DENIED .*`other`/);
  assert.match(await list(setup.agent, pairs, []), /^PERMISSION_DENIED .*`all`/);
  assert.equal(setup.api.asked.length, 1);
});

Deno.test("no certificate but a verified one with an allowed name is let in, in any configuration with front-proxy", async (t) => {
  const other = await createAuthority();
  const outsider = await other.client("kubetail-cluster-api");
  const selfSigned = await selfSignedPair("kubetail-cluster-api");
  for (const methods of [["front-proxy"], ["front-proxy", "token"]] as const) {
    for (const allowedNames of [["kubetail-cluster-api"], []]) {
      await using setup = await setUp({ tls: { allowedNames }, authorization: { methods } });
      const { agent, api } = setup;
      const expired = await agent.authority.client("kubetail-cluster-api", {
        notAfter: new Date(Date.now() - 1000),
      });
      const serverPair = await agent.authority.server();
      const cases: [string, KeyPair | null][] = [
        ["none", null],
        ["of another authority", outsider],
        ["self-signed", selfSigned],
        ["expired", expired],
        ["for servers", serverPair],
      ];
      for (const [name, pair] of cases) {
        await t.step(`${methods}, allowed names ${allowedNames}: certificate ${name}`, async () => {
          assert.equal(await listWith(agent, pair), "UNAVAILABLE", "refused by TLS");
        });
      }
      assert.equal(api.asked.length, 0);
      assert.deepEqual(agent.events.filter((event) => event.type === "call-started"), []);
      // So the refusals above are those of the certificates.
      const good = await agent.authority.client("kubetail-cluster-api");
      assert.equal(await listWith(agent, good), "OK");
      const intruder = await agent.authority.client("intruder");
      assert.equal(
        await listWith(agent, intruder),
        allowedNames.length === 0 ? "OK" : "PERMISSION_DENIED",
      );
    }
  }
});

Deno.test("five tokens of one ServiceAccount share its streams; two users whose names begin alike do not", async () => {
  await using setup = await setUp({
    tls: { allowedNames: [] },
    limits: { maxStreams: 100, maxStreamsPerUser: 2 },
  });
  const { agent, api } = setup;
  api.answer = (asked) =>
    asked.path.endsWith("/selfsubjectreviews") ? serviceAccount(asked) : verdict(asked, true);
  const log = agent.logs.add({ content: "" });
  const follow = (pairs: Pairs) =>
    drain(
      agent.records().streamForward(
        request({ ...log.request, follow_from: FollowFrom.DEFAULT }),
        metadata(pairs),
      ),
    );
  const following = () =>
    agent.events.filter((event) => event.type === "followers" && event.change === 1).length;

  for (const token of ["first", "second"]) void follow([["authorization", token]]);
  await agent.sees(() => following() === 2);
  for (const token of ["third", "fourth", "fifth"]) {
    const { code, details } = await follow([["authorization", token]]);
    assert.equal(code, "RESOURCE_EXHAUSTED", details);
    assert.match(details, /limits\.max-streams-per-user/);
  }
  // Names that are equal in their first 256 characters.
  for (const end of ["a", "b"]) {
    const user = ["x-remote-user", "u".repeat(300) + end] as const;
    for (let i = 0; i < 2; i++) void follow([user]);
  }
  await agent.sees(() => following() === 6);
});

Deno.test("an API server without SelfSubjectReview: a token counts for itself, and calls are served", async () => {
  await using setup = await setUp({
    tls: { allowedNames: [] },
    limits: { maxStreams: 100, maxStreamsPerUser: 1 },
  });
  const { agent, api } = setup;
  api.answer = (asked) =>
    asked.path.endsWith("/selfsubjectreviews") ? failure(404, "NotFound") : verdict(asked, true);
  const log = agent.logs.add({ content: "" });
  for (const token of ["one", "two"]) {
    void drain(
      agent.records().streamForward(
        request({ ...log.request, follow_from: FollowFrom.DEFAULT }),
        metadata([["authorization", token]]),
      ),
    );
  }
  await agent.sees((events) =>
    events.filter((event) => event.type === "followers" && event.change === 1).length === 2
  );
  const { code } = await drain(
    agent.records().streamForward(
      request({ ...log.request, follow_from: FollowFrom.DEFAULT }),
      metadata([["authorization", "one"]]),
    ),
  );
  assert.equal(code, "RESOURCE_EXHAUSTED");
});

/** Every token is one of the same account; the API server names the token among the extras. */
function serviceAccount(asked: { headers: Record<string, unknown> }) {
  const id = String(asked.headers["authorization"]);
  return {
    status: 201,
    json: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "SelfSubjectReview",
      status: {
        userInfo: {
          username: "system:serviceaccount:team-a:reader",
          groups: ["system:serviceaccounts", "system:authenticated"],
          extra: { "authentication.kubernetes.io/credential-id": [id] },
        },
      },
    },
  };
}

Deno.test("10,000 Lists by 50 users over 20 namespaces: at most a review for each user and namespace, no wrong verdict", async () => {
  // One lifetime of the cache, however slow the machine is.
  await using setup = await setUp({ authorization: { cacheTtlMs: 3_600_000 } });
  const { agent, api } = setup;
  api.answer = (asked) => {
    const { user = "", resourceAttributes } = asked.body.spec ?? {};
    return verdict(asked, may(user, resourceAttributes?.["namespace"] ?? ""));
  };
  const calls = Array.from({ length: 10_000 }, (_, i) => ({
    // Every pair ten times, in an order that mixes users and namespaces.
    user: `user-${(i * 7) % 50}`,
    namespace: `ns-${Math.floor((i * 7) / 50) % 20}`,
  }));
  const services = Array.from({ length: 4 }, () => agent.metadata());
  const wrong: string[] = [];
  let next = 0;
  const lane = async (service: (typeof services)[number]) => {
    for (let call = calls[next++]; call !== undefined; call = calls[next++]) {
      const { user, namespace } = call;
      const { code } = await answer((callback) =>
        service.list({ namespaces: [namespace] }, metadata([["x-remote-user", user]]), callback)
      );
      const expected = may(user, namespace) ? "OK" : "PERMISSION_DENIED";
      if (code !== expected) wrong.push(`${user} ${namespace}: ${code}`);
    }
  };
  await Promise.all(Array.from({ length: 200 }, (_, i) => lane(services[i % 4]!)));
  assert.deepEqual(wrong.slice(0, 5), []);
  assert.equal(new Set(calls.map((call) => `${call.user} ${call.namespace}`)).size, 1000);
  assert.equal(api.asked.length, 1000);
});

function may(user: string, namespace: string): boolean {
  return (Number(user.split("-")[1]) + Number(namespace.split("-")[1])) % 3 !== 0;
}

/** The code of a List as alice over a connection with this client certificate. */
async function listWith(agent: TestAgent, pair: KeyPair | null): Promise<string> {
  const { LogMetadataServiceClient } = await import("../../src/generated/cluster_agent.ts");
  const ca = Buffer.from(agent.authority.cert);
  const credentials = pair === null
    ? grpc.credentials.createSsl(ca)
    : grpc.credentials.createSsl(ca, Buffer.from(pair.key), Buffer.from(pair.cert));
  const service = new LogMetadataServiceClient(agent.address, credentials, {
    "grpc.use_local_subchannel_pool": 1,
  });
  try {
    const { code } = await answer((callback) =>
      service.list({ namespaces: ["a"] }, metadata([["x-remote-user", "alice"]]), callback)
    );
    return code;
  } finally {
    service.close();
  }
}

async function selfSignedPair(commonName: string): Promise<KeyPair> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    keys,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: algorithm,
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    cert: `${certificate.toString("pem")}\n`,
    key: `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`,
  };
}

/**
 * A List in HTTP/2 frames of the test's own, as no client library sends one header twice. Returns the
 * code with which the agent says that the call ended.
 */
async function rawList(agent: TestAgent, headers: Pairs): Promise<string | undefined> {
  const file = (name: string) => Deno.readTextFileSync(`${agent.certificatesDir}/${name}`);
  const connection = await RawConnection.open({
    port: agent.port,
    ca: file("ca.crt"),
    pair: { cert: file("client.crt"), key: file("client.key") },
  });
  const ended = () => agent.events.filter((event) => event.type === "call-ended");
  const before = ended().length;
  connection.call("/cluster_agent.LogMetadataService/List", new Uint8Array(0), headers);
  await Promise.race([
    agent.sees(() => ended().length > before),
    connection.closed.then(() => {
      throw new Error("the connection was closed");
    }),
  ]);
  connection.end();
  assert.equal(ended().length, before + 1);
  return ended().at(-1)?.code;
}

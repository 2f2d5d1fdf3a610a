import assert from "node:assert/strict";
import type { ReviewedIdentity } from "../../../src/auth/review.ts";
import type { Account, ApiServerAccess } from "../../../src/auth/kube_config.ts";
import { KubernetesReviewer } from "../../../src/auth/reviewer.ts";
import { Failure, type FailureKind } from "../../../src/failure/failure.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { AuthorizationApi, failure, verdict } from "../../harness/authorization_api.ts";
import { createAuthority } from "../../harness/certificates.ts";

const alice: ReviewedIdentity = {
  kind: "front-proxy",
  user: "alice",
  groups: ["devs", "system:authenticated"],
  extra: new Map([["authentication.kubernetes.io/credential-id", ["abc"]], ["__proto__", []]]),
};
const bearer: ReviewedIdentity = { kind: "token", token: "callers-token" };

interface Setup extends AsyncDisposable {
  readonly api: AuthorizationApi;
  readonly events: AgentEvent[];
  readonly reviewer: KubernetesReviewer;
  review(
    identity: ReviewedIdentity,
    namespace?: string,
    signal?: AbortSignal,
  ): Promise<boolean>;
  notices(): string[];
}

async function setUp(
  options: {
    access?: (api: AuthorizationApi) => ApiServerAccess;
    account?: Account;
    timeoutMs?: number;
  } = {},
): Promise<Setup> {
  const api = await AuthorizationApi.start();
  const events: AgentEvent[] = [];
  const reviewer = new KubernetesReviewer({
    report: (event) => events.push(event),
    findApiServer: () => Promise.resolve(options.access?.(api) ?? api.access(options.account)),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  return {
    api,
    events,
    reviewer,
    review: (identity, namespace = "team-a", signal = new AbortController().signal) =>
      reviewer.review(identity, namespace, { signal }),
    notices: () => events.flatMap((event) => event.type === "notice" ? [event.text] : []),
    async [Symbol.asyncDispose]() {
      reviewer.close();
      await api[Symbol.asyncDispose]();
    },
  };
}

async function rejectsWith(
  promise: Promise<unknown>,
  kind: FailureKind,
  message: RegExp,
): Promise<void> {
  const error = await promise.then(
    (value) => assert.fail(`resolved with ${value}`),
    (error: unknown) => error,
  );
  assert.ok(error instanceof Failure, `${error}`);
  assert.equal(error.kind, kind, error.message);
  assert.match(error.message, message);
}

Deno.test("a proxy's user is asked about with exactly this SubjectAccessReview", async () => {
  await using setup = await setUp();
  assert.equal(await setup.review(alice), true);
  const [asked] = setup.api.asked;
  assert.equal(asked?.method, "POST");
  assert.equal(asked?.path, "/apis/authorization.k8s.io/v1/subjectaccessreviews");
  assert.deepEqual(
    asked?.body,
    JSON.parse(`{
      "apiVersion": "authorization.k8s.io/v1",
      "kind": "SubjectAccessReview",
      "spec": {
        "user": "alice",
        "groups": ["devs", "system:authenticated"],
        "extra": { "authentication.kubernetes.io/credential-id": ["abc"], "__proto__": [] },
        "resourceAttributes": {
          "verb": "get", "group": "", "resource": "pods", "subresource": "log",
          "namespace": "team-a"
        }
      }
    }`),
  );
  assert.equal(asked?.headers["authorization"], "Bearer agent-token");
  assert.equal(asked?.headers["content-type"], "application/json");
  assert.equal(asked?.headers["user-agent"], "kubetail-cluster-agent");
});

Deno.test("a token's bearer is asked about with exactly this SelfSubjectAccessReview", async () => {
  await using setup = await setUp();
  assert.equal(await setup.review(bearer, ""), true);
  const [asked] = setup.api.asked;
  assert.equal(asked?.path, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
  assert.deepEqual(asked?.body, {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: {
      resourceAttributes: { verb: "get", group: "", resource: "pods", subresource: "log" },
    },
  });
  assert.equal(asked?.headers["authorization"], "Bearer callers-token");
});

Deno.test("the agent's certificate and token never go with a caller's token", async () => {
  const authority = await createAuthority("Agents");
  const pair = await authority.client("the-agent");
  await using api = await AuthorizationApi.start({ authority });
  const reviewer = new KubernetesReviewer({
    report: () => {},
    findApiServer: () =>
      Promise.resolve(
        api.access({ token: "agent-token", certificate: pair.cert, key: pair.key }),
      ),
  });
  const { signal } = new AbortController();
  // In this order, there is a kept connection of the agent's account that could be misused.
  await reviewer.review(alice, "a", { signal });
  await reviewer.review(bearer, "a", { signal });
  await reviewer.review(alice, "b", { signal });
  assert.deepEqual(
    api.asked.map((each) => [each.certificateName, each.headers["authorization"]]),
    [
      ["the-agent", "Bearer agent-token"],
      [null, "Bearer callers-token"],
      ["the-agent", "Bearer agent-token"],
    ],
  );
  reviewer.close();
});

Deno.test("a denial is a denial, and so is a contradictory verdict", async () => {
  await using setup = await setUp();
  setup.api.answer = (asked) => verdict(asked, false);
  assert.equal(await setup.review(alice), false);
  assert.equal(await setup.review(bearer), false);
  setup.api.answer = (asked) => ({
    json: { ...asked.body, status: { allowed: true, denied: true } },
  });
  assert.equal(await setup.review(alice), false);
});

Deno.test("connections are kept: a hundred reviews one after another take one", async () => {
  await using setup = await setUp();
  for (let i = 0; i < 100; i++) await setup.review(alice, `ns-${i}`);
  assert.equal(setup.api.connections, 1);
});

const malformed: [string, string][] = [
  ["nothing", ""],
  ["text", "ok"],
  ["half of it", '{"kind":"SubjectAccessReview","status":{"allowed":tr'],
  ["null", "null"],
  ["a list", '[{"status":{"allowed":true}}]'],
  ["no status", '{"kind":"SubjectAccessReview"}'],
  ["a null status", '{"kind":"SubjectAccessReview","status":null}'],
  ["no allowed", '{"kind":"SubjectAccessReview","status":{}}'],
  ["allowed as text", '{"kind":"SubjectAccessReview","status":{"allowed":"true"}}'],
  ["allowed as number", '{"kind":"SubjectAccessReview","status":{"allowed":1}}'],
  ["another kind", '{"kind":"TokenReview","status":{"allowed":true}}'],
  ["allowed elsewhere", '{"kind":"SubjectAccessReview","allowed":true,"status":{}}'],
  ["nested without end", `${"[".repeat(500_000)}`],
  ["longer than any answer", `{"status":{"allowed":true},"x":"${"x".repeat(2_000_000)}"}`],
];
for (const [name, text] of malformed) {
  Deno.test(`a malformed answer never allows: ${name}`, async () => {
    await using setup = await setUp();
    setup.api.answer = () => ({ text });
    await rejectsWith(setup.review(alice), "unavailable", /Kubernetes API server/);
    assert.equal(setup.notices().length, 1, "the operator is told");
  });
}

const statuses: [number, FailureKind, FailureKind][] = [
  [400, "internal", "internal"],
  [401, "internal", "unauthenticated"],
  [403, "internal", "permission-denied"],
  [404, "internal", "internal"],
  [302, "internal", "internal"],
  [204, "internal", "internal"],
  [429, "unavailable", "unavailable"],
  [500, "unavailable", "unavailable"],
  [503, "unavailable", "unavailable"],
];
for (const [status, forUser, forToken] of statuses) {
  Deno.test(`status ${status} is ${forUser} for a user, ${forToken} for a token`, async () => {
    await using setup = await setUp();
    // Only the status counts: a body that says yes changes nothing.
    setup.api.answer = (asked) => ({ status, json: { ...asked.body, status: { allowed: true } } });
    await rejectsWith(setup.review(alice), forUser, /./);
    await rejectsWith(setup.review(bearer), forToken, /./);
  });
}

for (const status of [401, 403]) {
  Deno.test(`the agent's own ${status} names the right that is missing to the operator`, async () => {
    await using setup = await setUp();
    setup.api.answer = () => failure(status, "the agent may not do that");
    await rejectsWith(setup.review(alice), "internal", /agent's own account/);
    await rejectsWith(setup.review(alice, "team-b"), "internal", /agent's own account/);
    const notices = setup.events.filter((event) => event.type === "notice");
    assert.equal(notices.length, 1, "told once, not for every call");
    assert.equal(notices[0]?.level, "error");
    assert.match(notices[0]?.text ?? "", /create subjectaccessreviews/);
    assert.deepEqual(notices[0]?.fields, { answer: "the agent may not do that" });
    assert.ok(!JSON.stringify(setup.events).includes("agent-token"));
  });
}

Deno.test("a refused token is the caller's problem: nothing is logged", async () => {
  await using setup = await setUp();
  setup.api.answer = () => failure(401, "Unauthorized");
  await rejectsWith(setup.review(bearer), "unauthenticated", /does not accept the token/);
  assert.deepEqual(setup.events, []);
});

for (const how of ["drop", "cut"] as const) {
  Deno.test(`a broken connection (${how}) is tried once more`, async () => {
    await using setup = await setUp();
    let count = 0;
    setup.api.answer = (asked) => count++ === 0 ? how : verdict(asked, true);
    assert.equal(await setup.review(alice), true);
    assert.equal(setup.api.asked.length, 2);
    assert.deepEqual(setup.events, []);
  });

  Deno.test(`a connection that breaks twice (${how}) is unavailable, never allowed`, async () => {
    await using setup = await setUp();
    setup.api.answer = () => how;
    await rejectsWith(setup.review(alice), "unavailable", /did not answer/);
    assert.equal(setup.api.asked.length, 2);
  });
}

Deno.test("an API server that stops is unavailable, and works again when it is back", async () => {
  await using setup = await setUp();
  assert.equal(await setup.review(alice), true);
  await setup.api.stop();
  await rejectsWith(setup.review(alice), "unavailable", /did not answer/);
  await setup.api.resume();
  assert.equal(await setup.review(alice), true);
});

Deno.test("a kept connection that the server has closed costs no review", async () => {
  await using setup = await setUp();
  assert.equal(await setup.review(alice), true);
  await setup.api.stop();
  await setup.api.resume();
  assert.equal(await setup.review(alice), true);
});

Deno.test("no answer in time is unavailable and is not asked again", async () => {
  await using setup = await setUp({ timeoutMs: 50 });
  setup.api.answer = () => "hang";
  await rejectsWith(setup.review(alice), "unavailable", /did not answer/);
  assert.match(setup.notices().join(), /no answer within 0.05 s/);
  assert.equal(setup.api.asked.length, 1);
});

Deno.test("an aborted review ends at once and is cancelled, not unavailable", async () => {
  await using setup = await setUp();
  const reached = Promise.withResolvers<void>();
  setup.api.answer = () => {
    reached.resolve();
    return "hang";
  };
  const abort = new AbortController();
  const review = setup.review(alice, "team-a", abort.signal);
  await reached.promise;
  abort.abort();
  await rejectsWith(review, "cancelled", /ended/);
  assert.deepEqual(setup.events, []);
});

Deno.test("an API server with a certificate of another authority is never asked", async () => {
  const other = await createAuthority("Someone else");
  await using setup = await setUp({ access: (api) => api.access(undefined, other.cert) });
  await rejectsWith(setup.review(alice), "unavailable", /did not answer/);
  await rejectsWith(setup.review(bearer), "unavailable", /did not answer/);
  assert.deepEqual(setup.api.asked, []);
});

Deno.test("an API server whose certificate bears another name is never asked", async () => {
  await using setup = await setUp({
    access: (api) => ({ ...api.access(), serverName: "kubernetes.default.svc" }),
  });
  await rejectsWith(setup.review(alice), "unavailable", /did not answer/);
  assert.deepEqual(setup.api.asked, []);
});

Deno.test("an API server whose certificate is not valid for its IP address is never asked", async () => {
  // As pods know it: by address, not by name.
  await using api = await AuthorizationApi.start({ address: "127.0.0.2" });
  const reviewer = new KubernetesReviewer({
    report: () => {},
    findApiServer: () => Promise.resolve(api.access()),
  });
  const { signal } = new AbortController();
  await rejectsWith(reviewer.review(bearer, "a", { signal }), "unavailable", /did not answer/);
  assert.deepEqual(api.asked, []);
  reviewer.close();
});

Deno.test("an account that cannot be read is unavailable, and the operator reads why", async () => {
  await using setup = await setUp({
    access: (api) => ({
      ...api.access(),
      account: () => Promise.reject(new Error("No such file: /token")),
    }),
  });
  await rejectsWith(setup.review(alice), "unavailable", /access to it is not configured/);
  assert.match(setup.notices().join(), /No such file: \/token/);
  assert.equal(await setup.review(bearer), true, "a caller's token needs no account of ours");
});

Deno.test("account and authorities are taken as they are at each review: they rotate", async () => {
  let token = "first";
  const authority = await createAuthority();
  let ca = authority.cert;
  await using api = await AuthorizationApi.start({ authority });
  const reviewer = new KubernetesReviewer({
    report: () => {},
    findApiServer: () =>
      Promise.resolve({
        ...api.access(),
        certificateAuthority: () => ca,
        account: () => Promise.resolve({ token }),
      }),
  });
  const { signal } = new AbortController();
  await reviewer.review(alice, "a", { signal });
  token = "second";
  await reviewer.review(alice, "a", { signal });
  assert.deepEqual(api.asked.map((each) => each.headers["authorization"]), [
    "Bearer first",
    "Bearer second",
  ]);
  assert.equal(api.connections, 1);
  ca = (await createAuthority("Later")).cert;
  await rejectsWith(reviewer.review(alice, "a", { signal }), "unavailable", /did not answer/);
  ca = authority.cert;
  assert.equal(await reviewer.review(alice, "a", { signal }), true);
  reviewer.close();
});

Deno.test("a configuration that appears later is found later, and the problem is reported meanwhile", async () => {
  await using api = await AuthorizationApi.start();
  const events: AgentEvent[] = [];
  let there = false;
  const reviewer = new KubernetesReviewer({
    report: (event) => events.push(event),
    findApiServer: () =>
      there ? Promise.resolve(api.access()) : Promise.reject(new Error("no kubeconfig")),
  });
  await reviewer.prepare();
  assert.match(JSON.stringify(events), /Cannot ask for access reviews: no kubeconfig/);
  const { signal } = new AbortController();
  await rejectsWith(
    reviewer.review(alice, "a", { signal }),
    "unavailable",
    /access to it is not configured/,
  );
  there = true;
  assert.equal(await reviewer.review(alice, "a", { signal }), true);
  reviewer.close();
});

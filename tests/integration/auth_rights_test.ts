import assert from "node:assert/strict";
import { FollowFrom } from "../../src/generated/cluster_agent.ts";
import { verdict } from "../harness/authorization_api.ts";
import { answer, drain, metadata, request } from "../harness/calls.ts";
import { list, type Pairs, setUp } from "./auth/reviewed_agent.ts";

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
  // A caller who may read one namespace learns nothing about the other by requesting both, or all.
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
  // Reviewed at least once more, with a yes, before the right is revoked.
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

Deno.test("10,000 Lists by 50 users over 20 namespaces: at most a review for each user and namespace, no wrong verdict", async () => {
  // A single lifetime of the cache, however slow the machine is.
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

import assert from "node:assert/strict";
import type { TestAgent } from "../harness/agent.ts";
import { RawConnection } from "../harness/raw_http2.ts";
import { list, type Pairs, setUp } from "./auth/reviewed_agent.ts";

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
      // Whose token it is, to count that user's calls.
      ["selfsubjectreviews", "Bearer my-token"],
      ["subjectaccessreviews", "Bearer agent-token"],
    ],
  );
});

/**
 * A List in hand-made HTTP/2 frames, because no client library sends a header twice. Returns the code with which the
 * agent ends the call.
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

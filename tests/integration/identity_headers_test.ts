import assert from "node:assert/strict";
import { startAgent } from "../harness/agent.ts";
import { startProcess } from "../harness/process.ts";
import { type RawHeaders, rawList } from "../harness/raw_call.ts";

const alice = { "x-remote-user": "alice" };
const token = { authorization: "Bearer secret-token" };
const INVALID_ARGUMENT = "3";
const UNAUTHENTICATED = "16";

/** Attacks in which a part of an identity is lost between HTTP/2 and gRPC, and the resulting status. */
const attacks: readonly [string, RawHeaders, string][] = [
  ["a user beyond ASCII, with a token", { "x-remote-user": "jürgen", ...token }, INVALID_ARGUMENT],
  ["a user with a tab, with a token", { "x-remote-user": "a\tb", ...token }, INVALID_ARGUMENT],
  ["a user with a leading space, with a token", { "x-remote-user": " alice", ...token }, "3"],
  ["a user with a trailing space", { "x-remote-user": "alice " }, INVALID_ARGUMENT],
  // nghttp2 drops these without telling node:http2.
  ["a user with a control byte, with a token", { "x-remote-user": "a\x01b", ...token }, "3"],
  ["a user with DEL, with a token", { "x-remote-user": "a\x7fb", ...token }, INVALID_ARGUMENT],
  ["a user with NEL, with a token", { "x-remote-user": "a\x85b", ...token }, INVALID_ARGUMENT],
  ["a group with a control byte", { ...alice, "x-remote-group": ["a", "b\x1f"] }, "3"],
  ["a group with DEL", { ...alice, "x-remote-group": ["a\x7f", "b"] }, INVALID_ARGUMENT],
  ["extras with a control byte", { ...alice, "x-remote-extras": '{"a":["\x01"]}' }, "3"],
  ["extras with DEL", { ...alice, "x-remote-extras": '{"a":["\x7f"]}' }, INVALID_ARGUMENT],
  ["a token with DEL beside a user", { ...alice, authorization: "a\x7fb" }, INVALID_ARGUMENT],
  ["a token alone over a proxy's certificate", token, UNAUTHENTICATED],
  ["an empty user, with a token", { "x-remote-user": "", ...token }, UNAUTHENTICATED],
  ["a group beyond ASCII", { ...alice, "x-remote-group": ["a", "dév"] }, INVALID_ARGUMENT],
  [
    "a group with leading and trailing spaces",
    { ...alice, "x-remote-group": " a " },
    INVALID_ARGUMENT,
  ],
  ["extras beyond ASCII", { ...alice, "x-remote-extras": '{"scopes":["é"]}' }, INVALID_ARGUMENT],
  ["extras with a trailing space", { ...alice, "x-remote-extras": "{} " }, INVALID_ARGUMENT],
  ["a token beyond ASCII beside a user", { ...alice, authorization: "sécret" }, INVALID_ARGUMENT],
  [
    "extras with a key twice",
    { ...alice, "x-remote-extras": '{"a":["x"],"\\u0061":["y"]}' },
    INVALID_ARGUMENT,
  ],
  ["two users", { "x-remote-user": ["alice", "bob"] }, INVALID_ARGUMENT],
  ["two extras", { ...alice, "x-remote-extras": ["{}", "{}"] }, INVALID_ARGUMENT],
];

Deno.test("an identity that did not arrive whole is refused, and never becomes another's", async (t) => {
  const asked: unknown[] = [];
  await using agent = await startAgent({
    authorization: { methods: ["front-proxy", "token"] },
  }, {
    reviewer: {
      review(identity) {
        asked.push(identity);
        return Promise.resolve(true);
      },
    },
  });
  const target = {
    port: agent.port,
    ca: agent.authority.cert,
    client: {
      cert: Deno.readTextFileSync(`${agent.certificatesDir}/client.crt`),
      key: Deno.readTextFileSync(`${agent.certificatesDir}/client.key`),
    },
  };
  for (const [name, headers, expected] of attacks) {
    await t.step(name, async () => {
      assert.equal(await rawList(target, headers), expected);
      assert.deepEqual(asked, [], "nobody is asked about");
    });
  }
  assert.equal(await rawList(target, { ...alice, "x-remote-group": ["a, b", "", "c"] }), "0");
  assert.equal(asked.length, 1);
});

Deno.test("header values that the gRPC library refuses are printed nowhere", async () => {
  await using agent = await startProcess({
    config: {
      authorization: {
        methods: ["front-proxy", "token"],
        cacheTtlMs: 30_000,
        recheckIntervalMs: 300_000,
      },
    },
  });
  const target = { port: agent.port, ca: agent.authority.cert, client: agent.client };
  const headers = { authorization: "Bearer secret-tökén", "x-remote-user": "jürgen-secret" };
  assert.equal(await rawList(target, headers), INVALID_ARGUMENT);
  await agent.line(({ msg, about }) =>
    msg === "the gRPC library reports a problem" && String(about).endsWith("authorization")
  );
  agent.kill("SIGTERM");
  await agent.ended;
  assert.doesNotMatch(await agent.errors, /secret/);
  assert.doesNotMatch(JSON.stringify(agent.lines), /secret/);
});

import assert from "node:assert/strict";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import * as grpc from "@grpc/grpc-js";
import { FollowFrom, LogMetadataServiceClient } from "../../src/generated/cluster_agent.ts";
import type { TestAgent } from "../harness/agent.ts";
import { failure } from "../harness/authorization_api.ts";
import { answer, drain, metadata, request } from "../harness/calls.ts";
import { createAuthority, type KeyPair } from "../harness/certificates.ts";
import { list, setUp } from "./auth/reviewed_agent.ts";

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

Deno.test("only a verified certificate with an allowed name is admitted, in any configuration with front-proxy", async (t) => {
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
      // So the refusals above are due to the certificates.
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

/** The code of a List as alice over a connection with this client certificate. */
async function listWith(agent: TestAgent, pair: KeyPair | null): Promise<string> {
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

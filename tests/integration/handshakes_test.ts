import assert from "node:assert/strict";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { createAuthority } from "../harness/certificates.ts";
import { startProcess } from "../harness/process.ts";

Deno.test("a probe that aborts the TLS handshake, and a refused certificate, are reported at debug only", async () => {
  await using agent = await startProcess();
  const failed = () => agent.lines.filter(({ msg }) => msg === "a TLS handshake failed");

  const probe = connectTcp(agent.port, "127.0.0.1", () => probe.destroy());
  probe.on("error", () => {});
  const stranger = await (await createAuthority("Another CA")).client("kubetail-cluster-api");
  const refused = connectTls({
    host: "localhost",
    port: agent.port,
    servername: "localhost",
    ca: agent.authority.cert,
    cert: stranger.cert,
    key: stranger.key,
    ALPNProtocols: ["h2"],
  });
  refused.on("error", () => {});
  await agent.line(() => failed().length > 0);
  assert.deepEqual(new Set(failed().map(({ level }) => level)), new Set(["debug"]));
  assert.equal(typeof failed()[0]?.["why"], "string");
  refused.destroy();
});

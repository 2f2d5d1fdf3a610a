import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { createAuthority } from "../../../src/demo/certificates.ts";

Deno.test("a server certificate is signed by the authority and names localhost and its addresses", async () => {
  const authority = await createAuthority("A, B = C");
  const server = new X509Certificate((await authority.server({ names: ["agent.test"] })).cert);
  const root = new X509Certificate(authority.cert);
  assert.ok(server.verify(root.publicKey));
  assert.equal(server.issuer, root.subject);
  assert.ok(root.ca && !server.ca);
  for (const name of ["localhost", "agent.test"]) assert.ok(server.checkHost(name), name);
  for (const ip of ["127.0.0.1", "::1"]) {
    assert.ok(server.subjectAltName?.includes(`IP Address:${ip}`), `not for ${ip}`);
  }
});

Deno.test("a client certificate carries the common name as it was given", async () => {
  const authority = await createAuthority();
  const { cert, key } = await authority.client("kubetail, cluster=api");
  const certificate = new X509Certificate(cert);
  assert.match(certificate.subject, /kubetail, cluster=api|kubetail\\, cluster=api/);
  assert.match(key, /^-----BEGIN PRIVATE KEY-----\n/);
});

Deno.test("an end of validity in the past makes a certificate that has expired", async () => {
  const authority = await createAuthority();
  const notAfter = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000);
  const certificate = new X509Certificate((await authority.server({ notAfter })).cert);
  assert.equal(new Date(certificate.validTo).getTime(), notAfter.getTime());
  assert.ok(new Date(certificate.validFrom) < notAfter);
});

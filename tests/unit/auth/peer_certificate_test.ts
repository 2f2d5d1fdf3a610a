import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { parseCertificates, verifyPeer } from "../../../src/auth/peer_certificate.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256" };
const signingAlgorithm = { name: "ECDSA", hash: "SHA-256" };
const HOUR_MS = 3_600_000;
/** Truncated to seconds, like the dates of certificates. */
const now = Math.floor(Date.now() / 1000) * 1000;

interface Made {
  readonly certificate: X509Certificate;
  readonly pem: string;
  readonly subject: x509.Name;
  readonly keys: CryptoKeyPair;
}

/** A certificate with that name; issuer null: self-signed. Its validity period in hours from now. */
async function make(
  name: string,
  issuer: Made | null,
  options: { ca?: boolean; from?: number; to?: number; keys?: CryptoKeyPair } = {},
): Promise<Made> {
  const { ca = true, from = -1, to = 10 } = options;
  const keys = options.keys ?? await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const made = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: issuer?.subject ?? `CN=${name}`,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm,
    notBefore: new Date(now + from * HOUR_MS),
    notAfter: new Date(now + to * HOUR_MS),
    extensions: [new x509.BasicConstraintsExtension(ca, undefined, true)],
  });
  const pem = made.toString("pem");
  return { certificate: new X509Certificate(pem), pem, subject: made.subjectName, keys };
}

const root = await make("root", null);
const intermediate = await make("intermediate", root, { to: 5 });
const leaf = await make("client", intermediate, { ca: false, to: 8 });
const direct = await make("client", root, { ca: false, to: 8 });
const other = await make("other", null);

function verify(chain: readonly Made[], authorities: readonly Made[], at = now) {
  return verifyPeer(
    chain.map(({ certificate }) => certificate),
    authorities.map(({ certificate }) => certificate),
    at,
  );
}

Deno.test("peer: a certificate of a present authority is trusted until the first of its path ends", () => {
  assert.deepEqual(verify([direct], [root]), { trusted: true, untilMs: now + 8 * HOUR_MS });
  assert.deepEqual(verify([direct, root], [other, root]), {
    trusted: true,
    untilMs: now + 8 * HOUR_MS,
  });
  assert.deepEqual(verify([leaf, intermediate], [root]), {
    trusted: true,
    untilMs: now + 5 * HOUR_MS,
  });
  assert.equal(verify([leaf, intermediate, root], [root]).trusted, true, "with the root shown too");
  assert.equal(verify([leaf], [intermediate]).trusted, true, "an intermediate as the authority");
});

Deno.test("peer: a removed, expired or unknown CA is not trusted", async () => {
  const impostor = await make("root", null); // The same name, another key.
  const notYet = await make("client", root, { ca: false, from: 1 });
  const oldRoot = await make("root", null, { keys: root.keys, to: 0.5 });
  const lesser = await make("client", root, { ca: false });
  const byLeaf = await make("victim", lesser, { ca: false });
  const cases: [string, ReturnType<typeof verify>][] = [
    ["nothing was shown", verify([], [root])],
    ["its authority left the file", verify([direct], [other])],
    ["no authority at all", verify([direct], [])],
    ["an authority of the same name", verify([direct], [impostor])],
    ["it shows its own authority", verify([direct, root], [other])],
    ["the intermediate is missing", verify([leaf], [root])],
    ["it has expired", verify([direct], [root], now + 8 * HOUR_MS)],
    ["its intermediate has expired", verify([leaf, intermediate], [root], now + 6 * HOUR_MS)],
    ["its authority has expired", verify([direct], [oldRoot], now + HOUR_MS)],
    ["it is not valid yet", verify([notYet], [root])],
    ["issued by a certificate that is no authority", verify([byLeaf, lesser], [root])],
  ];
  for (const [title, verdict] of cases) assert.equal(verdict.trusted, false, title);
  assert.equal(verifyPeer(null, [root.certificate], now).trusted, false, "cannot be had");
});

Deno.test("peer: a PEM file's certificates, and nothing else in it", () => {
  const parsed = parseCertificates(`# a comment\n${root.pem}\ntext\n${other.pem}\n`);
  assert.deepEqual(parsed.map(({ subject }) => subject), ["CN=root", "CN=other"]);
  assert.throws(() => parseCertificates("nothing"), /no certificate/);
  assert.throws(() =>
    parseCertificates("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")
  );
});

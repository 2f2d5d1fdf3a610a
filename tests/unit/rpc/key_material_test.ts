import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { defaults } from "../../../src/config/schema.ts";
import { Failure } from "../../../src/failure/failure.ts";
import {
  contextOptions,
  readPair,
  readTrust,
  samePair,
  sameTrust,
  tryHandshake,
} from "../../../src/rpc/key_material.ts";
import { createAuthority } from "../../harness/certificates.ts";

/** Files of a throwaway CA and its server, in a folder of the test. */
async function setUp() {
  const dir = Deno.makeTempDirSync({ prefix: "keys-" });
  const authority = await createAuthority();
  const pair = await authority.server();
  const write = (name: string, text: string) => {
    Deno.writeTextFileSync(`${dir}/${name}`, text);
    return `${dir}/${name}`;
  };
  const tls = {
    ...defaults.tls,
    certFile: write("tls.crt", pair.cert),
    keyFile: write("tls.key", pair.key),
    caFile: write("ca.crt", authority.cert),
  };
  return {
    authority,
    tls,
    write,
    [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }),
  };
}

function fails(read: () => unknown, text: RegExp): void {
  assert.throws(read, (error: unknown) => {
    assert.ok(error instanceof Failure && error.kind === "invalid-argument", String(error));
    assert.match(error.message, text);
    return true;
  });
}

Deno.test("key material: a pair and its authorities, usable for a handshake", async () => {
  using files = await setUp();
  const pair = readPair(files.tls);
  const trust = readTrust(files.tls);
  assert.ok(pair.notBeforeMs < Date.now() && Date.now() < pair.notAfterMs);
  assert.equal(trust.authorities.length, 1);
  await tryHandshake({ pair, trust }, files.tls.certFile);
  assert.deepEqual(Object.keys(contextOptions({ pair, trust })).sort(), ["ca", "cert", "key"]);
});

Deno.test("key material: where clients show no certificate no authority is read", async () => {
  using files = await setUp();
  const trust = readTrust({ ...files.tls, clientAuth: "none", caFile: "/missing" });
  assert.deepEqual(trust, { ca: null, authorities: [] });
  const pair = readPair(files.tls);
  assert.deepEqual(Object.keys(contextOptions({ pair, trust })).sort(), ["cert", "key"]);
});

Deno.test("key material: what cannot be used is named by its key and file, and nothing of it is quoted", async () => {
  using files = await setUp();
  const { tls, write, authority } = files;
  fails(() => readPair({ ...tls, certFile: "/missing" }), /^Cannot read tls\.cert-file \/missing/);
  fails(() => readPair({ ...tls, keyFile: "/missing" }), /^Cannot read tls\.key-file \/missing/);
  fails(() => readTrust({ ...tls, caFile: "/missing" }), /^Cannot read tls\.ca-file \/missing/);
  const secret = write(
    "secret",
    "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----",
  );
  fails(() => readPair({ ...tls, keyFile: secret }), /secret: not valid PEM$/);
  fails(() => readPair({ ...tls, certFile: secret }), /not valid PEM$/);
  fails(() => readTrust({ ...tls, caFile: secret }), /not valid PEM$/);
  const another = write("another.key", (await authority.server()).key);
  fails(() => readPair({ ...tls, keyFile: another }), /is not the key of the certificate in/);
});

Deno.test("key material: a key that no TLS client accepts is refused by its type", async () => {
  using files = await setUp();
  // Only its type matters: the certificate is replaced by one that accepts every key.
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
  const path = files.write("odd.key", String(privateKey.export({ type: "pkcs8", format: "pem" })));
  fails(() => readPair({ ...files.tls, keyFile: path }), /tls\.key-file/);
});

Deno.test("key material: pairs and authorities are compared byte by byte", async () => {
  using files = await setUp();
  const [pair, again] = [readPair(files.tls), readPair(files.tls)];
  assert.equal(samePair(pair, again), true);
  const next = await files.authority.server();
  files.write("tls.crt", next.cert);
  files.write("tls.key", next.key);
  assert.equal(samePair(pair, readPair(files.tls)), false);
  const trust = readTrust(files.tls);
  assert.equal(sameTrust(trust, readTrust(files.tls)), true);
  files.write("ca.crt", (await createAuthority("Another CA")).cert);
  assert.equal(sameTrust(trust, readTrust(files.tls)), false);
  assert.equal(sameTrust(trust, { ca: null, authorities: [] }), false);
  assert.equal(sameTrust({ ca: null, authorities: [] }, { ca: null, authorities: [] }), true);
});

Deno.test("key material: a certificate that fails in a handshake is refused, naming its file", async () => {
  using files = await setUp();
  const pair = readPair(files.tls);
  const other = await createAuthority("Another CA");
  const broken = { ...pair, key: Buffer.from((await other.server()).key) };
  await assert.rejects(
    tryHandshake({ pair: broken, trust: readTrust(files.tls) }, "FILE"),
    /^Failure: Cannot use tls\.cert-file FILE: a TLS handshake with it fails/,
  );
});

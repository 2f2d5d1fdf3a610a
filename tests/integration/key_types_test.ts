import assert from "node:assert/strict";
import type { Config } from "../../src/config/schema.ts";
import { defaults } from "../../src/config/schema.ts";
import { FileCredentials } from "../../src/rpc/credentials.ts";
import type { AgentEvent } from "../../src/telemetry/events.ts";
import { createAuthority } from "../harness/certificates.ts";

/** Keys of a server that no client accepts, or not every one, and keys that all accept, by their openssl names. */
const refusedKeys: readonly [string, ...string[]][] = [
  ["secp256k1", "EC", "ec_paramgen_curve:secp256k1"],
  ["brainpoolP256r1", "EC", "ec_paramgen_curve:brainpoolP256r1"],
  ["Ed448", "ED448"],
  ["RSA-PSS", "RSA-PSS", "rsa_keygen_bits:2048"],
  ["RSA of 1024 bits", "RSA", "rsa_keygen_bits:1024"],
];
const acceptedKeys: readonly [string, ...string[]][] = [
  ["RSA", "RSA", "rsa_keygen_bits:2048"],
  ["P-384", "EC", "ec_paramgen_curve:P-384"],
  ["Ed25519", "ED25519"],
];

class Files implements Disposable {
  readonly dir = Deno.makeTempDirSync({ prefix: "key-types-" });
  readonly tls: Config["tls"] = {
    ...defaults.tls,
    enabled: true,
    certFile: `${this.dir}/tls.crt`,
    keyFile: `${this.dir}/tls.key`,
    caFile: `${this.dir}/ca.crt`,
  };

  write(pair: { cert: string; key: string }): void {
    Deno.writeTextFileSync(this.tls.certFile, pair.cert);
    Deno.writeTextFileSync(this.tls.keyFile, pair.key);
  }

  /** A self-signed pair with a key of that kind, created by openssl. */
  async make(algorithm: string, option: string | undefined, days = 2): Promise<void> {
    const { certFile, keyFile } = this.tls;
    await openssl(
      "genpkey",
      "-algorithm",
      algorithm,
      "-out",
      keyFile,
      ...(
        option === undefined ? [] : ["-pkeyopt", option]
      ),
    );
    await openssl(
      ...["req", "-x509", "-key", keyFile, "-out", certFile, "-subj", "/CN=localhost"],
      ...["-days", String(days)],
    );
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

async function openssl(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

Deno.test("a new certificate whose key TLS clients cannot use does not replace the one that works", async (t) => {
  using files = new Files();
  const authority = await createAuthority();
  Deno.writeTextFileSync(files.tls.caFile, authority.cert);
  const works = await authority.server();
  files.write(works);
  const events: AgentEvent[] = [];
  using credentials = await FileCredentials.load(files.tls, (event) => events.push(event));
  const certificates = () => events.filter((event) => event.type === "certificate");

  for (const [name, algorithm = "", option] of refusedKeys) {
    await t.step(name, async () => {
      await files.make(algorithm, option);
      const before = certificates().length;
      await credentials.check();
      await credentials.check(); // Retried, and reported once.
      const reported = certificates().slice(before);
      assert.deepEqual(reported.map(({ state }) => state), ["kept"]);
      assert.match(reported[0]?.problem ?? "", /tls\.(key|cert)-file/);
    });
  }
  for (const [name, algorithm = "", option] of acceptedKeys) {
    await t.step(name, async () => {
      await files.make(algorithm, option);
      await credentials.check();
      assert.equal(certificates().at(-1)?.state, "loaded");
    });
  }
  await t.step("a certificate that has expired, or is not valid yet", async () => {
    files.write(await authority.server({ notAfter: new Date(Date.now() - 1000) }));
    await credentials.check();
    assert.equal(certificates().at(-1)?.state, "kept");
    assert.match(certificates().at(-1)?.problem ?? "", /which does not include the current time/);
  });
  await t.step("a certificate for clients only", async () => {
    files.write(await authority.client("kubetail-cluster-agent"));
    await credentials.check();
    assert.equal(certificates().at(-1)?.state, "kept");
    assert.match(certificates().at(-1)?.problem ?? "", /does not include server authentication/);
  });
  await t.step("put right, it is loaded", async () => {
    files.write(works);
    await credentials.check();
    assert.equal(certificates().at(-1)?.state, "loaded");
  });
});

Deno.test("a CA that is removed together with an unusable key is no longer trusted", async () => {
  using files = new Files();
  const [authority, next] = await Promise.all([createAuthority(), createAuthority("Next CA")]);
  Deno.writeTextFileSync(files.tls.caFile, authority.cert);
  files.write(await authority.server());
  const events: AgentEvent[] = [];
  using credentials = await FileCredentials.load(files.tls, (event) => events.push(event));
  await files.make("EC", "ec_paramgen_curve:secp256k1");
  Deno.writeTextFileSync(files.tls.caFile, next.cert);
  await credentials.check();
  assert.deepEqual(credentials.authorities.map(({ subject }) => subject), ["CN=Next CA"]);
  const states = events.map((event) => event.type === "certificate" ? event.state : "");
  assert.deepEqual(states, ["loaded", "loaded", "kept"]);
});

Deno.test("an agent does not start with a key that TLS clients cannot use", async () => {
  using files = new Files();
  Deno.writeTextFileSync(files.tls.caFile, (await createAuthority()).cert);
  await files.make("EC", "ec_paramgen_curve:secp256k1");
  await assert.rejects(FileCredentials.load(files.tls, () => {}), {
    kind: "invalid-argument",
    message: /a key on the curve secp256k1, which TLS clients do not accept; use RSA/,
  });
});

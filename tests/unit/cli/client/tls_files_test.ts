import assert from "node:assert/strict";
import { tlsFiles } from "../../../../src/cli/client/tls_files.ts";
import { createAuthority } from "../../../harness/certificates.ts";

const ENCRYPTED =
  "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";

Deno.test("tls files: a file that does not match its option is named, instead of a failing connection", async () => {
  const dir = Deno.makeTempDirSync({ prefix: "tls-files-" });
  using stack = new DisposableStack();
  stack.defer(() => Deno.removeSync(dir, { recursive: true }));
  const write = (name: string, text: string) => {
    Deno.writeTextFileSync(`${dir}/${name}`, text);
    return `${dir}/${name}`;
  };
  const authority = await createAuthority();
  const [pair, other] = await Promise.all([authority.client("a"), authority.client("b")]);
  const ca = write("ca.crt", authority.cert);
  const cert = write("tls.crt", pair.cert);
  const key = write("tls.key", pair.key);
  const foreign = write("other.key", other.key);
  const encrypted = write("encrypted.key", ENCRYPTED);
  const garbage = write("garbage", "no PEM");

  assert.equal(tlsFiles({ "insecure-plaintext": true }), null);
  const expected = { ca: authority.cert, cert: pair.cert, key: pair.key };
  for (const values of [{ tls: dir }, { ca, cert, key }]) {
    const files = tlsFiles(values);
    for (const name of ["ca", "cert", "key"] as const) {
      assert.equal(String(files?.[name]), expected[name]);
    }
  }
  for (
    const [values, message] of [
      [{ cert, key: foreign }, `Cannot use --key ${foreign}: it is not the key of --cert ${cert}`],
      [{ ca: key }, `Cannot use --ca ${key}: it holds no certificate in PEM form`],
      [{ ca: garbage }, `Cannot use --ca ${garbage}: it holds no certificate in PEM form`],
      [{ cert: key, key }, `Cannot use --cert ${key}: it holds no certificate in PEM form`],
      [
        { cert, key: encrypted },
        `Cannot use --key ${encrypted}: it holds no PEM private key, or an encrypted one`,
      ],
      [{ cert }, "--cert and --key must be given together"],
      [{ tls: `${dir}/no` }, `Cannot read --tls ${dir}/no/ca.crt: No such file or directory`],
      [
        { "insecure-plaintext": true, ca },
        "--insecure-plaintext and --ca cannot be combined",
      ],
    ] as const
  ) {
    assert.throws(() => tlsFiles(values), { name: "UsageError", message });
  }
});

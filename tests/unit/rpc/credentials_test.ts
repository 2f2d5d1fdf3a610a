import assert from "node:assert/strict";
import { defaults } from "../../../src/config/schema.ts";
import { FileCredentials } from "../../../src/rpc/credentials.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { createAuthority, type KeyPair } from "../../harness/certificates.ts";

async function setUp() {
  const dir = Deno.makeTempDirSync({ prefix: "credentials-" });
  const authority = await createAuthority();
  const write = (name: string, text: string) => Deno.writeTextFileSync(`${dir}/${name}`, text);
  const writePair = ({ cert, key }: KeyPair) => {
    write("tls.crt", cert);
    write("tls.key", key);
  };
  writePair(await authority.server());
  write("ca.crt", authority.cert);
  const events: AgentEvent[] = [];
  const tls = {
    ...defaults.tls,
    certFile: `${dir}/tls.crt`,
    keyFile: `${dir}/tls.key`,
    caFile: `${dir}/ca.crt`,
  };
  const credentials = await FileCredentials.load(tls, (event) => events.push(event));
  const updates: unknown[] = [];
  const { server } = credentials;
  server.update = (context) => void updates.push(context);
  return {
    authority,
    credentials,
    updates,
    write,
    writePair,
    /** What was reported about certificates, after the first. */
    states: () =>
      events.slice(1).flatMap((event) =>
        event.type === "certificate" ? [[event.state, event.problem ?? ""]] : []
      ),
    [Symbol.dispose]: () => {
      credentials[Symbol.dispose]();
      Deno.removeSync(dir, { recursive: true });
    },
  };
}

Deno.test("credentials: files that have not changed change nothing", async () => {
  using setup = await setUp();
  const { authorities } = setup.credentials;
  await setup.credentials.check();
  assert.deepEqual([setup.updates, setup.states()], [[], []]);
  assert.equal(setup.credentials.authorities, authorities);
});

Deno.test("credentials: another pair is used from the next check on", async () => {
  using setup = await setUp();
  const notAfter = new Date(Date.now() + 1000 * 3600);
  setup.writePair(await setup.authority.server({ notAfter }));
  await Promise.all([setup.credentials.check(), setup.credentials.check()]);
  assert.equal(setup.updates.length, 1, "two checks at a time are one");
  assert.deepEqual(setup.states(), [["loaded", ""]]);
  assert.ok(Math.abs(setup.credentials.notAfterMs - notAfter.getTime()) < 1000);
});

Deno.test("credentials: half of a pair is not used; the problem is reported once, and the whole pair is used later", async () => {
  using setup = await setUp();
  const before = setup.credentials.notAfterMs;
  const next = await setup.authority.server({ notAfter: new Date(Date.now() + 1000 * 3600) });
  setup.write("tls.crt", next.cert);
  await setup.credentials.check();
  await setup.credentials.check();
  assert.equal(setup.credentials.notAfterMs, before);
  const [[state, problem] = []] = setup.states();
  assert.equal(state, "kept");
  assert.match(String(problem), /is not the key of the certificate/);
  assert.equal(setup.states().length, 1);
  setup.write("tls.key", next.key);
  await setup.credentials.check();
  assert.deepEqual(setup.states().slice(1), [["loaded", ""]]);
});

Deno.test("credentials: a certificate out of date does not take the place of one in date", async () => {
  using setup = await setUp();
  const before = setup.credentials.notAfterMs;
  setup.writePair(await setup.authority.server({ notAfter: new Date(Date.now() - 1000) }));
  await setup.credentials.check();
  assert.equal(setup.credentials.notAfterMs, before);
  assert.match(setup.states()[0]?.[1] ?? "", /which does not include the current time/);
});

Deno.test("credentials: authorities count at once, whatever is wrong with the agent's own certificate", async () => {
  using setup = await setUp();
  setup.write("tls.crt", "damaged");
  setup.write("ca.crt", (await createAuthority("Another CA")).cert);
  await setup.credentials.check();
  assert.match(setup.credentials.authorities[0]?.subject ?? "", /Another CA/);
  assert.equal(setup.updates.length, 1);
  assert.deepEqual(setup.states().map(([state]) => state), ["loaded", "kept"]);
});

Deno.test("credentials: a ca-file that cannot be used leaves the authorities as they are, and is reported", async () => {
  using setup = await setUp();
  const before = setup.credentials.authorities;
  const damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  for (const text of ["", "garbage", setup.authority.cert.slice(0, 200), damaged]) {
    setup.write("ca.crt", text);
    await setup.credentials.check();
    assert.equal(setup.credentials.authorities, before, JSON.stringify(text));
    setup.write("ca.crt", setup.authority.cert);
    await setup.credentials.check();
  }
  const problems = setup.states().map(([, problem]) => problem);
  assert.equal(problems.length, 4);
  for (const problem of problems) assert.match(problem ?? "", /tls\.ca-file .*: not valid PEM/);
});

Deno.test("credentials: files that cannot be used at the start are an error", async () => {
  const missing = { ...defaults.tls, certFile: "/missing" };
  await assert.rejects(FileCredentials.load(missing, () => {}), { kind: "invalid-argument" });
});

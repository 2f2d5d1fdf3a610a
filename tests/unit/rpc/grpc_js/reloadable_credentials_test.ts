import assert from "node:assert/strict";
import { type AddressInfo, connect } from "node:net";
import { createServer, type SecureContextOptions } from "node:tls";
import { collectGarbage } from "../../../../src/platform/memory.ts";
import { createAuthority } from "../../../harness/certificates.ts";
import { ReloadableCredentials } from "../../../../src/rpc/grpc_js/reloadable_credentials.ts";

/** The internals of credentials that grpc-js uses when it creates a server. */
interface Internals {
  _isSecure(): boolean;
  _getConstructorOptions(): Record<string, unknown>;
  _getSecureContextOptions(): SecureContextOptions | null;
  _addWatcher(watcher: (options: SecureContextOptions | null) => void): void;
}

function internals(credentials: ReloadableCredentials): Internals {
  return credentials as unknown as Internals;
}

const first = { cert: "first", key: "key" };

for (const verifyClients of [true, false]) {
  Deno.test(`reloadable credentials: clients are ${verifyClients ? "" : "not "}asked for certificates, and those that do not verify refused`, () => {
    const credentials = new ReloadableCredentials(first, { verifyClients });
    const { requestCert, rejectUnauthorized } = internals(credentials)._getConstructorOptions();
    assert.deepEqual([requestCert, rejectUnauthorized], [verifyClients, verifyClients]);
    assert.equal(internals(credentials)._isSecure(), true);
  });
}

Deno.test("reloadable credentials: servers that watch get what they are updated to", () => {
  const credentials = new ReloadableCredentials(first, { verifyClients: true });
  const seen: unknown[] = [];
  internals(credentials)._addWatcher((options) => seen.push(options));
  assert.deepEqual(internals(credentials)._getSecureContextOptions(), first);
  const second = { cert: "second", key: "key" };
  credentials.update(second);
  assert.deepEqual(internals(credentials)._getSecureContextOptions(), second);
  assert.deepEqual(seen.at(-1), second);
});

Deno.test("reloadable credentials: equal to themselves alone", () => {
  const [a, b] = [first, first].map((context) =>
    new ReloadableCredentials(context, { verifyClients: true })
  );
  assert.equal(a!._equals(a!), true);
  assert.equal(a!._equals(b!), false);
});

Deno.test("regression: what a failed handshake took was held until the TLS layer's timer fired", async () => {
  const { cert, key } = await (await createAuthority()).server();
  const credentials = new ReloadableCredentials({ cert, key }, { verifyClients: false });
  const server = createServer({ ...internals(credentials)._getConstructorOptions(), cert, key });
  const collected = Promise.withResolvers<"collected">();
  const registry = new FinalizationRegistry<"collected">(collected.resolve);
  const failed = new Promise<void>((resolve) => {
    server.on("tlsClientError", (_error, socket) => {
      registry.register(socket, "collected");
      resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = connect(port, "127.0.0.1", () => client.destroy());
  await failed;
  let end: "collected" | undefined;
  for (let turn = 0; turn < 100 && end === undefined; turn++) {
    collectGarbage();
    const next = new Promise<undefined>((resolve) => setImmediate(resolve, undefined));
    end = await Promise.race([collected.promise, next]);
    await next;
  }
  assert.equal(end, "collected");
  await new Promise((resolve) => server.close(resolve));
});

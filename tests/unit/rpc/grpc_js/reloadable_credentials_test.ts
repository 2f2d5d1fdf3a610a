import assert from "node:assert/strict";
import type { SecureContextOptions } from "node:tls";
import { ReloadableCredentials } from "../../../../src/rpc/grpc_js/reloadable_credentials.ts";

/** What grpc-js asks of credentials when it makes a server. */
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

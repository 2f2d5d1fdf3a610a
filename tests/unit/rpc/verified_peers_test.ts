import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { Failure } from "../../../src/failure/failure.ts";
import { VerifiedPeers } from "../../../src/rpc/verified_peers.ts";
import { silent } from "../../../src/telemetry/events.ts";
import { createAuthority } from "../../harness/certificates.ts";

const authority = await createAuthority();
const DAY_MS = 86_400_000;
const good = new X509Certificate((await authority.client("kubetail-cluster-api")).cert);
const present = new X509Certificate(authority.cert);
const next = new X509Certificate((await createAuthority("Next CA")).cert);

function setUp(chain: X509Certificate[] | null = [good]) {
  let authorities: readonly X509Certificate[] = [present];
  let now = Date.now();
  const peers = new VerifiedPeers({
    authorities: () => authorities,
    report: silent,
    now: () => now,
    checkMs: 2 ** 30,
  });
  const connection = {};
  let ended = 0;
  let close = () => {};
  peers.add({
    connection,
    chain,
    resumed: true,
    onClose: (listener) => close = listener,
    end: () => void ended++,
  });
  return {
    peers,
    connection,
    ended: () => ended,
    close: () => close(),
    setAuthorities: (list: readonly X509Certificate[]) => authorities = list,
    pass: (milliseconds: number) => now += milliseconds,
    [Symbol.dispose]: () => peers[Symbol.dispose](),
  };
}

function refuses(call: () => unknown): void {
  assert.throws(call, (error) => error instanceof Failure && error.kind === "unauthenticated");
}

Deno.test("peers: a valid one is admitted, and stays through checks and a rotation of CAs", () => {
  using it = setUp();
  const signal = it.peers.enter(it.connection);
  it.setAuthorities([next, present]);
  it.peers.check();
  assert.equal(signal.aborted, false);
  assert.equal(it.peers.enter(it.connection), signal);
  assert.equal(it.ended(), 0);
});

Deno.test("peers: a resumed session whose certificate is not available is ended at once", () => {
  using it = setUp(null);
  assert.equal(it.ended(), 1);
  refuses(() => it.peers.enter(it.connection));
});

Deno.test("peers: an authority that leaves the file ends the connection and its calls, once", () => {
  using it = setUp();
  const signal = it.peers.enter(it.connection);
  it.setAuthorities([next]);
  it.peers.check();
  it.peers.check();
  assert.ok(signal.reason instanceof Failure && signal.reason.kind === "unauthenticated");
  assert.equal(it.ended(), 1);
  refuses(() => it.peers.enter(it.connection));
});

Deno.test("peers: a new call on a connection whose certificate has expired is refused before the next check", () => {
  using it = setUp();
  it.pass(2 * DAY_MS);
  refuses(() => it.peers.enter(it.connection));
  assert.equal(it.ended(), 1);
});

Deno.test("peers: connections that are closed are forgotten, and unknown ones begin no call", () => {
  using it = setUp();
  assert.equal(it.peers.count, 1);
  it.close();
  assert.equal(it.peers.count, 0);
  for (const connection of [it.connection, {}, null]) {
    assert.throws(() => it.peers.enter(connection), { kind: "cancelled" });
  }
});

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { onPeerSession, type PeerSession } from "../../../../src/rpc/grpc_js/peer_sessions.ts";
import { createAuthority } from "../../../harness/certificates.ts";
import { FakeGrpcServer } from "../../../harness/fake_http2.ts";
import { X509Certificate } from "node:crypto";

class FakeSession extends EventEmitter {
  destroyed = false;
  closes = 0;
  constructor(readonly socket: object | undefined) {
    super();
  }
  close(): void {
    this.closes++;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

function begin(socket: object | undefined): { session: FakeSession; peer: PeerSession } {
  const fake = new FakeGrpcServer();
  const peers: PeerSession[] = [];
  onPeerSession(fake.server, (peer) => peers.push(peer));
  fake.bind();
  const session = new FakeSession(socket);
  fake.source.emit("session", session);
  assert.equal(peers.length, 1);
  return { session, peer: peers[0]! };
}

async function chainOf(length: number) {
  const authority = await createAuthority();
  const pair = await authority.client("kubetail-cluster-api");
  const raw = new X509Certificate(pair.cert).raw;
  let shown: object = { raw };
  for (let index = 1; index < length; index++) shown = { raw, issuerCertificate: shown };
  return { raw, shown };
}

Deno.test("peer sessions: the chain is what the peer showed, its own certificate first", async () => {
  const { raw, shown } = await chainOf(2);
  const { session, peer } = begin({ getPeerCertificate: () => shown, isSessionReused: () => true });
  assert.equal(peer.connection, session);
  assert.equal(peer.resumed, true);
  assert.deepEqual(peer.chain?.map((one) => Buffer.compare(one.raw, raw)), [0, 0]);
});

Deno.test("peer sessions: a chain that leads in a circle, or to itself, ends", async () => {
  const { raw } = await chainOf(1);
  const itself: Record<string, unknown> = { raw };
  itself["issuerCertificate"] = itself;
  assert.equal(begin({ getPeerCertificate: () => itself }).peer.chain?.length, 1);
  const [a, b]: Record<string, unknown>[] = [{ raw }, { raw }];
  a!["issuerCertificate"] = b;
  b!["issuerCertificate"] = a;
  assert.equal(begin({ getPeerCertificate: () => a }).peer.chain?.length, 16);
});

const withoutChain: readonly { readonly name: string; readonly socket: object | undefined }[] = [
  { name: "a socket that is gone", socket: undefined },
  { name: "no certificate", socket: { getPeerCertificate: () => ({}) } },
  { name: "bytes that are none", socket: { getPeerCertificate: () => ({ raw: Buffer.of(1) }) } },
  {
    name: "a socket that throws",
    socket: {
      getPeerCertificate: () => {
        throw new Error("gone");
      },
      isSessionReused: () => {
        throw new Error("gone");
      },
    },
  },
];

for (const { name, socket } of withoutChain) {
  Deno.test(`peer sessions: ${name}: no chain, and no session that is continued`, () => {
    const { peer } = begin(socket);
    assert.equal(peer.chain, null);
    assert.equal(peer.resumed, false);
  });
}

Deno.test("peer sessions: one that must end takes no more calls, and is closed after a moment if it does not close on its own", async () => {
  const { session, peer } = begin(undefined);
  let closed = 0;
  peer.onClose(() => closed++);
  peer.end();
  assert.deepEqual([session.closes, session.destroyed], [1, false]);
  await new Promise<void>((resolve) => session.once("close", resolve));
  assert.deepEqual([session.destroyed, closed], [true, 1]);
  peer.end();
  assert.equal(session.closes, 1, "it is gone");
});

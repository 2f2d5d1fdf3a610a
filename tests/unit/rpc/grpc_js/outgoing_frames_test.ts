import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { Writable } from "node:stream";
import { holdBack } from "../../../../src/rpc/grpc_js/outgoing_frames.ts";
import { Random, runSeed } from "../../../harness/random.ts";
import { UnsentBytes } from "../../../../src/rpc/limits/unsent_bytes.ts";
import type { Http2Session } from "../../../../src/rpc/grpc_js/http2_servers.ts";

/** A socket that keeps each write until the test takes it, and a session that has frames for it. */
class Connection {
  readonly frames: Uint8Array[] = [];
  /** Bytes of each write that has reached the socket. */
  readonly writes: Buffer[] = [];
  readonly native: { getOutgoingChunk(): Uint8Array | undefined; sendPending(): void };
  readonly socket: Writable;
  #written: (() => void) | null = null;

  constructor(unsent = new UnsentBytes()) {
    const take = (bytes: Buffer, written: () => void) => {
      this.writes.push(bytes);
      this.#written = written;
    };
    const socket = new Writable({
      write: (chunk, _encoding, written) => take(chunk, written),
      writev: (chunks, written) => take(Buffer.concat(chunks.map(({ chunk }) => chunk)), written),
    });
    const native = {
      getOutgoingChunk: () => this.frames.shift(),
      /** As node:http2 does. */
      sendPending: () => {
        for (;;) {
          const chunk = native.getOutgoingChunk();
          if (chunk === undefined || chunk.length === 0) return;
          socket.write(chunk);
        }
      },
    };
    this.native = native;
    this.socket = socket;
    const session = { destroyed: false, [Symbol("kHandle")]: native };
    holdBack(
      session as unknown as Http2Session,
      socket as unknown as Socket,
      unsent,
    );
  }

  /** The client reads the last write. */
  async read(): Promise<void> {
    const written = this.#written;
    this.#written = null;
    written?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const KIB = 1024;

Deno.test("frames of many streams that are ready at once leave in one write, in their order", () => {
  const connection = new Connection();
  const frames = Array.from({ length: 100 }, (_, index) => new Uint8Array(10 + index).fill(index));
  connection.frames.push(...frames);
  connection.native.sendPending();
  assert.deepEqual(connection.writes, [Buffer.concat(frames)]);
});

Deno.test("a large frame that a slow socket must keep is not copied, and small ones behind it are joined", () => {
  const connection = new Connection();
  connection.frames.push(new Uint8Array(10), new Uint8Array(10));
  connection.native.sendPending(); // Nobody reads it.
  const frames = [16 * KIB, 20, 30].map((size, index) => new Uint8Array(size).fill(index));
  connection.frames.push(...frames);
  assert.equal(connection.native.getOutgoingChunk(), frames[0]);
  assert.deepEqual(connection.native.getOutgoingChunk(), Buffer.concat(frames.slice(1)));
  assert.equal(connection.native.getOutgoingChunk()?.length, 0);
});

Deno.test("frames that are joined are what was sent, however slowly each of two connections is read", async () => {
  const seed = runSeed();
  const random = new Random(seed);
  const connections = [new Connection(), new Connection()];
  const sent: Uint8Array[][] = connections.map(() => []);
  const got: Buffer[][] = connections.map(() => []);
  const take = async (index: number) => {
    const { writes } = connections[index]!;
    // A write's bytes belong to the socket until it reports that they are written.
    got[index]!.push(...writes.splice(0).map((bytes) => Buffer.from(bytes)));
    await connections[index]!.read();
  };
  for (let step = 0; step < 2000; step++) {
    const index = random.below(2);
    const connection = connections[index]!;
    if (random.chance(0.4)) {
      await take(index);
      continue;
    }
    for (let count = random.below(40); count > 0; count--) {
      const size = random.pick([1, 59, 5000, 16 * KIB + 9]);
      const frame = new Uint8Array(size).fill(random.below(256));
      connection.frames.push(frame);
      sent[index]!.push(frame);
    }
    connection.native.sendPending();
  }
  for (const [index, connection] of connections.entries()) {
    while (connection.frames.length > 0 || connection.socket.writableLength > 0) await take(index);
    assert.ok(Buffer.concat(got[index]!).equals(Buffer.concat(sent[index]!)), `SEED=${seed}`);
  }
});

Deno.test("a session waits for a socket that nobody reads, with 1 MiB and a frame in it", async () => {
  const connection = new Connection();
  const count = 256;
  for (let index = 0; index < count; index++) connection.frames.push(new Uint8Array(16 * KIB));
  connection.native.sendPending();
  const held = count - connection.frames.length;
  assert.ok(held * 16 <= 1024 + 16, `${held} frames of 16 KiB in the socket`);
  assert.ok(held >= 60);
  connection.native.sendPending();
  assert.equal(connection.frames.length, count - held, "asked again, it waits all the same");
  while (connection.frames.length > 0) await connection.read();
  while (connection.writes.reduce((sum, { length }) => sum + length, 0) < count * 16 * KIB) {
    await connection.read();
  }
});

Deno.test("a session whose share is below the socket's high-water mark stalled: such a socket never says that it has drained", async () => {
  const unsent = new UnsentBytes();
  for (let index = 0; index < 100; index++) {
    unsent.room({ writableLength: 1024 * KIB, writableHighWaterMark: 0, destroyed: false });
  }
  const connection = new Connection(unsent);
  const count = 20;
  for (let index = 0; index < count; index++) connection.frames.push(new Uint8Array(16 * KIB));
  connection.native.sendPending();
  assert.ok(connection.frames.length > count / 2, "its share is small");
  // Only by the client's reading: it sends nothing that would make the session send.
  for (let index = 0; index < 2 * count; index++) await connection.read();
  assert.equal(
    connection.writes.reduce((sum, { length }) => sum + length, 0),
    count * 16 * KIB,
  );
});

Deno.test("nothing is kept from the socket where the session is emptied without being told to send", async () => {
  const connection = new Connection();
  const { native, socket } = connection;
  connection.frames.push(new Uint8Array(5));
  native.sendPending();
  for (let index = 0; index < 40; index++) connection.frames.push(new Uint8Array(16 * KIB));
  // As node:http2 does when it destroys a session.
  for (;;) {
    const chunk = native.getOutgoingChunk();
    if (chunk === undefined || chunk.length === 0) break;
    socket.write(chunk);
  }
  assert.equal(socket.writableCorked, 0);
  while (socket.writableLength > 0) await connection.read();
  assert.equal(connection.writes.reduce((sum, { length }) => sum + length, 0), 5 + 40 * 16 * KIB);
});

Deno.test("a session without its native part is an error, not a session without limit", () => {
  const socket = new Writable() as unknown as Socket;
  assert.throws(
    () => holdBack({ destroyed: false } as unknown as Http2Session, socket, new UnsentBytes()),
    /node:http2/,
  );
});

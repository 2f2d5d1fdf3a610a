import assert from "node:assert/strict";
import { connect, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { deferClientSessionEnds } from "../../../../src/rpc/grpc_js/session_ends.ts";
import { HeaderMeter } from "../../../../src/rpc/limits/header_meter.ts";
import { Random, runSeed } from "../../../harness/random.ts";

deferClientSessionEnds();

const unlimited = { bytes: 2 ** 30, pairs: 2 ** 20 };

Deno.test("the examples of RFC 7541, appendix C, in order over one connection each", () => {
  const examples: [string, string[], number[]][] = [
    ["C.2.1 literal with indexing", ["400a637573746f6d2d6b65790d637573746f6d2d686561646572"], [23]],
    ["C.2.2 literal without indexing", ["040c2f73616d706c652f70617468"], [17]],
    ["C.2.3 literal never indexed", ["100870617373776f726406736563726574"], [14]],
    ["C.2.4 indexed", ["82"], [10]],
    ["C.3 requests", [
      "828684410f7777772e6578616d706c652e636f6d",
      "828684be58086e6f2d6361636865",
      "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
    ], [52, 73, 85]],
    ["C.4 requests with Huffman coding", [
      "828684418cf1e3c2e5f23a6ba0ab90f4ff",
      "828684be5886a8eb10649cbf",
      "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
    ], [52, 73, 85]],
  ];
  for (const [name, blocks, sizes] of examples) {
    const meter = new HeaderMeter();
    const measured = blocks.map((block) => meter.measure(bytesOf(block), unlimited)?.bytes);
    assert.deepEqual(measured, sizes, name);
  }
});

Deno.test("one long value named again and again counts each time", () => {
  const meter = new HeaderMeter();
  const long = [0x40, 1, 0x61, 0x7f, ...integerRest(3000 - 127), ...Array<number>(3000).fill(0x62)];
  const block = new Uint8Array([...long, ...Array<number>(3900).fill(0x80 | 62)]);
  const size = meter.measure(block, unlimited);
  assert.deepEqual(size, { bytes: 3901 * 3001, pairs: 3901 });
  assert.equal(new HeaderMeter().measure(block, { bytes: 65_536, pairs: 4096 }), null);
});

Deno.test("malformed blocks have no size", () => {
  const blocks = {
    "index 0": "80",
    "an index that is not there": "be",
    "a name's index that is not there": "7f00",
    "a text that ends early": "400a6375",
    "an integer without end": "ffffffffffffff",
    "a table larger than announced": "3fe21f",
    "Huffman padding of eight bits": "4081ff",
    "Huffman padding that is not ones": "408100",
  };
  for (const [name, block] of Object.entries(blocks)) {
    assert.equal(new HeaderMeter().measure(bytesOf(block), unlimited), null, name);
  }
});

Deno.test("random headers of a client of node:http2 measure as its server reads them", async () => {
  const seed = runSeed();
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  // In between: every byte that the client sends, to be measured.
  const received: Buffer[] = [];
  const sizes: number[] = [];
  const server = createServer({ maxHeaderListPairs: 4096 });
  server.on(
    "connection",
    (socket) => socket.prependListener("data", (chunk: Buffer) => received.push(chunk)),
  );
  server.on("stream", (stream: ServerHttp2Stream, _headers, _flags, raw: readonly string[]) => {
    sizes.push(raw.reduce((sum, text) => sum + text.length, 0));
    stream.respond({ ":status": 200 }, { endStream: true });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    for (let turn = 0; turn < 100; turn++) {
      const headers: Record<string, string | string[]> = { ":path": `/${turn}` };
      for (let i = random.below(40); i > 0; i--) {
        const value = () =>
          String.fromCharCode(
            ...Array.from({ length: random.below(60) }, () => random.between(33, 126)),
          );
        headers[`x-${random.below(30)}`] = random.chance(0.3) ? [value(), value()] : value();
      }
      await new Promise((resolve, reject) => {
        const stream = session.request(headers);
        stream.on("close", resolve).on("error", reject).resume();
      });
    }
  } finally {
    session.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
  const meter = new HeaderMeter();
  const measured = headerBlocks(Buffer.concat(received)).map((block) =>
    meter.measure(block, unlimited)?.bytes
  );
  assert.deepEqual(measured, sizes);
});

/** The header blocks of what a client sent; CONTINUATION does not occur. */
function headerBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 24; at < bytes.length;) {
    const length = bytes.readUIntBE(at, 3);
    const [type, flags] = [bytes[at + 3], bytes[at + 4] ?? 0];
    const skip = (flags & 0x20) === 0 ? 0 : 5;
    if (type === 1) blocks.push(bytes.subarray(at + 9 + skip, at + 9 + length));
    at += 9 + length;
  }
  return blocks;
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

/** An integer's octets after a full prefix (RFC 7541, section 5.1). */
function integerRest(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...integerRest(value >> 7)];
}

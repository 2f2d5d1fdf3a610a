import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { grpcHealth } from "../../../src/agent/grpc_health.ts";
import { defaults } from "../../../src/config/schema.ts";

const tls = { ...defaults.tls, enabled: false };

/** The result of a health check if a server answers in this way. */
async function health(
  answer: (stream: ServerHttp2Stream, path: string) => void,
  signal = AbortSignal.timeout(60_000),
): Promise<string | null> {
  const server = createServer();
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    answer(stream as ServerHttp2Stream, String(headers[":path"]));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    return await grpcHealth({ host: "127.0.0.1", port }, { tls, signal });
  } finally {
    server.close();
  }
}

/** A complete gRPC answer. */
function answered(body: readonly number[], status = "0") {
  return (stream: ServerHttp2Stream) => {
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
    stream.end(new Uint8Array([0, 0, 0, 0, body.length, ...body]));
  };
}

Deno.test("SERVING is healthy", async () => {
  let asked = "";
  const answer = answered([0x08, 1]);
  assert.equal(await health((stream, path) => (asked = path, answer(stream))), null);
  assert.equal(asked, "/grpc.health.v1.Health/Check");
});

Deno.test("every other state is named; one that is left out is UNKNOWN", async () => {
  assert.equal(await health(answered([0x08, 2])), "the health service says NOT_SERVING");
  assert.equal(await health(answered([])), "the health service says UNKNOWN");
  assert.equal(await health(answered([0x08, 9])), "the health service says 9");
});

Deno.test("an error of gRPC is no health", async () => {
  assert.equal(await health(answered([0x08, 1], "14")), "gRPC status 14");
});

Deno.test("a connection that ends without an answer rejects", async () => {
  await assert.rejects(
    health((stream) => {
      stream.respond({ ":status": 200 });
      stream.end();
    }),
    /closed without an answer/,
  );
});

Deno.test("an agent that does not answer in time rejects", async () => {
  const late = new AbortController();
  await assert.rejects(health(() => late.abort(), late.signal), /no answer in time/);
});

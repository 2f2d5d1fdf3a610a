import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import {
  createPlainHttpServer,
  type PlainRequest,
  type PlainResponse,
} from "../../../src/telemetry/plain_http.ts";

type Answer = (request: PlainRequest) => PlainResponse | Promise<PlainResponse>;

const hello: Answer = () => ({ status: 200, type: "text/plain", body: "héllo\n" });

/** Sends bytes on a separate connection; resolves to everything received until its end. */
async function exchange(
  sent: string,
  { answer = hello, timeoutMs = 60_000 }: { answer?: Answer; timeoutMs?: number } = {},
): Promise<{ text: string; requests: PlainRequest[]; errors: unknown[]; connections: Socket[] }> {
  const requests: PlainRequest[] = [];
  const errors: unknown[] = [];
  const connections: Socket[] = [];
  const server = createPlainHttpServer({
    timeoutMs,
    onConnection: (socket) => connections.push(socket),
    answer(request) {
      requests.push(request);
      return answer(request);
    },
    onError: (error) => errors.push(error),
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const chunks: Uint8Array[] = [];
  socket.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  socket.on("error", () => {}); // a connection that the server destroys
  socket.write(sent);
  await once(socket, "close");
  server.close();
  await once(server, "close");
  return { text: new TextDecoder().decode(Buffer.concat(chunks)), requests, errors, connections };
}

Deno.test("a request gets one answer, and the connection ends", async () => {
  const { text, requests, connections } = await exchange(
    "GET /a?b=c HTTP/1.1\r\nHost: h:1\r\n\r\n",
  );
  const [head = "", body] = text.split("\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(head, /\r\nContent-Length: 7\r\n/);
  assert.match(head, /\r\nConnection: close$/);
  assert.equal(body, "héllo\n");
  assert.equal(connections.length, 1);
  assert.deepEqual(requests, [{
    method: "GET",
    path: "/a",
    host: "h:1",
    localAddress: "127.0.0.1",
    remoteAddress: "127.0.0.1",
  }]);
});

Deno.test("HEAD gets the head alone, with the body's length", async () => {
  const { text } = await exchange("HEAD / HTTP/1.1\r\n\r\n");
  assert.match(text, /Content-Length: 7\r\n[\s\S]*\r\n\r\n$/);
});

Deno.test("an answer is waited for", async () => {
  const { promise, resolve } = Promise.withResolvers<PlainResponse>();
  const exchanged = exchange("GET / HTTP/1.1\r\n\r\n", {
    answer() {
      setImmediate(() => resolve({ status: 503, type: "text/plain", body: "later\n" }));
      return promise;
    },
  });
  assert.match((await exchanged).text, /^HTTP\/1\.1 503 Service Unavailable\r\n[\s\S]*later\n$/);
});

Deno.test("a failed answer is sent without its reason, which is reported separately", async () => {
  const failure = new Error("secret path");
  const failing: Answer[] = [() => {
    throw failure;
  }, () => Promise.reject(failure)];
  for (const answer of failing) {
    const { text, errors } = await exchange("GET / HTTP/1.1\r\n\r\n", { answer });
    assert.match(text, /^HTTP\/1\.1 500 Internal Server Error\r\n/);
    assert.doesNotMatch(text, /secret/);
    assert.deepEqual(errors, [failure]);
  }
});

for (
  const [what, head] of [
    ["without a version", "GET /\r\n\r\n"],
    ["with two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    ["with a broken field", "GET / HTTP/1.1\r\nno colon\r\n\r\n"],
    ["with a blank before a field's colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"],
    ["longer than 8 KiB", `GET / HTTP/1.1\r\nX: ${"x".repeat(9000)}`],
  ]
) {
  Deno.test(`a head ${what} is refused, and asks nobody`, async () => {
    const { text, requests } = await exchange(head!);
    assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.deepEqual(requests, []);
  });
}

Deno.test("requests sent ahead are skipped", async () => {
  const one = "GET / HTTP/1.1\r\n\r\n";
  const { text, requests } = await exchange(one.repeat(100));
  assert.equal(requests.length, 1);
  assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1);
});

Deno.test("a connection without a request ends in time", async () => {
  const { text } = await exchange("GET / HT", { timeoutMs: 20 });
  assert.equal(text, "");
});

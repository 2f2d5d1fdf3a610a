import { connect as connectHttp2, constants } from "node:http2";
import type { ClientHttp2Session, OutgoingHttpHeaders } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { LogRecordsStreamRequest } from "../../src/generated/cluster_agent.ts";
import type { KeyPair } from "./certificates.ts";
import { request } from "./calls.ts";
import type { Random } from "./random.ts";

/** Where malformed input is sent and what that requires. */
export interface Target {
  readonly port: number;
  /** PEM of the CA of the agent's certificate. */
  readonly ca: string;
  /** A pair that the agent accepts. */
  readonly client: KeyPair;
  /** A pair from another CA. */
  readonly stranger: KeyPair;
  /** An existing log, in the form of a request. */
  readonly log: Parameters<typeof request>[0];
}

const preface = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const settings = Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0);
const httpRequest = new TextEncoder().encode(
  "POST /cluster_agent.LogRecordsService/StreamForward HTTP/1.1\r\nHost: localhost\r\n" +
    "Content-Type: application/grpc\r\nContent-Length: 5\r\n\r\n\0\0\0\0\0",
);

/** All kinds of malformed input that are sent as bytes over a separate connection, by name. */
const connections: Readonly<Record<string, (target: Target, random: Random) => Promise<void>>> = {
  "random bytes": (target, random) => overTcp(target, random.bytes(1, 4096)),
  "nothing, then hanging up": (target) => overTcp(target, new Uint8Array()),
  "plain HTTP/1": (target) => overTcp(target, httpRequest),
  "plain HTTP/2": (target) => overTcp(target, concat(preface, settings)),
  "a TLS hello cut or damaged": (target, random) => overTcp(target, clientHello(random)),
  "TLS without a certificate": (target) => overTls(target, null, concat(preface, settings)),
  "TLS with a stranger's certificate": (target) =>
    overTls(target, target.stranger, concat(preface, settings)),
  "HTTP/1 in TLS": (target) => overTls(target, target.client, httpRequest),
  "random bytes in TLS": (target, random) => overTls(target, target.client, random.bytes(1, 4096)),
  "HTTP/2 frames of garbage": (target, random) =>
    overTls(target, target.client, concat(preface, settings, ...garbageFrames(random))),
};

/** All kinds of malformed input that are sent as a request over a valid HTTP/2 connection, by name. */
const requests: Readonly<
  Record<
    string,
    (target: Target, random: Random) => { headers?: OutgoingHttpHeaders; body: Uint8Array }
  >
> = {
  "a message cut": (target, random) => ({
    body: framed(message(target), { length: 100 + random.between(1, 1000) }),
  }),
  "a length of 4 GiB": (target) => ({ body: framed(message(target), { length: 0xffffffff }) }),
  "a length too small": (target, random) => ({
    body: framed(message(target), { length: random.between(0, message(target).length - 1) }),
  }),
  "a frame header cut": (target, random) => ({
    body: framed(message(target)).subarray(0, random.between(0, 4)),
  }),
  "compressed, it says": (target, random) => ({
    body: framed(message(target), { flag: random.between(1, 255) }),
  }),
  "no protobuf": (_, random) => ({ body: framed(random.bytes(1, 300)) }),
  "protobuf with a damaged byte": (target, random) => {
    const damaged = message(target).slice();
    damaged[random.between(0, damaged.length - 1)] = random.between(0, 255);
    return { body: framed(damaged) };
  },
  "names that are none": (target, random) => ({
    body: framed(
      LogRecordsStreamRequest.encode(request({
        ...target.log,
        namespace: random.pick(["../..", "", "a/b", "\0", "A", "x".repeat(1000), "ns\n"]),
        container_id: random.pick(["../x", "a b", "containerd://", "%2e%2e", "é"]),
      })).finish(),
    ),
  }),
  "an instant that is none": (target, random) => ({
    body: framed(
      LogRecordsStreamRequest.encode(request({
        ...target.log,
        start_time: random.pick(["yesterday", "2024", "2024-13-01T00:00:00Z", "9".repeat(500)]),
      })).finish(),
    ),
  }),
  "a pattern that is none": (target, random) => ({
    body: framed(
      LogRecordsStreamRequest.encode(request({
        ...target.log,
        grep: random.pick([
          "(",
          "[z-a]",
          "(?=x)",
          "\\1",
          "a{99999}{99999}",
          "(".repeat(500),
          "\\p{x}",
        ]),
      })).finish(),
    ),
  }),
  "two messages": (target) => ({ body: concat(framed(message(target)), framed(message(target))) }),
  "an unknown method": (target, random) => ({
    headers: {
      ":path": random.pick(["/x", "/", "/a.b/C", "/cluster_agent.LogRecordsService/Drop", "//"]),
    },
    body: framed(message(target)),
  }),
  "another content type": (target, random) => ({
    headers: {
      "content-type": random.pick(["text/html", "application/grpc-web", "application/x"]),
    },
    body: framed(message(target)),
  }),
  "GET": () => ({ headers: { ":method": "GET" }, body: new Uint8Array() }),
  "a timeout that is none": (target, random) => ({
    headers: { "grpc-timeout": random.pick(["", "x", "99999999999S", "-1S", "1"]) },
    body: framed(message(target)),
  }),
  "an encoding that is none": (target) => ({
    headers: { "grpc-encoding": "magic" },
    body: framed(message(target)),
  }),
  "odd metadata": (target, random) => ({
    headers: {
      "x-remote-user": random.pick(["", " ", "é", "a".repeat(2000)]),
      "x-remote-extras": random.pick(["{", "[]", "1", '{"a":1}', '{"__proto__":["x"]}']),
      "authorization": random.pick(["Bearer", "Basic eDp5", ""]),
    },
    body: framed(message(target)),
  }),
  "reset in the middle": (target) => ({ headers: { reset: "1" }, body: framed(message(target)) }),
};

/** The number of kinds. */
export const kinds = Object.keys(connections).length + Object.keys(requests).length;

/**
 * Sends count malformed inputs, several at a time, of kinds and contents that are chosen by the random numbers;
 * requests over a valid connection share it in large numbers. Resolves when all have been answered or disconnected.
 */
export async function sendMalformed(
  target: Target,
  options: {
    readonly count: number;
    readonly random: Random;
    readonly signal?: AbortSignal;
    readonly onSent?: (sent: number) => void;
  },
): Promise<Map<string, number>> {
  const { count, random, signal } = options;
  const byKind = new Map<string, number>();
  let sent = 0;
  const lanes = Array.from({ length: 16 }, async () => {
    while (sent < count && !signal?.aborted) {
      // A connection costs a hundred times as much as a request, so there is one batch of requests per connection.
      const [name, send] = random.pick(Object.entries(connections));
      note(name);
      await send(target, random);
      await overHttp2(target, async (session) => {
        for (let turn = 0; turn < 30 && sent < count && !isOver(session); turn++) {
          const [kind, make] = random.pick(Object.entries(requests));
          note(kind);
          await exchange(session, make(target, random));
        }
      });
    }
  });
  await Promise.all(lanes);
  return byKind;

  function note(kind: string): void {
    sent++;
    byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
    options.onSent?.(sent);
  }
}

/** Resolves when the connection has ended; it is ended from here a moment after the bytes were sent. */
function send(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.resume();
    socket.setTimeout(2000, () => socket.destroy());
    socket.write(bytes, () => socket.end());
    if (bytes.length === 0) socket.end();
  });
}

function overTcp(target: Target, bytes: Uint8Array): Promise<void> {
  return send(connectTcp(target.port, "127.0.0.1"), bytes);
}

function overTls(target: Target, pair: KeyPair | null, bytes: Uint8Array): Promise<void> {
  const socket = connectTls({
    host: "localhost",
    port: target.port,
    servername: "localhost",
    ca: target.ca,
    ALPNProtocols: ["h2"],
    ...(pair === null ? {} : { cert: pair.cert, key: pair.key }),
  });
  return new Promise((resolve) => {
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.once("secureConnect", () => void send(socket, bytes));
  });
}

async function overHttp2(
  target: Target,
  work: (session: ClientHttp2Session) => Promise<void>,
): Promise<void> {
  const session = connectHttp2(`https://localhost:${target.port}`, {
    ca: target.ca,
    cert: target.client.cert,
    key: target.client.key,
  });
  session.on("error", () => {});
  const closed = new Promise<void>((resolve) => session.on("close", resolve));
  await Promise.race([work(session), closed]);
  session.close();
  session.destroy();
  await closed;
}

/** The agent may end a connection between two requests: a destroyed session may not be closed yet. */
function isOver(session: ClientHttp2Session): boolean {
  return session.closed || session.destroyed;
}

/** Resolves when the stream has ended, in whatever way. */
function exchange(
  session: ClientHttp2Session,
  input: { readonly headers?: OutgoingHttpHeaders; readonly body: Uint8Array },
): Promise<void> {
  return new Promise((resolve) => {
    const { reset, ...headers } = input.headers ?? {};
    const stream = session.request({
      ":method": "POST",
      ":path": "/cluster_agent.LogRecordsService/StreamForward",
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    }, { endStream: false });
    stream.on("error", () => {});
    stream.on("close", () => resolve());
    stream.setTimeout(5000, () => stream.close(constants.NGHTTP2_CANCEL));
    stream.resume();
    if (reset !== undefined) stream.once("data", () => stream.close(constants.NGHTTP2_CANCEL));
    stream.end(input.body);
  });
}

function message(target: Target): Uint8Array {
  return LogRecordsStreamRequest.encode(request(target.log)).finish();
}

/** A message in a gRPC frame, correct or not ("gRPC over HTTP2", grpc.io). */
function framed(
  content: Uint8Array,
  lies: { readonly length?: number; readonly flag?: number } = {},
): Uint8Array {
  const header = new Uint8Array(5);
  header[0] = lies.flag ?? 0;
  new DataView(header.buffer).setUint32(1, lies.length ?? content.length);
  return concat(header, content);
}

/** The beginning of a TLS record with a client hello in it, with a random length and content. */
function clientHello(random: Random): Uint8Array {
  const body = random.bytes(40, 600);
  const header = Uint8Array.of(0x16, 3, 1, body.length >> 8, body.length & 255, 1, 0);
  return concat(header, body).subarray(0, random.between(1, body.length));
}

/** Some frames whose type, flags, stream and length are random (RFC 9113, 4.1). */
function garbageFrames(random: Random): Uint8Array[] {
  return Array.from({ length: random.between(1, 8) }, () => {
    const payload = random.bytes(0, 200);
    const said = random.chance(0.8) ? payload.length : random.between(0, 0xffffff);
    const header = new Uint8Array(9);
    const view = new DataView(header.buffer);
    view.setUint32(0, said << 8 | random.between(0, 12));
    header[4] = random.between(0, 255);
    view.setUint32(5, random.chance(0.7) ? random.between(0, 9) : random.between(0, 0x7fffffff));
    return concat(header, payload);
  });
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

// @ts-check
/**
 * The client process of the benchmark: makes gRPC calls over one HTTP/2 connection and counts the received frames
 * without decoding them, so that the server and not the client is measured. Plain JavaScript: it runs under Node, whose
 * HTTP/2 is the fastest available, and under Deno.
 *
 * Takes a JSON object a line on standard input, answers with one a line on standard output, in any order:
 *   first  {address, ca, cert, key}                       ca "": without TLS
 *   then   {id, path, body, limit}                        body: a serialized request in base64; limit: cancel after
 *                                                         so many frames (0: none)
 *   or    {id, cancel: true}
 *   answer {id, milliseconds, firstMilliseconds, frames, bytes, status, message}
 */
import { Buffer } from "node:buffer";
import { connect } from "node:http2";
import process from "node:process";
import { createInterface } from "node:readline";

/**
 * Like the Cluster API's client: windows of 64 KiB at first, which it raises as its estimate of the bandwidth allows
 * (here: once).
 */
const FIRST_WINDOW = 65_535;
const RAISED_WINDOW = 8 * 1024 * 1024;

/** @type {import("node:http2").ClientHttp2Session} */
let session;
let isRaised = false;
/** @type {Map<number, import("node:http2").ClientHttp2Stream>} */
const running = new Map();
/** The HTTP/2 error code. */
const CANCEL = 8;

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const order = JSON.parse(line);
  if (session === undefined) open(order);
  else if (order.cancel) running.get(order.id)?.close(CANCEL);
  else call(order);
});
lines.on("close", () => session?.destroy());

/** @param {{address: string, ca: string, cert: string, key: string}} target */
function open({ address, ca, cert, key }) {
  const settings = { initialWindowSize: FIRST_WINDOW, enablePush: false };
  session = ca === ""
    ? connect(`http://${address}`, { settings })
    : connect(`https://${address}`, { ca, cert, key, settings });
  session.on("error", (error) => {
    process.stderr.write(`connection: ${error.message}\n`);
    process.exit(1);
  });
}

function raiseWindows() {
  if (isRaised) return;
  isRaised = true;
  session.settings({ initialWindowSize: RAISED_WINDOW });
  session.setLocalWindowSize(RAISED_WINDOW);
}

/** @param {{id: number, path: string, body: string, limit: number}} order */
function call({ id, path, body, limit }) {
  const began = performance.now();
  const counter = new FrameCounter();
  let firstMilliseconds = 0;
  let status = "";
  let message = "";
  let isDone = false;
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc+proto",
    te: "trailers",
    "x-remote-user": "bench",
    "x-remote-group": "system:masters",
  });
  running.set(id, stream);
  const finish = () => {
    if (isDone) return;
    isDone = true;
    running.delete(id);
    const { frames, bytes } = counter;
    const milliseconds = performance.now() - began;
    const answer = { id, milliseconds, firstMilliseconds, frames, bytes, status, message };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  };
  /** @param {Record<string, unknown>} headers */
  const onHeaders = (headers) => {
    if (headers["grpc-status"] === undefined) return;
    status = String(headers["grpc-status"]);
    message = decodeURIComponent(String(headers["grpc-message"] ?? ""));
  };
  stream.on("response", onHeaders);
  stream.on("trailers", onHeaders);
  stream.on("data", (/** @type {Buffer} */ chunk) => {
    if (isDone) return;
    if (counter.bytes === 0) {
      firstMilliseconds = performance.now() - began;
    }
    counter.add(chunk);
    if (counter.bytes > FIRST_WINDOW / 2) raiseWindows();
    if (limit > 0 && counter.frames >= limit) {
      finish();
      stream.close(CANCEL);
    }
  });
  stream.on("close", finish);
  stream.on("error", (error) => {
    if (isDone) return;
    message = error.message;
    finish();
  });
  const request = Buffer.from(body, "base64");
  const head = Buffer.alloc(5);
  head.writeUInt32BE(request.length, 1);
  stream.end(Buffer.concat([head, request]));
}

/** Counts gRPC frames: a byte, the length of the message (4 bytes, big-endian), the message. */
class FrameCounter {
  frames = 0;
  bytes = 0;
  #head = Buffer.alloc(5);
  #headBytes = 0;
  /** Bytes left of the current message. */
  #left = 0;

  /** @param {Buffer} chunk */
  add(chunk) {
    this.bytes += chunk.length;
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const part = Math.min(this.#left, chunk.length - at);
        this.#left -= part;
        at += part;
        if (this.#left === 0) this.frames++;
        continue;
      }
      if (this.#headBytes === 0 && chunk.length - at >= 5) {
        this.#begin(chunk, at);
        at += 5;
        continue;
      }
      this.#head[this.#headBytes++] = chunk.readUInt8(at++);
      if (this.#headBytes === 5) {
        this.#headBytes = 0;
        this.#begin(this.#head, 0);
      }
    }
  }

  /**
   * @param {Buffer} bytes
   * @param {number} at
   */
  #begin(bytes, at) {
    this.#left = bytes.readUInt32BE(at + 1);
    if (this.#left === 0) this.frames++;
  }
}

import { createServer, type Server, type Socket } from "node:net";

/** A request without its body, which is not needed. */
export interface PlainRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The Host header; empty if there is none. */
  readonly host: string;
  readonly localAddress: string | undefined;
  readonly remoteAddress: string | undefined;
}

export interface PlainResponse {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const MAX_HEAD_BYTES = 8192;
/** Of a request's body, or of pipelined requests. */
const MAX_DISCARDED_BYTES = 64 * 1024;
const HEAD_END = "\r\n\r\n";
const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/**
 * A server that sends one small answer per connection (HTTP/1.1, RFC 9112). node:http is not bounded enough for probes:
 * it parses and answers all 1,400 requests of a chunk without a pause, so a few connections with pipelined requests
 * block the event loop for seconds. This server discards everything after the first head, and ends every connection
 * with its answer or after timeoutMs.
 */
export function createPlainHttpServer(
  options: {
    readonly timeoutMs: number;
    readonly onConnection: (socket: Socket) => void;
    /** If it throws or rejects, the client gets an error without the reason. */
    readonly answer: (request: PlainRequest) => PlainResponse | Promise<PlainResponse>;
    /** Receives errors of `answer`. */
    readonly onError: (error: unknown) => void;
  },
): Server {
  return createServer((socket) => {
    socket.on("error", () => {}); // A broken connection affects nobody else.
    const timer = setTimeout(() => socket.destroy(), options.timeoutMs);
    socket.once("close", () => clearTimeout(timer));
    options.onConnection(socket);
    let head = Buffer.alloc(0);
    socket.on("data", onData);
    function onData(chunk: Buffer): void {
      head = Buffer.concat([head, chunk.subarray(0, MAX_HEAD_BYTES + 1 - head.length)]);
      const length = head.indexOf(HEAD_END);
      if (length < 0 && head.length <= MAX_HEAD_BYTES) return;
      socket.off("data", onData);
      discard(socket);
      const request = length < 0 ? null : parseHead(head.toString("latin1", 0, length), socket);
      if (request === null) {
        return void socket.end(
          encode({ status: 400, type: "text/plain", body: "not a request\n" }, "GET"),
        );
      }
      void respond(request);
    }
    async function respond(request: PlainRequest): Promise<void> {
      let response: PlainResponse;
      try {
        response = await options.answer(request);
      } catch (error) {
        options.onError(error);
        response = { status: 500, type: "text/plain", body: "internal error\n" };
      }
      socket.end(encode(response, request.method));
    }
  });
}

/** Discards further data, so that the end of the connection is noticed; ends the connection if there is too much. */
function discard(socket: Socket): void {
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_DISCARDED_BYTES) socket.destroy();
  });
}

/** Null if the text is not the head of a request. */
function parseHead(
  text: string,
  ends: Pick<Socket, "localAddress" | "remoteAddress">,
): PlainRequest | null {
  const [first = "", ...fields] = text.replace(/^(?:\r\n)+/, "").split("\r\n");
  const line = /^([A-Z]+) (\/[!-~]*|\*) HTTP\/1\.[01]$/.exec(first);
  if (line === null) return null;
  let host = "";
  for (const field of fields) {
    const match = /^([!#$%&'*+.^`|~\w-]+):[ \t]*([^\0\r\n]*?)[ \t]*$/.exec(field);
    if (match === null) return null;
    if (match[1]?.toLowerCase() !== "host") continue;
    // Two hosts: it is undefined which one counts.
    if (host !== "") return null;
    host = match[2] ?? "";
  }
  return {
    method: line[1] ?? "",
    path: (line[2] ?? "").replace(/\?.*$/, ""),
    host,
    localAddress: ends.localAddress,
    remoteAddress: ends.remoteAddress,
  };
}

function encode(response: PlainResponse, method: string): Buffer {
  const body = Buffer.from(response.body);
  const headers = {
    "Content-Type": `${response.type}; charset=utf-8`,
    "Content-Length": String(body.length),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
    ...response.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const reason = reasons[response.status] ?? "";
  const head = Buffer.from(`HTTP/1.1 ${response.status} ${reason}\r\n${lines.join("")}\r\n`);
  return method === "HEAD" ? head : Buffer.concat([head, body]);
}

import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import type { Server } from "@grpc/grpc-js";

/**
 * The parts of a grpc-js server that src/rpc/grpc_js uses: it sets up a node:http2 server through which the test emits
 * events.
 */
export class FakeGrpcServer {
  /** The server that grpc-js listens on; tests emit "session" and "stream". */
  readonly source = new EventEmitter();
  /** Streams that grpc-js itself received. */
  readonly given: unknown[] = [];

  readonly server = {
    _setupHandlers: (source: EventEmitter | null) => {
      source?.on("stream", (stream) => this.given.push(stream));
    },
  } as unknown as Server;

  /** As bindAsync does. */
  bind(): void {
    (this.server as unknown as { _setupHandlers(source: EventEmitter): void })
      ._setupHandlers(this.source);
  }
}

/** A ServerHttp2Stream: emits "close" once it is destroyed. */
export class FakeStream extends EventEmitter {
  static #last = -1;
  readonly id = FakeStream.#last += 2;
  readonly session: object | undefined;
  closed = false;
  destroyed = false;
  writableEnded = false;
  resetWith: number | null = null;
  responded: Record<string, unknown> | null = null;

  constructor(session?: object) {
    super();
    this.session = session;
  }

  close(code = 0): void {
    this.closed = true;
    this.resetWith = code;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = this.closed = true;
    this.emit("close");
  }

  respond(headers: Record<string, unknown>): void {
    this.responded = headers;
    this.writableEnded = true;
  }

  write(): boolean {
    return true;
  }

  resume(): void {}
}

/**
 * A connection's socket, with the listeners of node:http2 that src/rpc/grpc_js replaces; it accepts everything that is
 * written.
 */
export class FakeSocket extends EventEmitter {
  static #port = 40_000;
  readonly localAddress = "10.0.0.9";
  readonly remoteAddress: string;
  readonly remotePort = FakeSocket.#port++;
  readonly writableHighWaterMark = 65_536;
  bytesRead = 0;
  writableLength = 0;
  destroyed = false;
  isPaused = false;
  /** The data that node:http2 was given to read. */
  readonly read: Uint8Array[] = [];
  /** Whether node:http2 knows that the socket is closed. */
  knowsEnd = false;

  constructor(remoteAddress = "10.0.0.1") {
    super();
    this.remoteAddress = remoteAddress;
    const socketOnClose = () => this.knowsEnd = true;
    this.on("data", (bytes: Uint8Array) => this.read.push(bytes)).on("close", socketOnClose);
  }

  /** The client sends something. */
  receive(...bytes: Uint8Array[]): void {
    const chunk = Buffer.concat(bytes);
    this.bytesRead += chunk.length;
    this.emit("data", chunk);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("close");
  }
}

/** The property in which node:http2 keeps its native session. */
const kHandle: unique symbol = Symbol("kHandle");

/** A ServerHttp2Session over a socket. */
export class FakeSession extends EventEmitter {
  readonly socket: FakeSocket;
  destroyed = false;
  /** Codes of GOAWAY frames that were sent. */
  readonly goaways: number[] = [];
  readonly [kHandle] = {
    getOutgoingChunk: () => undefined,
    sendPending: () => {},
  };

  constructor(socket: FakeSocket) {
    super();
    this.socket = socket;
  }

  goaway(code: number): void {
    this.goaways.push(code);
  }

  destroy(): void {
    this.destroyed = true;
  }
}

/** Runs everything that setImmediate has scheduled so far, and what that schedules. */
export async function turns(count = 3): Promise<void> {
  for (let index = 0; index < count; index++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

import { EventEmitter } from "node:events";
import type { Server } from "@grpc/grpc-js";

/** A server of grpc-js as far as src/rpc/grpc_js touches it: it sets up a node:http2 server that the test emits from. */
export class FakeGrpcServer {
  /** What grpc-js listens on; tests emit "session" and "stream". */
  readonly source = new EventEmitter();
  /** Streams that grpc-js itself was given. */
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

/** Lets everything run that setImmediate has scheduled so far, and what that schedules. */
export async function turns(count = 3): Promise<void> {
  for (let index = 0; index < count; index++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

import { connect, type Server, Server as NetServer, type Socket } from "node:net";
import type { Report } from "../telemetry/events.ts";

/** How often a port is checked. */
const CHECK_MS = 1000;
/** A connection that was not accepted within this time never will be. */
const ACCEPTED_WITHIN_MS = 10_000;
/** The same for a listener that recently ran out of descriptors. */
const SUSPECTED_MS = 1500;

/** A port that must keep accepting connections. */
export interface CheckedListener {
  readonly name: string;
  readonly server: Server;
  /** Ends unneeded connections when descriptors have run out. */
  shed(): void;
}

/**
 * Makes sure that a port accepts connections. A listener of Deno 2.9.6 that once ran out of descriptors (EMFILE)
 * accepts nothing any more and reports nothing. So the agent connects to each port every second, and if the connection
 * does not arrive, it binds the listener again, keeping its connections. Owned by serve, which disposes of it.
 */
export class ListenerCheck implements Disposable {
  readonly #listeners: readonly CheckedListener[];
  readonly #report: Report;
  readonly #problems = new Map<CheckedListener, string>();
  readonly #busy = new Set<CheckedListener>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(listeners: readonly CheckedListener[], report: Report) {
    this.#listeners = listeners;
    this.#report = report;
    this.#timer = setInterval(() => this.#checkAll(), CHECK_MS);
  }

  /** Why connections are not accepted; empty if they are. */
  get problems(): string[] {
    return [...this.#problems.values()];
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #checkAll(): void {
    for (const listener of this.#listeners) {
      if (this.#busy.has(listener) || !listener.server.listening) continue;
      this.#busy.add(listener);
      void this.#check(listener).finally(() => this.#busy.delete(listener));
    }
  }

  async #check(listener: CheckedListener): Promise<void> {
    // After a shortage, a listener most likely no longer accepts; without one, a slow answer means a busy machine.
    const suspected = this.#problems.has(listener);
    const result = await arrives(listener.server, suspected ? SUSPECTED_MS : ACCEPTED_WITHIN_MS);
    if (result === "accepted") return void this.#problems.delete(listener);
    if (!suspected) {
      const text = `${listener.name} accepts no connections: no descriptors are left`;
      this.#problems.set(listener, text);
      this.#report({
        type: "notice",
        level: "warn",
        text: `${text}; raise the limit of open files`,
      });
    }
    if (result === "no-descriptors") {
      this.#report({ type: "limit-reached", limit: "descriptors" });
      return listener.shed();
    }
    bindAgain(listener.server);
  }
}

/** Connects to the server and waits until the server gets the connection. */
function arrives(
  server: Server,
  withinMs: number,
): Promise<"accepted" | "no-descriptors" | "lost"> {
  const address = server.address();
  if (address === null || typeof address === "string") return Promise.resolve("accepted");
  const { promise, resolve } = Promise.withResolvers<"accepted" | "no-descriptors" | "lost">();
  const host = { "0.0.0.0": "127.0.0.1", "::": "::1" }[address.address] ?? address.address;
  const socket = connect({ port: address.port, host });
  // Either the server or the client may see the connection first.
  const ports = new Set<number | undefined>();
  const onConnection = (accepted: Socket) => {
    ports.add(accepted.remotePort);
    if (ports.has(socket.localPort ?? 0)) resolve("accepted");
  };
  server.on("connection", onConnection);
  socket.on("connect", () => {
    if (ports.has(socket.localPort ?? 0)) resolve("accepted");
  });
  socket.on("error", (error) => {
    const { code } = error as { code?: unknown };
    resolve(code === "EMFILE" || code === "ENFILE" ? "no-descriptors" : "lost");
  });
  // Events that arrived meanwhile come first.
  const timer = setTimeout(() => setImmediate(() => resolve("lost")), withinMs);
  return promise.finally(() => {
    clearTimeout(timer);
    server.off("connection", onConnection);
    socket.destroy();
  });
}

/** Closes the listener, but none of its connections, and listens at the same address again. */
function bindAgain(server: Server): void {
  const address = server.address();
  if (address === null || typeof address === "string") return;
  // Not the server's own close method: that of node:http2 would end every session.
  NetServer.prototype.close.call(server);
  server.listen(address.port, address.address);
}

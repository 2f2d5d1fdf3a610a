import { status as Status } from "@grpc/grpc-js";
import type { Server } from "@grpc/grpc-js";
import type { Server as NetServer, Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { LimitName, Report } from "../../telemetry/events.ts";
import { ConnectionBudget } from "../limits/connection_budget.ts";
import type { PortLimits } from "../limits/port_limits.ts";
import { Shares } from "../limits/shares.ts";
import { StreamPlaces } from "../limits/stream_places.ts";
import { Turns } from "../limits/turns.ts";
import { UnsentBytes } from "../limits/unsent_bytes.ts";
import { PortConnection } from "./connection.ts";
import { rememberLoss } from "./identity_headers.ts";
import {
  type Http2Session,
  type Http2Stream,
  judgeStreams,
  onHttp2Server,
  resetStream,
} from "./http2_servers.ts";
import { rememberPlace } from "./call_places.ts";
import { StreamEnds } from "./stream_ends.ts";

/** How often connections are checked for operations that take too long. */
const CHECK_MS = 1000;

const REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

/** The connections of all servers by HTTP/2 session, which is how a call identifies its connection. */
const bySession = new WeakMap<object, PortConnection>();

/** Ends the connection of an HTTP/2 session, with all its calls. */
export function endConnection(session: object, limit: LimitName, why: string): void {
  // Not within the library's callback, which still uses the session.
  setImmediate(() => bySession.get(session)?.end(limit, why));
}

/** The address from which the connection of an HTTP/2 session comes; "" if it is gone. */
export function peerOf(session: object): string {
  return bySession.get(session)?.peer ?? "";
}

/**
 * The connections of the gRPC port and their limits. Everything that a client sends is bounded here before it takes
 * memory; a client that exceeds a limit loses its connection. Owned by the AgentServer, which disposes of it.
 */
export class Connections implements Disposable {
  readonly #limits: PortLimits;
  readonly #report: Report;
  readonly #allowedNames: readonly string[];
  readonly #tls: boolean;
  readonly #budget: ConnectionBudget;
  readonly #turns = new Turns();
  readonly #unsent = new UnsentBytes();
  readonly #ends = new StreamEnds();
  readonly #unfinished: Shares;
  readonly #bySocket = new Map<string, PortConnection>();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #listeners: NetServer[] = [];
  readonly #places: StreamPlaces;

  /** Must be created before bindAsync. Throws if grpc-js has changed. */
  constructor(
    server: Server,
    options: {
      readonly limits: PortLimits;
      readonly report: Report;
      readonly tls: boolean;
      /** Certificate names that may do more than ask for health; empty: every name. */
      readonly allowedNames: readonly string[];
    },
  ) {
    this.#limits = options.limits;
    this.#report = options.report;
    this.#tls = options.tls;
    this.#allowedNames = options.allowedNames;
    this.#budget = new ConnectionBudget(options.limits);
    this.#places = new StreamPlaces(options.limits);
    this.#unfinished = new Shares({ total: () => options.limits.requestMemory });
    onHttp2Server(server, (source) => {
      this.#listeners.push(source as unknown as NetServer); // node:http2's servers are.
      source.prependListener("connection", (socket) => this.#accepted(socket));
      if (this.#tls) {
        source.prependListener("secureConnection", (socket) => this.#established(socket));
      }
      source.on("session", (session) => this.#begun(session));
    });
    judgeStreams(server, (stream, headers, raw) => this.#judge(stream, headers, raw));
    this.#timer = setInterval(() => this.#endLate(), CHECK_MS);
  }

  /** The listeners of the port. */
  get listeners(): readonly NetServer[] {
    return this.#listeners.filter(({ listening }) => listening);
  }

  /** Ends every connection without a call: descriptors have run out. */
  shed(): void {
    for (const connection of this.#bySocket.values()) {
      if (connection.idleSince() !== null) connection.end("descriptors", "no descriptors are left");
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #accepted(socket: Socket): void {
    const key = keyOf(socket);
    const connection = new PortConnection(socket, {
      now: performance.now(),
      turns: this.#turns,
      unsent: this.#unsent,
      ends: this.#ends,
      unfinished: this.#unfinished,
      onEnd: (limit, why) => this.#reportEnd(connection, limit, why),
    });
    this.#bySocket.set(key, connection);
    socket.once("close", () => {
      this.#budget.end(connection);
      if (this.#bySocket.get(key) === connection) this.#bySocket.delete(key);
    });
    this.#budget.begin(connection);
    if (!this.#tls) this.#established(socket);
  }

  /** TLS is complete, or there is none. node:http2 creates its session next, within the same event. */
  #established(socket: Socket): void {
    const connection = this.#bySocket.get(keyOf(socket));
    if (connection === undefined) return void socket.destroy();
    connection.established(socket);
    const limit = this.#budget.establish(connection);
    if (limit !== null) connection.end(limit, "all others have calls");
  }

  #begun(session: Http2Session): void {
    const connection = this.#bySocket.get(keyOf(session.socket));
    if (connection === undefined) return session.destroy();
    bySession.set(session, connection);
    const { frames, otherNames } = this.#limits;
    const isOther = !this.#isAllowed(connection.socket);
    connection.begin(session, {
      frames: isOther ? otherNames.frames : frames,
      streams: isOther ? otherNames.streams : this.#limits.streams,
      now: () => performance.now(),
    });
  }

  #isAllowed(socket: Socket): boolean {
    if (this.#allowedNames.length === 0 || !(socket instanceof TLSSocket)) return true;
    const name: unknown = socket.getPeerCertificate()?.subject?.CN;
    return typeof name === "string" && this.#allowedNames.includes(name);
  }

  /** Counts a new stream until it is closed. False: it was refused, or its connection was ended. */
  #judge(
    stream: Http2Stream,
    headers: Record<string, unknown>,
    raw: readonly string[],
  ): boolean {
    const connection = stream.session === undefined ? undefined : bySession.get(stream.session);
    const { id } = stream;
    if (connection === undefined || id === undefined) {
      // Its connection has ended meanwhile. Not within the library's callback, which still uses it.
      setImmediate(() => stream.destroy());
      return false;
    }
    const sent = connection.open(id, { stream, mayStayOpen: headers[":path"] === REFLECTION });
    // Names and values alternate; pseudo-headers are included.
    if (raw.length !== 2 * sent.pairs) rememberLoss(stream);
    const place = this.#places.open({
      connection,
      peer: connection.peer,
      headers: sent,
      evict: (limit) => this.#evict(connection, stream, limit),
    });
    stream.once("close", () => {
      if (typeof place !== "string") place.close();
      connection.close(id);
    });
    if (connection.hasEnded) return false;
    if (typeof place === "string") return this.#refuse(stream, place, this.#explain(place));
    rememberPlace(stream, place);
    return true;
  }

  /** Ends a stream that has lost its place, or the whole connection if its client does not read answers. */
  #evict(
    connection: PortConnection,
    stream: Http2Stream,
    limit: "streams" | "header-memory",
  ): void {
    // Not within the library's callback, which still uses the session.
    setImmediate(() => {
      if (stream.destroyed || connection.hasEnded) return;
      if (stream.writableEnded) {
        connection.end(limit, `it does not read its answers, and ${this.#explain(limit)}`);
        return;
      }
      this.#report({ type: "limit-reached", limit, who: connection.peer });
      resetStream(stream);
    });
  }

  #explain(limit: "streams" | "header-memory"): string {
    return limit === "streams"
      ? `the agent has ${this.#limits.streams} calls open, including finished ones`
      : "the headers of all open calls take too much memory";
  }

  #refuse(stream: Http2Stream, limit: LimitName, why: string): false {
    this.#report({ type: "limit-reached", limit });
    stream.resume(); // The rest of its request is skipped.
    try {
      stream.respond({
        ":status": 200,
        "content-type": "application/grpc+proto",
        "grpc-status": Status.RESOURCE_EXHAUSTED,
        "grpc-message": encodeURI(`Cannot begin another call: ${why}`),
      }, { endStream: true });
    } catch {
      // The client has reset it meanwhile.
    }
    return false;
  }

  #reportEnd(connection: PortConnection, limit: LimitName | null, why: string): void {
    if (limit !== null) {
      this.#report({ type: "limit-reached", limit, who: connection.peer });
    }
    this.#report({
      type: "notice",
      level: "debug",
      text: "a connection was ended",
      fields: { peer: connection.peer, why },
    });
  }

  #endLate(): void {
    const now = performance.now();
    for (const connection of this.#bySocket.values()) connection.endIfLate(now, this.#limits);
  }
}

/** Unique among all connections that exist at one time. */
function keyOf(socket: Pick<Socket, "localAddress" | "remoteAddress" | "remotePort">): string {
  return `${socket.localAddress} ${socket.remoteAddress} ${socket.remotePort}`;
}

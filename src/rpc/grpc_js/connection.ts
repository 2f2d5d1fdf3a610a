import { constants } from "node:http2";
import type { Socket } from "node:net";
import type { LimitName } from "../../telemetry/events.ts";
import type { CountedConnection } from "../limits/connection_budget.ts";
import { FrameGate, type FrameLimits, type Passed } from "../limits/frame_gate.ts";
import { GrowingShare } from "../limits/growing_share.ts";
import type { Shares } from "../limits/shares.ts";
import type { Turns } from "../limits/turns.ts";
import type { UnsentBytes } from "../limits/unsent_bytes.ts";
import type { HeaderSize } from "../limits/header_meter.ts";
import type { Http2Session, Http2Stream } from "./http2_servers.ts";
import { holdBack } from "./outgoing_frames.ts";
import type { StreamEnds } from "./stream_ends.ts";

/** Maximum number of frames that are answered automatically (PING, SETTINGS) while the client does not read. */
const MAX_UNREAD_REPLIES = 1000;
/** With more unsent bytes than this, the client does not read what it is sent. */
const UNREAD_BYTES = 64 * 1024;
/** How long an ending connection may take to send what is left. */
const LAST_WORDS_MS = 1000;

interface OpenStream {
  readonly stream: Pick<Http2Stream, "destroy" | "destroyed">;
  /** Whether the client may leave its request unfinished. */
  readonly mayStayOpen: boolean;
}

/** One connection of the gRPC port, from its acceptance to its end. Owned by Connections, which alone calls it. */
export class PortConnection implements CountedConnection {
  readonly peer: string;
  readonly #onEnd: (limit: LimitName | null, why: string) => void;
  readonly #acceptedMs: number;
  /** Open streams by id. */
  readonly #streams = new Map<number, OpenStream>();
  readonly #turns: Turns;
  readonly #unsent: UnsentBytes;
  readonly #ends: StreamEnds;
  readonly #unfinished: GrowingShare;
  #socket: Socket;
  #establishedMs: number | null = null;
  #session: Http2Session | null = null;
  #gate: FrameGate | null = null;
  #maxStreams = 0;
  #waiting: Passed[] = [];
  #isWaiting = false;
  #mayPause = false;
  #unreadReplies = 0;
  #hasEnded = false;
  /** Whether its streams are ending. */
  #isEnding = false;
  /** When it was established, or its last call ended. */
  #lastWorkMs = 0;
  #hasWorked = false;

  constructor(
    socket: Socket,
    options: {
      /** Milliseconds of performance.now, as for every method here. */
      readonly now: number;
      /** Shared by all connections. */
      readonly turns: Turns;
      readonly unsent: UnsentBytes;
      readonly ends: StreamEnds;
      /** The memory of unfinished requests, by connection, then by address. */
      readonly unfinished: Shares;
      /** Called once when the connection is closed because it exceeded a limit. */
      readonly onEnd: (limit: LimitName | null, why: string) => void;
    },
  ) {
    this.#socket = socket;
    this.peer = socket.remoteAddress ?? "";
    this.#acceptedMs = options.now;
    this.#onEnd = options.onEnd;
    this.#turns = options.turns;
    this.#unsent = options.unsent;
    this.#ends = options.ends;
    this.#unfinished = new GrowingShare(options.unfinished, {
      owners: [this, this.peer],
      evict: () => this.#endForMemory(),
    });
  }

  /** The socket that carries HTTP/2: the TLS socket if TLS is used. */
  get socket(): Socket {
    return this.#socket;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  readonly idleSince = (): number | null => {
    // The last bytes of a call that are still in the socket are on their way to the client.
    const isIdle = this.#streams.size === 0 && this.#socket.writableLength === 0;
    return isIdle ? this.#lastWorkMs : null;
  };

  readonly hasSpoken = (): boolean => this.#socket.bytesRead > 0;

  readonly hasWorked = (): boolean => this.#hasWorked;

  readonly calls = (): number => this.#streams.size;

  readonly evict = (limit: LimitName): void => this.end(limit, "its place was needed");

  established(socket: Socket): void {
    this.#socket = socket;
    this.#establishedMs = this.#lastWorkMs = performance.now();
  }

  /**
   * Its HTTP/2 session has begun: from now on, frames pass the gate first, and its streams end a few at a time. Throws
   * if node:http2 does not read its socket, or learn of its end, in the way that this method replaces.
   */
  begin(
    session: Http2Session,
    options: {
      readonly frames: FrameLimits;
      /** Maximum number of concurrently open streams. */
      readonly streams: number;
      /** Milliseconds. */
      readonly now: () => number;
    },
  ): void {
    this.#session = session;
    this.#maxStreams = options.streams;
    const gate = new FrameGate(options.frames, options.now);
    this.#gate = gate;
    const socket = this.#socket;
    // The listener through which node:http2 reads; it reads only through this event.
    const [read, ...others] = socket.listeners("data") as ((chunk: Uint8Array) => void)[];
    if (read === undefined || others.length > 0) {
      throw new Error("This version of node:http2 does not read its socket by the data event");
    }
    holdBack(session, socket, this.#unsent);
    socket.removeListener("data", read);
    // In its next tick, node:http2 reads the content of a paused socket, bypassing this listener.
    setImmediate(() => this.#mayPause = true);
    socket.on("data", (chunk: Uint8Array) => {
      if (!this.#hasEnded && !this.#isEnding) this.#receive(gate, chunk, read);
    });
    this.#endGradually(session, socket);
  }

  /** Ends the streams before the session, whoever ends the session or the socket. */
  #endGradually(session: Http2Session, socket: Socket): void {
    const destroy = session.destroy.bind(session);
    session.destroy = (...args) => this.#endStreams(() => destroy(...args));
    const closed = socket.listeners("close").find(({ name }) => name === "socketOnClose");
    if (closed === undefined) {
      throw new Error("This version of node:http2 does not learn of its socket's end as it did");
    }
    socket.removeListener("close", closed as () => void);
    socket.once("close", (...args) => this.#endStreams(() => closed.apply(socket, args)));
  }

  #endStreams(then: () => void): void {
    this.#isEnding = true;
    this.#waiting = [];
    this.#countUnfinished();
    this.#ends.end(this.#streams, then);
  }

  #receive(gate: FrameGate, chunk: Uint8Array, read: (bytes: Uint8Array) => void): void {
    this.#waiting.push(...gate.receive(chunk));
    if (gate.offense !== null) return this.end(gate.offense.limit, gate.offense.why);
    this.#countReplies(gate.takeReplies());
    this.#countUnfinished();
    if (!this.#hasEnded && !this.#isWaiting) this.#pass(read);
  }

  /** Counts a stream that was opened. Returns the size of its headers. */
  open(id: number, stream: OpenStream): HeaderSize {
    this.#streams.set(id, stream);
    if (this.#streams.size > this.#maxStreams) {
      const limit = "streams-per-connection";
      // Not within the library's callback, which still uses the session.
      setImmediate(() => this.end(limit, `more than ${this.#maxStreams} open calls`));
    }
    return this.#gate?.takeHeaderSize(id) ?? { bytes: 0, pairs: 0 };
  }

  close(stream: number): void {
    this.#streams.delete(stream);
    this.#hasWorked = true;
    this.#lastWorkMs = performance.now();
    this.#gate?.closed(stream);
    this.#countUnfinished();
  }

  /** Ends the connection if something has been incomplete for too long by `now`, in milliseconds. */
  endIfLate(
    now: number,
    limits: { readonly handshakeMs: number; readonly requestMs: number },
  ): void {
    if (this.#establishedMs === null) {
      if (now - this.#acceptedMs > limits.handshakeMs) {
        this.end("handshake-time", "its TLS handshake did not complete in time");
      }
      return;
    }
    const oldest = now - limits.requestMs;
    const gate = this.#gate;
    // Without a gate, it has not agreed to HTTP/2.
    const incomplete = gate === null ? this.#establishedMs : gate.incompleteSince;
    if (incomplete !== null && incomplete < oldest && !this.#isWaiting) {
      return this.end("request-time", "a frame or the HTTP/2 preface did not complete in time");
    }
    for (const [stream, since] of gate?.unfinished ?? []) {
      if (since < oldest && this.#streams.get(stream)?.mayStayOpen !== true) {
        return this.end("request-time", "a request did not complete in time");
      }
    }
  }

  /** Passes on the received data: calls take turns with those of other connections. */
  #pass(read: (chunk: Uint8Array) => void): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (next.units > 0 && !this.#turns.take(next.units)) break;
      this.#waiting.shift();
      read(next.bytes);
    }
    if (this.#waiting.length === 0) return;
    this.#isWaiting = true;
    if (this.#mayPause) this.#socket.pause();
    this.#turns.wait(() => this.#passOne(read));
  }

  /** Passes on the next call and the data after it. Returns the amount of work. */
  #passOne(read: (chunk: Uint8Array) => void): number {
    let work = 0;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (next.units > 0 && work > 0) return work;
      this.#waiting.shift();
      work += next.units;
      read(next.bytes);
    }
    this.#isWaiting = false;
    if (!this.#hasEnded) this.#socket.resume();
    return 0;
  }

  #countUnfinished(): void {
    const isOver = this.#hasEnded || this.#isEnding;
    const memory = isOver ? 0 : this.#gate?.unfinishedMemory ?? 0;
    if (!this.#unfinished.resize(memory)) this.#endForMemory();
  }

  #endForMemory(): void {
    this.end("request-memory", "it has the most of the memory for unfinished requests");
  }

  #countReplies(replies: number): void {
    if (this.#socket.writableLength <= UNREAD_BYTES) this.#unreadReplies = 0;
    else this.#unreadReplies += replies;
    if (this.#unreadReplies > MAX_UNREAD_REPLIES) {
      this.end("frames", `it does not read the answers to ${MAX_UNREAD_REPLIES} frames`);
    }
  }

  /** Ends the connection with all its calls. */
  end(limit: LimitName | null, why: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#waiting = [];
    this.#onEnd(limit, why);
    this.#unfinished.resize(0);
    const session = this.#session;
    const socket = this.#socket;
    if (session === null || session.destroyed) return void socket.destroy();
    socket.pause(); // Anything else that it sends is not even read.
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.destroy();
    const timer = setTimeout(() => socket.destroy(), LAST_WORDS_MS);
    socket.once("close", () => clearTimeout(timer));
  }
}

import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Where a raw connection goes, and with which identity. */
export interface RawTarget {
  readonly port: number;
  readonly ca: string;
  readonly pair?: { readonly cert: string; readonly key: string };
}

type Pairs = readonly (readonly [name: string, value: string])[];

/**
 * Hand-made HTTP/2 (RFC 9113) over TLS: sends what no library would. Received data is discarded, if it reads at all.
 */
export class RawConnection {
  readonly #socket: Socket;
  #nextStream = 1;
  readonly closed: Promise<void>;
  /** Bytes received. */
  received = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("data", (chunk: Uint8Array) => this.received += chunk.length);
  }

  /** Resolves when TLS is complete and the preface has been sent. windows: bytes that the server may send ahead. */
  static async open(
    target: RawTarget,
    options: { readonly window?: number } = {},
  ): Promise<RawConnection> {
    const socket = connectTls({
      host: "localhost",
      port: target.port,
      ca: target.ca,
      ALPNProtocols: ["h2"],
      ...target.pair,
    });
    socket.on("error", () => {});
    await new Promise<void>((resolve) => {
      socket.once("secureConnect", () => resolve());
      socket.once("close", () => resolve());
    });
    const connection = new RawConnection(socket);
    const window = options.window ?? 65_535;
    const settings = Buffer.alloc(6);
    settings.writeUInt16BE(4); // SETTINGS_INITIAL_WINDOW_SIZE
    settings.writeUInt32BE(window, 2);
    connection.send(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0, settings));
    connection.send(frame(4, 1, 0)); // acknowledges the server's settings
    if (window > 65_535) {
      const update = Buffer.alloc(4);
      update.writeUInt32BE(window - 65_535);
      connection.send(frame(8, 0, 0, update));
    }
    return connection;
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  send(...frames: Uint8Array[]): void {
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat(frames));
  }

  /** Resolves when everything that was sent so far has left, or the connection is closed. */
  async flushed(): Promise<void> {
    const left = new Promise<void>((resolve) =>
      this.#socket.write(new Uint8Array(0), () => resolve())
    );
    await Promise.race([left, this.closed]);
  }

  stopReading(): void {
    this.#socket.pause();
  }

  end(): void {
    this.#socket.destroy();
  }

  newStream(): number {
    this.#nextStream += 2;
    return this.#nextStream - 2;
  }

  /** A whole unary or server-streaming call; returns its stream. */
  call(path: string, message: Uint8Array, headers: Pairs = []): number {
    const stream = this.newStream();
    this.send(
      headersFrame(stream, callHeaders(path, headers)),
      frame(0, 1, stream, grpcMessage(message)),
    );
    return stream;
  }
}

/** Connects without TLS and stays silent. Resolves when connected; null if that fails. */
export function silentSocket(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, "127.0.0.1");
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(null));
    socket.on("error", () => {});
    socket.resume();
  });
}

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(0),
) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** HEADERS, and CONTINUATION if the block is long. flags: 4 END_HEADERS (set on the last frame), 1 END_STREAM. */
export function headersFrame(stream: number, block: Uint8Array, flags = 4): Buffer {
  const frames: Buffer[] = [];
  const most = 16_384;
  for (let at = 0; at === 0 || at < block.length; at += most) {
    const last = at + most >= block.length ? flags & 4 : 0;
    const first = at === 0 ? flags & 1 : 0;
    frames.push(frame(at === 0 ? 1 : 9, last | first, stream, block.subarray(at, at + most)));
  }
  return Buffer.concat(frames);
}

export function callHeaders(path: string, extra: Pairs = []): Buffer {
  return headerBlock([
    [":method", "POST"],
    [":scheme", "https"],
    [":path", path],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...extra,
  ]);
}

/** Literals without indexing (RFC 7541, section 6.2.2). */
export function headerBlock(pairs: Pairs): Buffer {
  return Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

/** A literal that is added to the table, and `times` references to it. */
export function repeatedHeader(name: string, value: string, times: number): Buffer {
  const reference = Buffer.alloc(times, 0x80 | 62);
  return Buffer.concat([Buffer.of(0x40), text(name), text(value), reference]);
}

export function grpcMessage(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function text(value: string): Buffer {
  return Buffer.concat([integer(value.length), Buffer.from(value)]);
}

function integer(value: number): Buffer {
  if (value < 127) return Buffer.of(value);
  const bytes = [127];
  let rest = value - 127;
  while (rest >= 128) {
    bytes.push((rest & 127) | 128);
    rest >>= 7;
  }
  return Buffer.from([...bytes, rest]);
}

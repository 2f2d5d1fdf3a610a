import { once } from "node:events";
import { Buffer } from "node:buffer";
import { callHeaders, frame, grpcMessage, headersFrame } from "./raw_http2.ts";

/** OpenSSL's TLS client, which resumes sessions, unlike Deno's own client. */
export interface OpensslConnection extends AsyncDisposable {
  /**
   * The next HTTP/2 frame of a type: 0 DATA, 1 HEADERS, 7 GOAWAY. Resolves to null if the connection ends without one.
   */
  frame(type: number): Promise<Buffer | null>;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
}

export interface OpensslOptions {
  readonly port: number;
  readonly folder: string;
  /** Names of PEM files in folder: NAME.crt and NAME.key. */
  readonly client: string;
  readonly version: "1.2" | "1.3";
  /** Whether to offer session tickets; false: only the session's id, which requires TLS 1.2. */
  readonly tickets?: boolean;
  /** Files with the session, in folder. */
  readonly saveSession?: string;
  readonly resumeSession?: string;
}

/** Connects and calls LogMetadataService/List for all namespaces as x-remote-user alice. */
export function callByOpenssl(options: OpensslOptions): OpensslConnection {
  const { folder } = options;
  const child = new Deno.Command("openssl", {
    args: [
      ...["s_client", "-quiet", "-connect", `localhost:${options.port}`, "-alpn", "h2"],
      ...["-CAfile", `${folder}/trusted.crt`, options.version === "1.2" ? "-tls1_2" : "-tls1_3"],
      ...["-cert", `${folder}/${options.client}.crt`, "-key", `${folder}/${options.client}.key`],
      ...(options.tickets === false ? ["-no_ticket"] : []),
      ...(options.saveSession === undefined
        ? []
        : ["-sess_out", `${folder}/${options.saveSession}`]),
      ...(options.resumeSession === undefined
        ? []
        : ["-sess_in", `${folder}/${options.resumeSession}`]),
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const frames: { type: number; payload: Buffer }[] = [];
  const news = new EventTarget();
  let isOver = false;
  const reading = readFrames(child.stdout, (type, payload) => {
    frames.push({ type, payload });
    news.dispatchEvent(new Event("news"));
  }).finally(() => {
    isOver = true;
    news.dispatchEvent(new Event("news"));
  });
  const writer = child.stdin.getWriter();
  writer.write(listRequest()).catch(() => {}); // Refused meanwhile; `ended` reports it.
  return {
    async frame(type) {
      for (;;) {
        const found = frames.find((frame) => frame.type === type);
        if (found !== undefined) return found.payload;
        if (isOver) return null;
        await once(news, "news");
      }
    },
    ended: reading,
    async [Symbol.asyncDispose]() {
      writer.close().catch(() => {});
      try {
        child.kill();
      } catch {
        // It has already ended.
      }
      await reading;
      await child.status;
    },
  };
}

async function readFrames(
  stream: ReadableStream<Uint8Array>,
  found: (type: number, payload: Buffer) => void,
): Promise<void> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of stream) {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const length = bytes.readUIntBE(0, 3);
      found(bytes[3] ?? 0, bytes.subarray(9, 9 + length));
      bytes = bytes.subarray(9 + length);
    }
  }
}

/** The bytes of an HTTP/2 connection that calls List. */
function listRequest(): Uint8Array {
  const headers = callHeaders("/cluster_agent.LogMetadataService/List", [
    ["x-remote-user", "alice"],
  ]);
  return Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    frame(4, 0, 0),
    headersFrame(1, headers),
    frame(0, 1, 1, grpcMessage(new Uint8Array(0))),
  ]);
}

import { Buffer } from "node:buffer";
import type { Server } from "./server.ts";

/** The result of a call of the client process. */
export interface CallResult {
  readonly milliseconds: number;
  readonly firstMilliseconds: number;
  readonly frames: number;
  readonly bytes: number;
  /** gRPC status number as text; "": cancelled by the client. */
  readonly status: string;
  readonly message: string;
}

const ENDED = "the client process has ended: see its message above";

/** The client process, connected to one server. */
export class Client implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Map<number, PromiseWithResolvers<CallResult>>();
  #lastId = 0;
  #hasEnded = false;

  constructor(server: Server) {
    this.#child = new Deno.Command(clientRuntime[0]!, {
      args: [...clientRuntime.slice(1), new URL("client.js", import.meta.url).pathname],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    const { address, ca, cert, key } = server;
    this.#send({ address, ca, cert, key });
    this.#listen();
  }

  /** Makes a call; limit: cancel it after this many records. Rejects if the client ends before the call does. */
  call(method: string, body: Uint8Array, limit = 0): Promise<CallResult> {
    const id = ++this.#lastId;
    if (this.#hasEnded) return Promise.reject(new Error(ENDED));
    const waiting = Promise.withResolvers<CallResult>();
    this.#waiting.set(id, waiting);
    const path = `/cluster_agent.${method}`;
    this.#send({ id, path, body: Buffer.from(body).toString("base64"), limit });
    return waiting.promise;
  }

  /** Makes a call whose result does not matter; returns a function that cancels it. */
  cancellable(method: string, body: Uint8Array): () => void {
    this.call(method, body).catch(() => {});
    const id = this.#lastId;
    return () => this.#send({ id, cancel: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {}); // it may have ended
    await this.#child.status;
  }

  #send(order: unknown): void {
    const line = new TextEncoder().encode(`${JSON.stringify(order)}\n`);
    this.#input.write(line).catch(() => {}); // where it has ended, every call has failed
  }

  async #listen(): Promise<void> {
    let text = "";
    for await (const chunk of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (text + chunk).split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        const { id, ...result } = JSON.parse(line);
        this.#waiting.get(id)?.resolve(result);
        this.#waiting.delete(id);
      }
    }
    this.#hasEnded = true;
    for (const { reject } of this.#waiting.values()) reject(new Error(ENDED));
  }
}

/** Node if available: its HTTP/2 takes less of the machine that the server shares. */
const clientRuntime = hasNode() ? ["node"] : [Deno.execPath(), "run", "--allow-net", "--quiet"];
export const clientName = clientRuntime[0] === "node" ? "Node" : "Deno";

function hasNode(): boolean {
  try {
    return new Deno.Command("node", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

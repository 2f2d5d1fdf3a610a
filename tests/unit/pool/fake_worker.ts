import type { Init, Message, Request, Response } from "../../../src/pool/messages.ts";
import type { PieceResult } from "../../../src/pool/piece.ts";
import { RequestLoop } from "../../../src/pool/request_loop.ts";
import { SharedFlags } from "../../../src/pool/shared_flags.ts";

/**
 * A worker that does nothing on its own: the test sees its requests and determines its answers. Everything else is the
 * loop of the real one. Like a real worker, it takes the next request after it has answered, and answers in a later
 * turn.
 */
export class FakeWorker {
  onmessage: ((event: { data: Message }) => void) | null = null;
  onerror: ((event: { message: string; preventDefault(): void }) => void) | null = null;
  onmessageerror: (() => void) | null = null;
  /** Everything that it was ever sent. */
  readonly requests: Request[] = [];
  /** Everything that it has begun. */
  readonly begun: Request[] = [];
  engineBytes = 0;
  terminated = false;
  /** False: it waits from the beginning of each request, as for a disk. */
  computes = true;
  #flags = new SharedFlags();
  #loop: RequestLoop | null = null;
  #current: { readonly request: Request; readonly answer: (response: Response) => void } | null =
    null;

  postMessage(message: Request | Init): void {
    if (message.kind === "init") return this.#init(message);
    this.requests.push(message);
    this.#loop!.receive(message);
  }

  terminate(): void {
    this.terminated = true;
  }

  /** Whether the pool has told it to stop its current request. */
  get isStopped(): boolean {
    return this.#current !== null && this.#flags.isStopped(this.#current.request.id);
  }

  /** Its requests, except revoked ones. */
  get valid(): Request[] {
    return this.requests.filter(({ id }) => !this.#flags.isRevoked(id));
  }

  ready(): void {
    this.onmessage?.({ data: { kind: "ready" } });
  }

  /** From now on it waits, as for a disk; otherwise it computes. */
  waits(): void {
    this.#flags.stopComputing();
  }

  /** Reports that it has finished, without answering yet: the answer is on its way. */
  finish(): void {
    this.#flags.finish(this.#current!.request.id);
  }

  /** Answers its current request with a piece's result. */
  scanned(result: Partial<PieceResult> = {}): Promise<void> {
    return this.#answer((id) => ({ kind: "scanned", id, result: { ...emptyResult, ...result } }));
  }

  checked(): Promise<void> {
    return this.#answer((id) => ({ kind: "checked", id }));
  }

  fileUnavailable(): Promise<void> {
    return this.#answer((id) => ({ kind: "file-unavailable", id }));
  }

  engineTrapped(): Promise<void> {
    return this.#answer((id) => ({ kind: "engine-trapped", id }));
  }

  engineFull(): Promise<void> {
    return this.#answer((id) => ({ kind: "engine-full", id }));
  }

  die(): void {
    this.onerror?.({ message: "died", preventDefault: () => {} });
  }

  #init({ sharedFlags, engineBytes }: Init): void {
    this.engineBytes = engineBytes;
    this.#flags = new SharedFlags(sharedFlags);
    this.#loop = new RequestLoop(this.#flags, {
      carryOut: (request) => {
        this.begun.push(request);
        if (this.computes) this.#flags.startComputing();
        return new Promise((answer) => this.#current = { request, answer });
      },
      respond: (data) => this.onmessage?.({ data }),
    });
  }

  async #answer(responseTo: (id: number) => Response): Promise<void> {
    await settle();
    if (this.#current === null) throw new Error("the worker is at no request");
    const { request, answer } = this.#current;
    this.#current = null;
    this.#flags.stopComputing();
    answer(responseTo(request.id));
    await settle();
  }
}

/** Runs everything that only waits for its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 300; turn++) await Promise.resolve();
}

export const emptyResult: PieceResult = {
  frames: new Uint8Array(0),
  records: 0,
  malformed: 0,
  resume: null,
  from: 0,
  to: 0,
  bytes: 0,
  seconds: 0,
  short: false,
};

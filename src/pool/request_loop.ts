import type { Request, Response, ResponseMessage } from "./messages.ts";
import type { SharedFlags } from "./shared_flags.ts";

/** Carries out a request. Must not reject. `isStopped` returns whether the result is no longer needed. */
export type CarryOut = (request: Request, isStopped: () => boolean) => Promise<Response>;

/**
 * A worker's side of the protocol: carries out requests one after another, in order, skips revoked ones, and answers
 * each of the others once. Owned by one worker; the tests' workers run the same loop.
 */
export class RequestLoop {
  readonly #flags: SharedFlags;
  readonly #carryOut: CarryOut;
  readonly #respond: (response: ResponseMessage) => void;
  /** Resolves when all requests are done; loading an engine takes several turns of the event loop. */
  #done: Promise<void> = Promise.resolve();

  constructor(
    flags: SharedFlags,
    options: { readonly carryOut: CarryOut; readonly respond: (response: ResponseMessage) => void },
  ) {
    this.#flags = flags;
    this.#carryOut = options.carryOut;
    this.#respond = options.respond;
  }

  receive(request: Request): void {
    this.#done = this.#done.then(() => this.#process(request));
  }

  async #process(request: Request): Promise<void> {
    const { id } = request;
    const state = this.#flags.begin(id);
    if (state === "revoked") return this.#flags.finish(id);
    const response: Response = state === "stopped"
      ? { kind: "stopped", id }
      : await this.#carryOut(request, () => this.#flags.isStopped(id));
    const { computedMs } = this.#flags;
    this.#flags.finish(id);
    this.#respond({ ...response, computedMs });
  }
}

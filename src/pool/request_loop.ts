import type { Request, Response, ResponseMessage } from "./messages.ts";
import type { SharedFlags } from "./shared_flags.ts";

/** Does what a request asks for. Must not reject. `isStopped`: is the result no longer needed? */
export type CarryOut = (request: Request, isStopped: () => boolean) => Promise<Response>;

/**
 * A worker's side of the protocol: carries out requests one after another, in their order, skips those that were
 * revoked, and answers the others once each. Owned by one worker; the tests' workers run this same loop.
 */
export class RequestLoop {
  readonly #flags: SharedFlags;
  readonly #carryOut: CarryOut;
  readonly #respond: (response: ResponseMessage) => void;
  /** Done when all requests are; to load an engine takes several turns of the event loop. */
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

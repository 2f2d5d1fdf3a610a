import { Turns } from "../limits/turns.ts";
import type { Http2Stream } from "./http2_servers.ts";
import { withoutStacks } from "./session_ends.ts";

/** Streams that end in one turn of the event loop, of all connections together. */
const PER_TURN = 20;

/**
 * Ends the streams of connections some at a time: node:http2 ends all streams of a session at once, and each is a call
 * that ends, a tenth of a millisecond of work. Owned by Connections, shared by its PortConnections.
 */
export class StreamEnds {
  readonly #turns: Turns;

  /** @param later runs something in the next turn of the event loop */
  constructor(later?: (run: () => void) => void) {
    this.#turns = new Turns(later, PER_TURN);
  }

  /** Ends the streams that are open, those too that open meanwhile, then calls `then`: at once where there are none. */
  end(
    streams: ReadonlyMap<number, { readonly stream: Pick<Http2Stream, "destroy" | "destroyed"> }>,
    then: () => void,
  ): void {
    const endOne = (): number => {
      for (const { stream } of streams.values()) {
        if (stream.destroyed) continue;
        withoutStacks(() => stream.destroy());
        return 1;
      }
      then();
      return 0;
    };
    if (streams.size === 0) then();
    else this.#turns.wait(endOne);
  }
}

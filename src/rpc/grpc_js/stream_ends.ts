import { Turns } from "../limits/turns.ts";
import type { Http2Stream } from "./http2_servers.ts";
import { withoutStacks } from "./session_ends.ts";

/** Number of streams that end in one turn of the event loop, for all connections together. */
const PER_TURN = 20;

/**
 * Ends the streams of connections a few at a time: node:http2 ends all streams of a session at once, and each one ends
 * a call, which takes a tenth of a millisecond. Owned by Connections, shared by its PortConnections.
 */
export class StreamEnds {
  readonly #turns: Turns;

  /** @param later runs something in the next turn of the event loop */
  constructor(later?: (run: () => void) => void) {
    this.#turns = new Turns(later, PER_TURN);
  }

  /** Ends the open streams, including those that open meanwhile, then calls `then`: at once if there are none. */
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

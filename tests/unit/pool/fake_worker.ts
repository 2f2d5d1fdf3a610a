import {
  type Answer,
  CELLS,
  FINISHED,
  type Order,
  SKIPPED,
  STOPPED,
  type Welcome,
} from "../../../src/pool/messages.ts";
import type { PieceResult } from "../../../src/pool/piece.ts";

/** A worker that does nothing by itself: the test sees its orders and says what it answers. */
export class FakeWorker {
  onmessage: ((event: { data: Answer }) => void) | null = null;
  onerror: ((event: { message: string; preventDefault(): void }) => void) | null = null;
  onmessageerror: (() => void) | null = null;
  /** All that it was ever given. */
  readonly orders: Order[] = [];
  terminated = false;
  #cells: Int32Array = new Int32Array(CELLS);
  #answered = 0;

  postMessage(message: Order | Welcome): void {
    if (message.kind === "welcome") this.#cells = new Int32Array(message.cells);
    else this.orders.push(message);
  }

  terminate(): void {
    this.terminated = true;
  }

  /** Has the pool told it to stop what it is at? */
  get isStopped(): boolean {
    return Atomics.load(this.#cells, STOPPED) === this.#current.id;
  }

  /** Its orders but one that was taken back. */
  get valid(): Order[] {
    return this.orders.filter(({ id }) => id !== Atomics.load(this.#cells, SKIPPED));
  }

  ready(): void {
    this.onmessage?.({ data: { kind: "ready" } });
  }

  /** Says that it has finished without answering yet: the answer is on its way. */
  finish(): void {
    Atomics.store(this.#cells, FINISHED, this.#current.id);
  }

  /** Answers the order that it is at with a piece's result. */
  scanned(result: Partial<PieceResult> = {}): void {
    const { id } = this.#current;
    this.#answer({ kind: "scanned", id, result: { ...emptyResult, ...result } });
  }

  checked(): void {
    this.#answer({ kind: "checked", id: this.#current.id });
  }

  notMine(): void {
    this.#answer({ kind: "not-mine", id: this.#current.id });
  }

  broken(): void {
    this.#answer({ kind: "broken", id: this.#current.id });
  }

  die(): void {
    this.onerror?.({ message: "died", preventDefault: () => {} });
  }

  get #current(): Order {
    while (Atomics.load(this.#cells, SKIPPED) === this.orders[this.#answered]?.id) this.#answered++;
    return this.orders[this.#answered]!;
  }

  #answer(answer: Answer): void {
    this.finish();
    this.#answered++;
    this.onmessage?.({ data: answer });
  }
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

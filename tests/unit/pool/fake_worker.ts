import type { Answer, Order, Welcome } from "../../../src/pool/messages.ts";
import type { PieceResult } from "../../../src/pool/piece.ts";

/** A worker that does nothing by itself: the test sees its orders and says what it answers. */
export class FakeWorker {
  onmessage: ((event: { data: Answer }) => void) | null = null;
  onerror: ((event: { message: string; preventDefault(): void }) => void) | null = null;
  onmessageerror: (() => void) | null = null;
  readonly orders: Order[] = [];
  terminated = false;
  #stopped = new Int32Array(1) as Int32Array<ArrayBufferLike>;

  postMessage(message: Order | Welcome): void {
    if (message.kind === "welcome") this.#stopped = new Int32Array(message.stopped);
    else this.orders.push(message);
  }

  terminate(): void {
    this.terminated = true;
  }

  /** Has the pool told it to stop what it is at? */
  get isStopped(): boolean {
    return Atomics.load(this.#stopped, 0) === this.orders.at(-1)?.id;
  }

  ready(): void {
    this.onmessage?.({ data: { kind: "ready" } });
  }

  /** Answers its last order with a piece's result. */
  scanned(result: Partial<PieceResult> = {}): void {
    const { id } = this.orders.at(-1)!;
    this.onmessage?.({ data: { kind: "scanned", id, result: { ...emptyResult, ...result } } });
  }

  checked(): void {
    this.onmessage?.({ data: { kind: "checked", id: this.orders.at(-1)!.id } });
  }

  notMine(): void {
    this.onmessage?.({ data: { kind: "not-mine", id: this.orders.at(-1)!.id } });
  }

  die(): void {
    this.onerror?.({ message: "died", preventDefault: () => {} });
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

import { hasReadPermission } from "../platform/permissions.ts";
import {
  type Answer,
  CELLS,
  FINISHED,
  type Order,
  SKIPPED,
  STOPPED,
  type Welcome,
} from "./messages.ts";

/** Starts a worker that may read the roots (without them: whatever this process may) and nothing else. */
export function startWorker(readRoots?: () => readonly string[]): Worker {
  const url = new URL("./worker.ts", import.meta.url);
  if (readRoots === undefined) return new Worker(url, { type: "module" });
  // To ask for more than the process has would be refused as a whole.
  const read = readRoots().filter(hasReadPermission);
  return new Worker(url, {
    type: "module",
    deno: {
      permissions: {
        read: read.length > 0 ? read : false,
        env: false,
        ffi: false,
        import: false,
        net: false,
        run: false,
        sys: false,
        write: false,
      },
    },
  });
}

type Unnumbered<O> = O extends Order ? Omit<O, "id"> : never;

/** An answer to an order. */
export type OrderAnswer = Extract<Answer, { id: number }>;

/** What a thread tells the pool. */
export interface ThreadEvents {
  /** It is up: only now does the time of its first job count. */
  ready(): void;
  answered(answer: OrderAnswer): void;
  died(why: string): void;
}

/** An order that a worker has not answered yet. */
interface Given<J> {
  readonly id: number;
  /** Null: nobody has any use for the answer. */
  job: J | null;
}

/**
 * A worker and what it is at: one job, and at most one more behind it, so that it need not wait for
 * the pool between two.
 */
export class Thread<J> {
  lane: "quick" | "slow";
  readonly #worker: Worker;
  readonly #cells = new Int32Array(new SharedArrayBuffer(4 * CELLS));
  /** Of its regex engine, once that is loaded. */
  #brake: Int32Array | null = null;
  #isReady = false;
  #since = performance.now();
  readonly #given: Given<J>[] = [];
  #lastId = 0;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(worker: Worker, lane: "quick" | "slow", events: ThreadEvents) {
    this.lane = lane;
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.kind === "ready") {
        this.#isReady = true;
        this.#since = performance.now();
        events.ready();
      } else if (data.kind === "brake") this.#brake = new Int32Array(data.brake);
      else if (data.id === this.#given[0]?.id) events.answered(data);
    };
    worker.onerror = (event) => {
      event.preventDefault(); // Otherwise the error would be thrown here, too.
      events.died(event.message);
    };
    worker.onmessageerror = () => events.died("a message could not be read");
    const welcome: Welcome = { kind: "welcome", cells: this.#cells.buffer };
    worker.postMessage(welcome);
  }

  /** What it works on; null also where its answer is awaited but nobody wants it. */
  get job(): J | null {
    return this.#given[0]?.job ?? null;
  }

  /** What it will do after that. */
  get nextJob(): J | null {
    return this.#given[1]?.job ?? null;
  }

  /** Has it an order that it has not answered? */
  get isBusy(): boolean {
    return this.#given.length > 0;
  }

  /** May it be given a job to do after the one that it is at? */
  get hasRoomBehind(): boolean {
    return this.#isReady && this.#given.length === 1 && this.job !== null;
  }

  /** When its job, or its time without one, began (performance.now); Infinity while the worker starts. */
  get since(): number {
    return this.#isReady ? this.#since : Infinity;
  }

  /** Is it still at its job, as far as the worker itself says? Its answer may be on the way. */
  get isComputing(): boolean {
    return this.isBusy && Atomics.load(this.#cells, FINISHED) !== this.#given[0]!.id;
  }

  take(job: J, order: Unnumbered<Order>, transfer: Transferable[] = []): void {
    const id = ++this.#lastId;
    if (!this.isBusy) this.#since = performance.now();
    this.#given.push({ id, job });
    this.#worker.postMessage({ ...order, id }, transfer);
  }

  /** It has answered, or is gone: returns the job, unless that was left. */
  free(): J | null {
    const given = this.#given.shift();
    this.#since = performance.now();
    clearTimeout(this.#graceTimer);
    if (this.#brake !== null) Atomics.store(this.#brake, 0, 0);
    return given?.job ?? null;
  }

  /** Takes back the job that it has not begun, if there is one. */
  takeBack(): J | null {
    const given = this.#given.splice(1, 1)[0];
    if (given !== undefined) Atomics.store(this.#cells, SKIPPED, given.id);
    return given?.job ?? null;
  }

  /** Takes the job away; the order's answer will be of no use. */
  leave(): void {
    if (this.isBusy) this.#given[0]!.job = null;
  }

  /**
   * Tells the worker to stop what it does. It does so between two blocks of its piece; if it has not
   * within the grace (milliseconds) its regex engine is ended, which takes no time. Calls back where
   * not even that has helped after the second grace.
   */
  stop(grace: number, secondGrace: number, onStuck: () => void): void {
    if (!this.isBusy) return;
    Atomics.store(this.#cells, STOPPED, this.#given[0]!.id);
    clearTimeout(this.#graceTimer);
    this.#graceTimer = setTimeout(() => {
      if (!this.isComputing) return;
      if (this.#brake !== null) Atomics.store(this.#brake, 0, 1);
      this.#graceTimer = setTimeout(onStuck, secondGrace);
    }, grace);
  }

  end(): void {
    clearTimeout(this.#graceTimer);
    this.#worker.onmessage = this.#worker.onerror = this.#worker.onmessageerror = null;
    // To terminate a worker does not end what it computes.
    if (this.#brake !== null) Atomics.store(this.#brake, 0, 1);
    this.#worker.terminate();
  }
}

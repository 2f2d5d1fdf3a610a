import { hasReadPermission } from "../platform/permissions.ts";
import type { Answer, Order, Welcome } from "./messages.ts";

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

/** A worker and what it is at. */
export class Thread<J> {
  lane: "quick" | "slow";
  readonly #worker: Worker;
  readonly #stopped = new Int32Array(new SharedArrayBuffer(4));
  /** Of its regex engine, once that is loaded. */
  #brake: Int32Array | null = null;
  #isReady = false;
  #since = performance.now();
  #job: J | null = null;
  /** Of the order that it has not answered yet; 0: none. */
  #order = 0;
  #lastOrder = 0;
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
      else if (data.id === this.#order) events.answered(data);
    };
    worker.onerror = (event) => {
      event.preventDefault(); // Otherwise the error would be thrown here, too.
      events.died(event.message);
    };
    worker.onmessageerror = () => events.died("a message could not be read");
    const welcome: Welcome = { kind: "welcome", stopped: this.#stopped.buffer };
    worker.postMessage(welcome);
  }

  /** What it works on; null also where its answer is awaited but nobody wants it. */
  get job(): J | null {
    return this.#job;
  }

  /** Has it an order that it has not answered? */
  get isBusy(): boolean {
    return this.#order !== 0;
  }

  /** When its job, or its time without one, began (performance.now); Infinity while the worker starts. */
  get since(): number {
    return this.#isReady ? this.#since : Infinity;
  }

  take(job: J, order: Unnumbered<Order>, transfer: Transferable[] = []): void {
    this.#job = job;
    this.#order = ++this.#lastOrder;
    this.#since = performance.now();
    this.#worker.postMessage({ ...order, id: this.#order }, transfer);
  }

  /** It has answered, or is gone: returns the job, unless that was left. */
  free(): J | null {
    const job = this.#job;
    this.#job = null;
    this.#order = 0;
    this.#since = performance.now();
    clearTimeout(this.#graceTimer);
    if (this.#brake !== null) Atomics.store(this.#brake, 0, 0);
    return job;
  }

  /** Takes the job away; the order's answer will be of no use. */
  leave(): void {
    this.#job = null;
  }

  /**
   * Tells the worker to stop what it does. It does so between two blocks of its piece; if it has not
   * within the grace (milliseconds) its regex engine is ended, which takes no time, but the worker
   * with it. Calls back where not even that has helped after the second grace.
   */
  stop(grace: number, secondGrace: number, onStuck: () => void): void {
    Atomics.store(this.#stopped, 0, this.#order);
    clearTimeout(this.#graceTimer);
    this.#graceTimer = setTimeout(() => {
      if (this.#brake !== null) Atomics.store(this.#brake, 0, 1);
      this.#graceTimer = setTimeout(onStuck, secondGrace);
    }, grace);
  }

  end(): void {
    clearTimeout(this.#graceTimer);
    this.#worker.onmessage = this.#worker.onerror = this.#worker.onmessageerror = null;
    this.#worker.terminate();
  }
}

import { Failure } from "../../../src/failure/failure.ts";
import {
  type Piece,
  type PoolTimes,
  ScanPool,
  type ScanPoolOptions,
} from "../../../src/pool/pool.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { FakeWorker, settle } from "./fake_worker.ts";
import { spec } from "./log_pieces.ts";

/** A pool of fake workers, and what it reported. */
export class Setup implements Disposable {
  readonly workers: FakeWorker[] = [];
  readonly events: AgentEvent[] = [];
  readonly pool: ScanPool;
  /** Whether workers that start from now on compute. Otherwise they wait, however long the machine takes. */
  computes = true;
  #watched: { type: AgentEvent["type"]; seen: () => void }[] = [];

  constructor(
    workers: number,
    times: Partial<PoolTimes> = {},
    more: Partial<ScanPoolOptions> = {},
  ) {
    this.pool = new ScanPool({
      workers,
      ...more,
      times: { slow: 1e6, grace: 1e6, idle: 1e6, ...times },
      report: (event) => {
        this.events.push(event);
        for (const watch of this.#watched) if (watch.type === event.type) watch.seen();
      },
      startWorker: () => {
        const worker = new FakeWorker();
        worker.computes = this.computes;
        this.workers.push(worker);
        queueMicrotask(() => worker.ready());
        return worker as unknown as Worker;
      },
    });
  }

  event(type: AgentEvent["type"]): Promise<void> {
    return new Promise((seen) => this.#watched.push({ type, seen }));
  }

  scan(piece: Piece, stream: object, signal = new AbortController().signal, user = "") {
    const result = this.pool.scan(piece, { stream, signal, user });
    result.catch(() => {}); // Noticed where it is awaited; some never are.
    return result;
  }

  /** The `from` of every piece that workers were given (and that was not revoked), in the order of the workers. */
  get given(): number[][] {
    return this.workers.map(({ valid }) =>
      valid.map((request) => request.kind === "scan" ? request.piece.from : -1)
    );
  }

  [Symbol.dispose](): void {
    this.pool.close();
  }
}

/** Resolves when another pool, with the same limit, has found that a job begun after this call is slow. */
export async function foundSlowElsewhere(slow: number): Promise<void> {
  using other = new Setup(1, { slow });
  other.scan(piece(1, "slow"), {});
  await settle();
  other.scan(piece(2), {});
  await other.event("workers");
}

/** Resolves when another pool, with the same grace period, has replaced a worker that was stopped after this call. */
export async function replacedElsewhere(grace: number): Promise<void> {
  using other = new Setup(1, { grace });
  const cancel = new AbortController();
  other.scan(piece(1), {}, cancel.signal);
  await settle();
  const replaced = other.event("worker-replaced");
  cancel.abort();
  await replaced;
}

export const MIB = 2 ** 20;
export const LARGE = MIB;

/** A large piece, distinguished from others by where it begins. */
export function piece(from: number, grep = "x", source: Piece["source"] = onDisk): Piece {
  const to = from + LARGE;
  return {
    spec: spec("forward", grep),
    source,
    from,
    to,
    end: to,
    first: from,
    line: null,
    skip: 0,
    window: null,
    budget: 1,
  };
}

export const onDisk: Piece["source"] = { path: "/log", dev: 1, ino: 2, size: 1e9, readAt: () => 0 };

/** The `from` of every piece that the worker has begun. */
export function begun(worker: FakeWorker): number[] {
  return worker.begun.map((request) => request.kind === "scan" ? request.piece.from : -1);
}

export function failure(kind: Failure["kind"]) {
  return (error: unknown) => error instanceof Failure && error.kind === kind;
}

/** Closes the pool when it is disposed of. */
export function closing(pool: ScanPool): ScanPool & Disposable {
  return Object.assign(pool, { [Symbol.dispose]: () => pool.close() });
}

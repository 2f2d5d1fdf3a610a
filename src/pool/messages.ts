import type { FailureKind } from "../failure/failure.ts";
import type { ScanSpec } from "../scan/scan.ts";
import type { PieceRange, PieceResult } from "./piece.ts";

/** What the pool asks of a worker, which answers each, in their order (but none that was taken back). */
export type Order = ScanOrder | CheckOrder;

export interface ScanOrder {
  readonly kind: "scan";
  readonly id: number;
  readonly piece: PieceRange & { readonly spec: ScanSpec };
  /** The file to open, or bytes of it beginning at `offset`. */
  readonly source:
    | { readonly path: string; readonly dev: number; readonly ino: number }
    | { readonly bytes: Uint8Array<ArrayBuffer>; readonly offset: number };
  readonly sliceMs: number;
}

export interface CheckOrder {
  readonly kind: "check";
  readonly id: number;
  readonly spec: ScanSpec;
}

/** What a worker tells the pool. */
export type Answer =
  /** The worker is up. */
  | { readonly kind: "ready" }
  /** It has a regex engine, or another one: a number that is not 0 in the first cell ends its work at once. */
  | { readonly kind: "brake"; readonly brake: SharedArrayBuffer }
  | { readonly kind: "scanned"; readonly id: number; readonly result: PieceResult }
  | { readonly kind: "checked"; readonly id: number }
  /** The path does not lead to the piece's file, or not for this worker. */
  | { readonly kind: "not-mine"; readonly id: number }
  /** Its regex engine was ended amid the order, or ran out of memory. */
  | { readonly kind: "broken"; readonly id: number }
  | {
    readonly kind: "failed";
    readonly id: number;
    readonly failure: FailureKind;
    readonly message: string;
  };

/** What a worker is given first: memory that it shares with the pool. */
export interface Welcome {
  readonly kind: "welcome";
  /** Numbers of 32 bits; what each is for stands below. */
  readonly cells: SharedArrayBuffer;
}

/** The pool writes the id of an order under way that nobody wants any more. */
export const STOPPED = 0;
/** The pool writes the id of an order that it has taken back: not to be begun. */
export const SKIPPED = 1;
/** The worker writes the id of the order that it finished last, before it answers. */
export const FINISHED = 2;
export const CELLS = 3;

import type { FailureKind } from "../failure/failure.ts";
import type { ScanSpec } from "../scan/scan.ts";
import type { PieceRange, PieceResult } from "./piece.ts";

/** What the pool asks of a worker: one at a time. */
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
  /** Its regex engine is loaded: a number that is not 0 in the first cell ends its work at once, and with it the worker's use. */
  | { readonly kind: "brake"; readonly brake: SharedArrayBuffer }
  | { readonly kind: "scanned"; readonly id: number; readonly result: PieceResult }
  | { readonly kind: "checked"; readonly id: number }
  /** The path does not lead to the piece's file, or not for this worker. */
  | { readonly kind: "not-mine"; readonly id: number }
  /** Its regex engine was ended amid its work: the worker must be replaced. */
  | { readonly kind: "broken"; readonly id: number }
  | {
    readonly kind: "failed";
    readonly id: number;
    readonly failure: FailureKind;
    readonly message: string;
  };

/** What a worker is given first: the cell in which the pool writes the id of an order that nobody wants any more. */
export interface Welcome {
  readonly kind: "welcome";
  readonly stopped: SharedArrayBuffer;
}

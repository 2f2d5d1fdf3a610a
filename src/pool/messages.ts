import type { FailureKind } from "../failure/failure.ts";
import type { LogFormat, ScanSpec } from "../scan/scan.ts";
import type { TimeWindow } from "../scan/time_window.ts";
import type { ExaminedBeginning, ExaminedPart, ExaminedText } from "../files/examined_text.ts";
import type { FileIdentity } from "../files/log_file.ts";
import type { PieceRange, PieceResult } from "./piece.ts";

/** Offsets in a source, in bytes. */
export interface Bounds {
  readonly from: number;
  readonly to: number;
}

/** The first message from the pool to a worker. */
export interface Init {
  readonly kind: "init";
  /** The memory of a SharedFlags. */
  readonly sharedFlags: SharedArrayBuffer;
  /** How much memory the worker's regex engine may take, in bytes. */
  readonly engineBytes: number;
}

/** A request from the pool to a worker, which answers each in order, except revoked ones. */
export type Request = ScanRequest | CheckRequest | LocateRequest | ExamineRequest;

export interface ScanRequest {
  readonly kind: "scan";
  readonly id: number;
  readonly piece: PieceRange & { readonly spec: ScanSpec };
  /** The file to open (and inflate), or its inlined bytes, which begin at `offset`. */
  readonly source:
    | FileIdentity & { readonly isCompressed: boolean }
    | { readonly bytes: Uint8Array<ArrayBuffer>; readonly offset: number };
  readonly sliceMs: number;
  /** Leaves long lines to the thread that has the memory for them. */
  readonly leavesLongLines?: boolean;
}

/** Where a window is in a compressed log. */
export interface LocateRequest {
  readonly kind: "locate";
  readonly id: number;
  readonly source: FileIdentity;
  readonly format: LogFormat;
  readonly window: TimeWindow;
  readonly sliceMs: number;
}

/** What following needs to know about a compressed log. */
export interface ExamineRequest {
  readonly kind: "examine";
  readonly id: number;
  readonly source: FileIdentity;
  readonly range: ExaminedPart;
  readonly sliceMs: number;
}

export interface CheckRequest {
  readonly kind: "check";
  readonly id: number;
  readonly spec: ScanSpec;
}

/** A message from a worker to the pool. */
export type Message =
  /** The worker has started. */
  | { readonly kind: "ready" }
  /** It has a regex engine, or a new one: a first word other than 0 ends the engine's work at once. */
  | { readonly kind: "stop-flag"; readonly stopFlag: SharedArrayBuffer }
  | ResponseMessage;

/** A response, and its cost. */
export type ResponseMessage = Response & {
  /** How long the worker has computed for it, excluding waiting for a disk or a module, in milliseconds. */
  readonly computedMs: number;
};

/** The answer to a request. */
export type Response =
  | { readonly kind: "scanned"; readonly id: number; readonly result: PieceResult }
  | { readonly kind: "checked"; readonly id: number }
  /** Null: its time was up; a repeated request continues. */
  | { readonly kind: "located"; readonly id: number; readonly bounds: Bounds | null }
  /** Null: as above. */
  | {
    readonly kind: "examined";
    readonly id: number;
    readonly examined: ExaminedText | ExaminedBeginning | null;
  }
  /** It was stopped before it began. */
  | { readonly kind: "stopped"; readonly id: number }
  /** The path does not lead to the piece's file, or this worker may not read it. */
  | { readonly kind: "file-unavailable"; readonly id: number }
  /** Its regex engine was stopped during the request, or trapped on its own. */
  | { readonly kind: "engine-trapped"; readonly id: number }
  /** The pattern needs more memory than the worker's regex engine may take. */
  | { readonly kind: "engine-full"; readonly id: number }
  | {
    readonly kind: "failed";
    readonly id: number;
    readonly failure: FailureKind;
    readonly message: string;
  };

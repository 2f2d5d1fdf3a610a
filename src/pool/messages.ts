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

/** What the pool sends a worker first. */
export interface Init {
  readonly kind: "init";
  /** The memory of a SharedFlags. */
  readonly sharedFlags: SharedArrayBuffer;
  /** How much memory the worker's regex engine may take, bytes. */
  readonly engineBytes: number;
}

/** What the pool asks of a worker, which answers each in order, except for those that were revoked. */
export type Request = ScanRequest | CheckRequest | LocateRequest | ExamineRequest;

export interface ScanRequest {
  readonly kind: "scan";
  readonly id: number;
  readonly piece: PieceRange & { readonly spec: ScanSpec };
  /** The file to open (and inflate), or its bytes, inlined: they begin at `offset`. */
  readonly source:
    | FileIdentity & { readonly isCompressed: boolean }
    | { readonly bytes: Uint8Array<ArrayBuffer>; readonly offset: number };
  readonly sliceMs: number;
  /** Leave long lines to the thread that has the memory for them. */
  readonly leavesLongLines?: boolean;
}

/** Where in a compressed log a window lies. */
export interface LocateRequest {
  readonly kind: "locate";
  readonly id: number;
  readonly source: FileIdentity;
  readonly format: LogFormat;
  readonly window: TimeWindow;
  readonly sliceMs: number;
}

/** What following must know of a compressed log. */
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

/** What a worker tells the pool. */
export type Message =
  /** The worker is up. */
  | { readonly kind: "ready" }
  /** It has a regex engine, or another one: a first word that is not 0 ends the engine's work at once. */
  | { readonly kind: "stop-flag"; readonly stopFlag: SharedArrayBuffer }
  | ResponseMessage;

/** A response, and what it took. */
export type ResponseMessage = Response & {
  /** How long the worker has computed for it, without waiting for a disk or a module; milliseconds. */
  readonly computedMs: number;
};

/** The answer to a request. */
export type Response =
  | { readonly kind: "scanned"; readonly id: number; readonly result: PieceResult }
  | { readonly kind: "checked"; readonly id: number }
  /** Null: its time was up; asked again, it continues. */
  | { readonly kind: "located"; readonly id: number; readonly bounds: Bounds | null }
  /** Null: as above. */
  | {
    readonly kind: "examined";
    readonly id: number;
    readonly examined: ExaminedText | ExaminedBeginning | null;
  }
  /** It was stopped before it was begun. */
  | { readonly kind: "stopped"; readonly id: number }
  /** The path does not lead to the piece's file, or this worker may not read it. */
  | { readonly kind: "file-unavailable"; readonly id: number }
  /** Its regex engine was stopped during the request, or trapped by itself. */
  | { readonly kind: "engine-trapped"; readonly id: number }
  /** The pattern needs more memory than the worker's regex engine may take. */
  | { readonly kind: "engine-full"; readonly id: number }
  | {
    readonly kind: "failed";
    readonly id: number;
    readonly failure: FailureKind;
    readonly message: string;
  };

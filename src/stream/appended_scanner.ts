import type { LogFormat } from "../scan/format.ts";
import { createScanner, type Scanner, type ScanResult } from "../scan/scan.ts";

/** Frames that one result may hold. */
const RESULT_BYTES = 256 * 1024;
/** Frames of no more than this may be shared by several streams; nobody takes their buffer over. */
export const SHARED_BYTES = 16 * 1024;

/**
 * Scans appended lines in place, for all who follow without a pattern: the same lines are scanned once, however many
 * follow them. Owned by the records service; the FollowStreams call it.
 */
export class AppendedScanner {
  readonly #scanners: Readonly<Record<LogFormat, Scanner>>;
  readonly #results = new WeakMap<Uint8Array, ScanResult>();

  private constructor(scanners: Readonly<Record<LogFormat, Scanner>>) {
    this.#scanners = scanners;
  }

  static async create(maxRecordBytes: number): Promise<AppendedScanner> {
    const scanner = (format: LogFormat) =>
      createScanner({ format, direction: "forward", grep: "", maxRecordBytes });
    return new AppendedScanner({ cri: await scanner("cri"), docker: await scanner("docker") });
  }

  /**
   * @param bytes whole lines; nobody changes them when `isShared`
   * @param options.skip as the scan that stopped here has returned it
   * @param options.isShared others may ask for the same bytes: nobody may change the frames then
   */
  scan(
    format: LogFormat,
    bytes: Uint8Array,
    { skip, isShared }: { readonly skip: number; readonly isShared: boolean },
  ): ScanResult {
    const known = skip === 0 && isShared ? this.#results.get(bytes) : undefined;
    if (known !== undefined) return known;
    const result = this.#scanners[format].scan(bytes, 0, bytes.length, {
      budget: RESULT_BYTES,
      skip,
    });
    if (skip === 0 && isShared && result.frames.length <= SHARED_BYTES) {
      this.#results.set(bytes, result);
    }
    return result;
  }
}

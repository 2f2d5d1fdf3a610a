import type { LogFormat } from "../scan/format.ts";
import { createScanner, type Scanner, type ScanResult } from "../scan/scan.ts";

/** Maximum size of the frames in one result. */
const RESULT_BYTES = 256 * 1024;
/** Frames up to this size may be shared by several streams; nobody takes over their buffer. */
export const SHARED_BYTES = 16 * 1024;

/**
 * Scans appended lines in place, for all followers without a pattern: the same lines are scanned once, however many
 * followers there are. Owned by the records service; the FollowStreams call it.
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
   * @param bytes whole lines; must not change if `isShared`
   * @param options.skip as returned by the scan that stopped here
   * @param options.isShared others may request the same bytes, so the frames must not change
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

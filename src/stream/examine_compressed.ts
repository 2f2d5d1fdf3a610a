import type { ExamineCompressed } from "../files/followed_gzip.ts";
import type { ScanPool } from "../pool/pool.ts";

/** Examines compressed files in the pool, on behalf of all followers. */
export function examineIn(pool: ScanPool): ExamineCompressed {
  const stream = {};
  return ({ format, ...compressed }, range, signal) =>
    pool.examine({ compressed, format, range }, { stream, signal });
}

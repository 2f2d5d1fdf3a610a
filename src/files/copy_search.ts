import { type Fingerprint, startsLikeAny } from "./fingerprint.ts";
import type { LogSource } from "./log_file.ts";
import type { LogSegment, SegmentCopy } from "./log_segment.ts";
import type { RotatedContent } from "./missed_rotations.ts";
import type { RotatedFile } from "./rotated_files.ts";

/** An open rotated file that holds a segment's bytes. */
export interface FoundCopy extends SegmentCopy {
  readonly file: RotatedFile;
}

/**
 * The rotated file that holds most of a segment; the caller disposes of its source. Null if there is none. Throws what
 * `open` throws, and the platform's error if a file cannot be read.
 *
 * @param contents the rotated files, oldest first
 * @param options.others the known beginnings of other files, which do not count
 */
export function findCopy(
  segment: LogSegment,
  contents: readonly RotatedContent[],
  { others, open }: {
    readonly others: readonly Fingerprint[];
    readonly open: (file: RotatedFile) => LogSource;
  },
): FoundCopy | null {
  let best: FoundCopy | null = null;
  try {
    for (const { file, fingerprint } of contents.toReversed()) {
      if (startsLikeAny(others, fingerprint) || !segment.mayBeHeldBy(fingerprint)) continue;
      using opened = new DisposableStack();
      const source = opened.use(open(file));
      const holding = segment.heldBy(source);
      const isBetter = best === null || holding === "all" || source.size > best.source.size;
      if (holding === "nothing" || !isBetter) continue;
      opened.move();
      best?.source[Symbol.dispose]();
      best = { source, holding, file };
      if (holding === "all") break;
    }
    return best;
  } catch (error) {
    best?.source[Symbol.dispose]();
    throw error;
  }
}

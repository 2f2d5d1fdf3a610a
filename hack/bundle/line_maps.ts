import { decode, encode, type SourceMapSegment } from "@jridgewell/sourcemap-codec";

/** A source map, to the extent that bundles have one (ECMA-426). */
export interface SourceMap {
  readonly version: 3;
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

/**
 * The map without names, and with only the beginnings of lines: a stack trace names file and line, and its column is
 * where the line's code begins. The runtime keeps the maps of all loaded modules, and a tenth of the segments is enough
 * for this.
 */
export function lineMap<Map extends SourceMap>(map: Map): Map {
  const kept = decode(map.mappings).map((segments) => {
    let last: SourceMapSegment | undefined;
    return segments.filter((segment) => {
      const isSameLine = last !== undefined && segment[1] === last[1] && segment[2] === last[2];
      last = segment;
      return !isSameLine;
    }).map(withoutName);
  });
  return { ...map, names: [], mappings: encode(kept) };
}

/** A segment with only a column means that what follows has no source. */
function withoutName(segment: SourceMapSegment): SourceMapSegment {
  return segment.length === 1 ? segment : [segment[0], segment[1], segment[2], segment[3]];
}

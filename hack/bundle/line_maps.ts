/** A source map, as far as bundles have one (ECMA-426). */
export interface SourceMap {
  readonly version: 3;
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

/**
 * The map without names, and with no more than the beginnings of lines: a stack trace names file and line, and its
 * column is where the line's code begins. The runtime holds the maps of all modules that it has loaded, and a tenth of
 * the segments are enough for that.
 */
export function lineMap<Map extends SourceMap>(map: Map): Map {
  const kept = decode(map.mappings).map((segments) => {
    let last: Segment | undefined;
    return segments.filter((segment) => {
      const isSameLine = last !== undefined && segment[1] === last[1] && segment[2] === last[2];
      last = segment;
      return !isSameLine;
    });
  });
  return { ...map, names: [], mappings: encode(kept) };
}

/** Column in the bundle; source, its line and column. A segment of the column alone says that what follows has no source. */
type Segment = readonly [number, number?, number?, number?];

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Segments by line of the bundle. Columns begin anew in each line, the rest counts on. Names are left out. */
export function decode(mappings: string): Segment[][] {
  const position = [0, 0, 0, 0];
  return mappings.split(";").map((line) => {
    position[0] = 0;
    return line.split(",").filter((text) => text !== "").map((text) => {
      const deltas = numbers(text).slice(0, 4);
      deltas.forEach((delta, field) => position[field]! += delta);
      return position.slice(0, deltas.length) as unknown as Segment;
    });
  });
}

function encode(lines: readonly (readonly Segment[])[]): string {
  const last = [0, 0, 0, 0];
  return lines.map((segments) => {
    last[0] = 0;
    return segments.map((segment) =>
      segment.map((value, field) => {
        const delta = value! - last[field]!;
        last[field] = value!;
        return digits(delta);
      }).join("")
    ).join(",");
  }).join(";");
}

/** Base64 VLQ: five bits a digit, the lowest first; of the first digit the lowest is the sign. */
function numbers(text: string): number[] {
  const found: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of text) {
    const bits = DIGITS.indexOf(digit);
    if (bits < 0) throw new Error(`Cannot read a source map: "${text}" is no segment`);
    value |= (bits & 31) << shift;
    shift += 5;
    if (bits >= 32) continue;
    found.push(value & 1 ? -(value >>> 1) : value >>> 1);
    value = 0;
    shift = 0;
  }
  return found;
}

function digits(number: number): string {
  let rest = number < 0 ? -number * 2 + 1 : number * 2;
  let text = "";
  do {
    const bits = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? bits | 32 : bits];
  } while (rest > 0);
  return text;
}

import type { FindMatches } from "./output.ts";

/** Longer messages are shown without highlights: finding them could take longer than it is worth. */
const MAX_CHARACTERS = 64 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Finds the matches of the agent's grep, with the same engine. Null if the pattern is invalid: the agent reports why.
 * The engine is loaded only when something is to be highlighted.
 */
export async function loadHighlighter(pattern: string): Promise<FindMatches | null> {
  const { RustRegex } = await import("../scan/rust_regex.ts");
  const { allowAnsiAroundSpaces } = await import("../scan/ansi_spaces.ts");
  const trimmed = pattern.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
  if (trimmed === "") return null;
  let regex: InstanceType<typeof RustRegex>;
  try {
    regex = new RustRegex(allowAnsiAroundSpaces(trimmed));
  } catch {
    return null;
  }
  return (text) => text.length > MAX_CHARACTERS ? [] : find(regex, text);
}

function find(
  regex: { findAll(text: Uint8Array): readonly { start: number; end: number }[] },
  text: string,
): [number, number][] {
  const bytes = encoder.encode(text);
  const isAscii = bytes.length === text.length;
  let atByte = 0;
  let atUnit = 0;
  /** The UTF-16 offset of a byte offset; offsets must come in order. */
  const unit = (byte: number): number => {
    if (isAscii) return byte;
    atUnit += decoder.decode(bytes.subarray(atByte, byte)).length;
    atByte = byte;
    return atUnit;
  };
  return regex.findAll(bytes).map(({ start, end }) => [unit(start), unit(end)]);
}

import { UsageError } from "./terminal.ts";

/** A whole number of at least 1; null if the option is not given. Throws UsageError for anything else. */
export function readCount(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,14}$/.test(text)) {
    throw new UsageError(
      `Cannot read ${option} ${JSON.stringify(text)}: expected a whole number above zero`,
    );
  }
  return Number(text);
}

/** One of the words, the first one if the option is not given. Throws UsageError for any other. */
export function readWord<const Words extends readonly [string, ...string[]]>(
  option: string,
  text: string | undefined,
  words: Words,
): Words[number] {
  if (text === undefined) return words[0];
  const word: Words[number] | undefined = words.find((word) => word === text);
  if (word === undefined) {
    throw new UsageError(
      `Cannot read ${option} ${JSON.stringify(text)}: expected ${words.join(" or ")}`,
    );
  }
  return word;
}

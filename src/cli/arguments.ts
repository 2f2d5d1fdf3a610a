import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { UsageError } from "./terminal.ts";

/** Parses args by node:util's parseArgs; what it does not understand becomes a UsageError. */
export function readArguments<const T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
): Parsed<T> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

type Parsed<T extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>
>;

/** A whole number of at least 1; null where the option is not given. */
export function readCount(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,14}$/.test(text)) {
    throw new UsageError(
      `Cannot read ${option} ${JSON.stringify(text)}: not a whole number above zero`,
    );
  }
  return Number(text);
}

/** One of the words. */
export function readWord<const Words extends readonly [string, ...string[]]>(
  option: string,
  text: string | undefined,
  words: Words,
): Words[number] {
  if (text === undefined) return words[0];
  const word: Words[number] | undefined = words.find((word) => word === text);
  if (word === undefined) {
    throw new UsageError(
      `Cannot read ${option} ${JSON.stringify(text)}: not ${words.join(" or ")}`,
    );
  }
  return word;
}

import type { ByteSet } from "./byte_set.ts";

/**
 * When is a match in a message's bytes proof that the message matches the regex? In a text of ASCII
 * only: where the RegExp does not tell other characters from broken ones.
 */
export type Exactness = "always" | "ascii" | "never";

/** A piece of a RegExp that matches a limited number of ways, with what is known about it. */
export interface Atom {
  readonly source: string;
  /** Bytes. */
  readonly shortest: number;
  readonly longest: number;
  /** In how many ways it may match at one place. */
  readonly ways: number;
  /** The bytes that may stand first, after the first, last and anywhere in a match. */
  readonly first: ByteSet;
  readonly rest: ByteSet;
  readonly last: ByteSet;
  readonly any: ByteSet;
  /** Rareness in logs, in bits. */
  readonly score: number;
  readonly exact: Exactness;
  /** What is enough of it at the edge of a RegExp: its least repetition, or one byte of a character. */
  readonly edge?: readonly Atom[];
  /** A form for use in a loop, which must match in one way only: a superset of its repetitions. */
  readonly loop?: Atom;
}

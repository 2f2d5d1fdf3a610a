/**
 * A text that the key's type interprets: from `-p key:value` or from an environment variable, where "true", "5" and
 * "a,b" can only be written as text. A string in a file stays a string.
 */
export class RawText {
  constructor(readonly text: string, readonly from: "option" | "environment") {}
}

/** Which values a key accepts, how they are read and how they are written. */
export interface ValueType<T, Name extends string = string> {
  readonly name: Name;
  /** Completes the sentence "expected …". */
  readonly expected: string;
  /** Throws TypeMismatch if the value is not of this type. */
  readonly read: (value: unknown) => T;
  /** The value in the form of a file. */
  readonly write: (value: T) => unknown;
  /** JSON Schema of the value in a file. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** The value is not of the expected type; `at` names the wrong part, such as "[2]". */
export class TypeMismatch extends Error {
  override readonly name = "TypeMismatch";

  constructor(readonly value: unknown, readonly expected: string, readonly at = "") {
    super(`expected ${expected}`);
  }
}

/**
 * A value in words for an error message. Long texts are cut; keys and tokens are never shown.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { describe } from "./value_type.ts";
 *
 * assert.equal(describe("verbose"), 'the text "verbose"');
 * assert.equal(describe("-----BEGIN PRIVATE KEY-----"), "a text in PEM form");
 * ```
 */
export function describe(value: unknown): string {
  if (value instanceof RawText) return describe(value.text);
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "string") {
    if (value.includes("-----BEGIN")) return "a text in PEM form";
    // A JSON Web Token begins with {" in base64.
    if (value.startsWith("eyJ")) return "a text that looks like a token";
    const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value;
    return `the text ${JSON.stringify(shown)}`;
  }
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "bigint") return `the number ${value}`;
  if (typeof value === "boolean") return `${value}`;
  if (value instanceof Date) return "a date";
  return "a section";
}

/**
 * The text of a string or a RawText; null for any other value.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { RawText, textOf } from "./value_type.ts";
 *
 * assert.equal(textOf(new RawText("5", "option")), "5");
 * assert.equal(textOf(5), null);
 * ```
 */
export function textOf(value: unknown): string | null {
  if (value instanceof RawText) return value.text;
  return typeof value === "string" ? value : null;
}

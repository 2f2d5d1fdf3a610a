import type { ValueType } from "./value_type.ts";

/** One key of the configuration: everything that types, defaults, checks, JSON Schema and documentation need. */
export interface Field<T, Name extends string = string> {
  readonly type: ValueType<T, Name>;
  /** In the form of a file. */
  readonly default: unknown;
  readonly doc: string;
}

export interface Section<Fields = Readonly<Record<string, Field<unknown>>>> {
  readonly doc: string;
  /** An unknown key in it is an error: a misspelled one would leave something unrestricted. */
  readonly strict: boolean;
  readonly fields: Fields;
}

/**
 * A key with its type, its default in the form of a file, and its description for docs/configuration.md.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { field } from "./field.ts";
 * import { duration } from "./number_types.ts";
 *
 * const wait = field(duration({ min: "0s", max: "10m" }), "2s", "How long to wait.");
 * assert.equal(wait.type.read(wait.default), 2000);
 * ```
 */
export function field<T, Name extends string>(
  type: ValueType<T, Name>,
  value: unknown,
  doc: string,
): Field<T, Name> {
  return { type, default: value, doc };
}

/**
 * A section of keys under one name; `strict`: an unknown key in it is an error.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { field, section } from "./field.ts";
 * import { flag } from "./flag_type.ts";
 *
 * const tls = section("Certificates.", true, { enabled: field(flag, true, "Whether TLS is used.") });
 * assert.equal(tls.fields.enabled.type.name, "flag");
 * ```
 */
export function section<Fields>(doc: string, strict: boolean, fields: Fields): Section<Fields> {
  return { doc, strict, fields };
}

/** The schema as plain data, for code that visits every key. */
export type Fields = Readonly<Record<string, Field<unknown> | Section>>;

/**
 * Whether an entry of the schema is a section of keys rather than one key.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { isSection } from "./field.ts";
 * import { schema } from "./schema.ts";
 *
 * assert.equal(isSection(schema.logging), true);
 * assert.equal(isSection(schema.addr), false);
 * ```
 */
export function isSection(entry: Field<unknown> | Section): entry is Section {
  return "fields" in entry;
}

/**
 * The name in Config of a key in a file.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { propertyName } from "./field.ts";
 * import { schema } from "./schema.ts";
 *
 * assert.equal(propertyName("shutdown-timeout", schema["shutdown-timeout"]), "shutdownTimeoutMs");
 * ```
 */
export function propertyName(key: string, entry: Field<unknown> | Section): string {
  const camel = key.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return !isSection(entry) && entry.type.name === "duration" ? `${camel}Ms` : camel;
}

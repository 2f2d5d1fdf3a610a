import { configError } from "./config_error.ts";
import { describe, RawText, TypeMismatch } from "./value_type.ts";
import { editDistance, letters, nearest } from "./nearest.ts";
import { type Fields, isSection } from "./field.ts";
import { buildConfig, type Config, schema } from "./schema.ts";

/** A configuration as it was read: nested, with unchecked values. */
export type Raw = Readonly<Record<string, unknown>>;

/**
 * Checks what was read against the schema. Throws ConfigError for a wrong value, and for an unknown key that may have
 * been meant to restrict something; other unknown keys are warnings.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkConfig } from "./check.ts";
 *
 * const { config, warnings } = checkConfig({ "max-line-byte": 99 }, { source: "agent.yaml" });
 * assert.equal(config.maxLineBytes, 2_097_152);
 * assert.deepEqual(warnings, ["agent.yaml: max-line-byte: unknown key, ignored; did you mean max-line-bytes?"]);
 * ```
 */
export function checkConfig(
  raw: Raw,
  options: { readonly source: string },
): { config: Config; warnings: string[] } {
  const { source } = options;
  const warnings: string[] = [];
  const values = new Map<string, unknown>();
  collect(raw, schema as Fields, "", false);

  const config = buildConfig((key, entry) => {
    const value = values.get(key);
    if (!values.has(key)) return entry.type.read(entry.default);
    try {
      return entry.type.read(value);
    } catch (error) {
      if (!(error instanceof TypeMismatch)) throw error;
      throw configError({
        source: sourceOf(error.value, source),
        key: key + error.at,
        found: describe(error.value),
        expected: error.expected,
      });
    }
  });
  checkFiles(config, source);
  return { config, warnings };

  function collect(from: Raw, fields: Fields, prefix: string, strict: boolean): void {
    for (const [name, value] of Object.entries(from)) {
      const key = prefix + name;
      const entry = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (entry === undefined) {
        const hint = hintFor(name, fields, prefix);
        if (strict || resemblesSecurityKey(name)) {
          throw configError({
            source: sourceOf(value, source),
            key,
            found: "a key that does not exist",
            expected: hint ?? `one of ${Object.keys(fields).join(", ")}`,
          });
        }
        warnings.push(
          `${sourceOf(value, source)}: ${key}: unknown key, ignored` +
            (hint === null ? "" : `; did you mean ${hint}?`),
        );
      } else if (!isSection(entry)) {
        values.set(key, value);
      } else if (isRaw(value)) {
        collect(value, entry.fields, `${key}.`, entry.strict);
      } else if (value !== null) {
        // A section that contains only comments is null: all defaults.
        throw configError({
          source: sourceOf(value, source),
          key,
          found: describe(value),
          expected: `a section with ${Object.keys(entry.fields).join(", ")}`,
        });
      }
    }
  }
}

/**
 * Whether a value read from a file is a section, that is, not a list, null or a date.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { isRaw } from "./check.ts";
 *
 * assert.equal(isRaw({ level: "info" }), true);
 * assert.equal(isRaw(["info"]), false);
 * ```
 */
export function isRaw(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !(value instanceof RawText) &&
    (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null);
}

/**
 * All dotted keys of the schema.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { allKeys } from "./check.ts";
 *
 * assert.ok(allKeys().includes("logging.level"));
 * ```
 */
export function allKeys(): readonly string[] {
  return Object.entries(schema as Fields).flatMap(([name, entry]) =>
    isSection(entry) ? Object.keys(entry.fields).map((inner) => `${name}.${inner}`) : [name]
  );
}

function sourceOf(value: unknown, source: string): string {
  return value instanceof RawText && value.from === "option" ? "option -p" : source;
}

/**
 * The known key that was probably meant: the same word in another section, a similar one in this section, or a similar
 * one anywhere.
 */
function hintFor(name: string, fields: Fields, prefix: string): string | null {
  const elsewhere = allKeys().find((key) => letters(key.replace(/^.*\./, "")) === letters(name));
  if (elsewhere !== undefined) return elsewhere;
  const beside = nearest(name, Object.keys(fields));
  return beside === null ? nearest(prefix + name, allKeys()) : prefix + beside;
}

/** Words in the names of keys that restrict callers; `roots` restricts the files that can be read. */
const SECURITY_WORDS =
  /^(allow|namespac|auth|tls|ssl|cert|limit|secur|den(y|ied)|permi|token|roots?$)/;
const securityKeys = Object.entries(schema as Fields).flatMap(([name, entry]) =>
  isSection(entry)
    ? (entry.strict ? [name, ...Object.keys(entry.fields).filter((key) => key !== "enabled")] : [])
    : []
).concat("allowed-namespaces", "log-roots");

function resemblesSecurityKey(name: string): boolean {
  const words = name.replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase().split(/[^a-z0-9]+/);
  return words.some((word) => SECURITY_WORDS.test(word)) ||
    securityKeys.some((key) =>
      editDistance(letters(name), letters(key)) <= (key.length > 5 ? 2 : 1)
    );
}

/** TLS needs the paths of its files. Whether they can be used becomes clear when they are loaded. */
function checkFiles(config: Config, source: string): void {
  const { tls } = config;
  if (!tls.enabled) return;
  const needed = [["cert-file", tls.certFile, "tls.enabled is true"], [
    "key-file",
    tls.keyFile,
    "tls.enabled is true",
  ]];
  if (tls.clientAuth === "require-and-verify") {
    needed.push(["ca-file", tls.caFile, "tls.client-auth is require-and-verify"]);
  }
  for (const [key, value, reason] of needed) {
    if (value === "") {
      throw configError({
        source,
        key: `tls.${key}`,
        found: "nothing",
        expected: `the path of a file, because ${reason}`,
      });
    }
  }
}

import { configError } from "./config_error.ts";
import { RawText } from "./value_type.ts";

/**
 * Replaces `${VAR}` and `${VAR:default}` in a configuration file.
 *
 * The variables' values never pass through the file's parser, so a value with a line break, a brace or a quote can
 * neither break the file nor add keys to it. Before parsing, each reference is replaced by a mark: a private-use
 * character, a number and another such character. `resolve` then replaces the marks with the values (and throws if one
 * is missing).
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { markReferences } from "./environment.ts";
 *
 * const { marked, resolve } = markReferences('{"addr": "${KUBETAIL_ADDR::50051}"}');
 * const { addr } = resolve(JSON.parse(marked), () => undefined, "agent.json") as { addr: unknown };
 * assert.deepEqual({ ...addr as object }, { text: ":50051", from: "environment" });
 * ```
 */
export function markReferences(text: string): {
  readonly marked: string;
  /** Throws ConfigError for a variable that is not set and has no default. */
  resolve(parsed: unknown, lookup: (name: string) => string | undefined, source: string): unknown;
} {
  const references: { readonly name: string; readonly fallback: string | undefined }[] = [];
  const marked = text.replace(
    /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([^}\n]*))?\}/g,
    (_, name: string, fallback: string | undefined) => {
      references.push({ name, fallback });
      return `\u{E000}${references.length - 1}\u{E001}`;
    },
  );

  return {
    marked,
    resolve(parsed, lookup, source) {
      return walk(parsed, "");

      function walk(value: unknown, key: string): unknown {
        if (typeof value === "string") {
          const filled = fill(value, key);
          return filled === value ? value : new RawText(filled, "environment");
        }
        if (Array.isArray(value)) {
          return value.map((item: unknown, index) => walk(item, `${key}[${index}]`));
        }
        if (value === null || typeof value !== "object" || value instanceof Date) return value;
        return Object.fromEntries(
          Object.entries(value).map(([name, inner]) => {
            const filled = fill(name, key);
            return [filled, walk(inner, key === "" ? filled : `${key}.${filled}`)];
          }),
        );
      }

      function fill(marks: string, key: string): string {
        return marks.replace(/\u{E000}(\d+)\u{E001}/gu, (mark, index: string) => {
          const reference = references[Number(index)];
          if (reference === undefined) return mark;
          const found = lookup(reference.name) ?? reference.fallback;
          if (found !== undefined) return found;
          throw configError({
            source,
            key,
            found: `\${${reference.name}}, which is not set or may not be read`,
            expected:
              `a set variable named KUBETAIL_…, or a default as in \${${reference.name}:default}`,
          });
        });
      }
    },
  };
}

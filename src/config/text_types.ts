import { parseAddress } from "./address.ts";
import { textOf, TypeMismatch, type ValueType } from "./value_type.ts";

/** The type of texts of one form. */
function text<T extends string = string>(options: {
  readonly expected: string;
  readonly accepts: (text: string) => boolean;
  readonly json: Readonly<Record<string, unknown>>;
}): ValueType<T, "text"> {
  return {
    name: "text",
    expected: options.expected,
    read(value) {
      const found = textOf(value);
      if (found === null || !options.accepts(found)) {
        throw new TypeMismatch(value, options.expected);
      }
      return found as T;
    },
    write: (value) => value,
    json: { type: "string", ...options.json },
  };
}

/**
 * One of a set of words.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { choice } from "./text_types.ts";
 *
 * assert.equal(choice(["info", "warn"]).read("warn"), "warn");
 * assert.throws(() => choice(["info", "warn"]).read("verbose"), { message: "expected one of info, warn" });
 * ```
 */
export function choice<const Words extends readonly string[]>(
  words: Words,
): ValueType<Words[number], "text"> {
  return text<Words[number]>({
    expected: `one of ${words.join(", ")}`,
    accepts: (found) => words.includes(found),
    json: { enum: words },
  });
}

/**
 * HOST:PORT; with `optional`, also the empty text.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { address } from "./text_types.ts";
 *
 * assert.equal(address({ optional: false }).read("[::1]:50051"), "[::1]:50051");
 * assert.throws(() => address({ optional: false }).read(""));
 * ```
 */
export function address(options: { readonly optional: boolean }): ValueType<string, "text"> {
  const forms = 'HOST:PORT such as ":50051", "127.0.0.1:50051" or "[::1]:50051"';
  return text({
    expected: options.optional ? `${forms}, or "" for none` : forms,
    accepts: (found) => (options.optional && found === "") || parseAddress(found) !== null,
    json: {},
  });
}

/** A folder by its absolute path: its meaning must not depend on the working directory. */
export const folder: ValueType<string, "text"> = text({
  expected: "the absolute path of a folder",
  accepts: (found) => found.startsWith("/") && !hasControls(found),
  json: { pattern: "^/" },
});

const filePath = text({
  expected: 'the path of a file, or "" for none',
  accepts: (found) => !hasControls(found),
  json: { type: ["string", "null"] },
});

/** A file's path, or nothing: "" and, as Kubetail's chart writes it, null. */
export const optionalFile: ValueType<string, "text"> = {
  ...filePath,
  read: (value) => value === null ? "" : filePath.read(value),
};

/** A Kubernetes namespace (DNS-1123 label, Kubernetes documentation "Object Names and IDs"). */
export const namespace: ValueType<string, "text"> = text({
  expected: "a namespace: lower case letters, digits and hyphens, at most 63",
  accepts: (found) => /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(found),
  json: { pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" },
});

/** A text that is not empty. */
export const word: ValueType<string, "text"> = text({
  expected: "a text that is not empty",
  accepts: (found) => found.trim() !== "" && !hasControls(found),
  json: { minLength: 1 },
});

function hasControls(found: string): boolean {
  // deno-lint-ignore no-control-regex
  return /[\x00-\x1f\x7f]/.test(found);
}

import { RawText, TypeMismatch, type ValueType } from "./value_type.ts";

/**
 * A list of values of one type. As text: `a,b`, `[a, b]`, or an empty text for the empty list.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { list } from "./list_type.ts";
 * import { namespace } from "./text_types.ts";
 * import { RawText } from "./value_type.ts";
 *
 * assert.deepEqual(list(namespace).read(new RawText("team-a,team-b", "option")).length, 2);
 * assert.throws(() => list(namespace, { min: 1 }).read([]));
 * ```
 */
export function list<T>(
  of: ValueType<T>,
  options: { readonly min?: number } = {},
): ValueType<readonly T[], "list"> {
  const least = options.min ?? 0;
  const expected = `a list of ${least > 0 ? "at least one of " : ""}items, each ${of.expected}`;
  return {
    name: "list",
    expected,
    read(value) {
      const items = value instanceof RawText ? splitList(value) : value;
      if (!Array.isArray(items) || items.length < least) throw new TypeMismatch(value, expected);
      return items.map((item: unknown, index) => {
        try {
          return of.read(item);
        } catch (error) {
          if (!(error instanceof TypeMismatch)) throw error;
          throw new TypeMismatch(error.value, error.expected, `[${index}]${error.at}`);
        }
      });
    },
    write: (items) => items.map((item) => of.write(item)),
    json: {
      type: "array",
      items: of.json,
      ...(least > 0 ? { minItems: least } : {}),
    },
  };
}

function splitList(value: RawText): RawText[] {
  const inner = value.text.trim().replace(/^\[(.*)\]$/s, "$1").trim();
  if (inner === "") return [];
  return inner.split(",").map((item) =>
    new RawText(item.trim().replace(/^(["'])(.*)\1$/s, "$2"), value.from)
  );
}

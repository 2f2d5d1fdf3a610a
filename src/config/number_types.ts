import { RawText, textOf, TypeMismatch, type ValueType } from "./value_type.ts";

/**
 * A whole number from min to max.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { count } from "./number_types.ts";
 *
 * assert.equal(count({ min: 1, max: 8 }).read(8), 8);
 * assert.throws(() => count({ min: 1, max: 8 }).read(9));
 * ```
 */
export function count(
  options: { readonly min: number; readonly max: number },
): ValueType<number, "count"> {
  const expected = `a whole number from ${options.min} to ${options.max}`;
  return {
    name: "count",
    expected,
    read: (value) => within(wholeNumber(value), value, { ...options, expected }),
    write: (value) => value,
    json: { type: "integer", minimum: options.min, maximum: options.max },
  };
}

/**
 * A whole number from min to max, or the word auto.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { countOrAuto } from "./number_types.ts";
 *
 * assert.equal(countOrAuto({ min: 1, max: 8 }).read("auto"), "auto");
 * assert.equal(countOrAuto({ min: 1, max: 8 }).read(2), 2);
 * ```
 */
export function countOrAuto(
  options: { readonly min: number; readonly max: number },
): ValueType<number | "auto", "count-or-auto"> {
  const expected = `auto, or a whole number from ${options.min} to ${options.max}`;
  return {
    name: "count-or-auto",
    expected,
    read: (value) =>
      textOf(value) === "auto"
        ? "auto"
        : within(wholeNumber(value), value, { ...options, expected }),
    write: (value) => value,
    json: {
      anyOf: [{ const: "auto" }, { type: "integer", minimum: options.min, maximum: options.max }],
    },
  };
}

/** Bytes per unit. The two-letter units of Kubernetes quantities (Ki, Mi, Gi) are read as well. */
const sizeUnits: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  Ki: 1024,
  KiB: 1024,
  Mi: 1024 ** 2,
  MiB: 1024 ** 2,
  Gi: 1024 ** 3,
  GiB: 1024 ** 3,
};
const SIZE_PATTERN = "^\\d+(\\.\\d+)? ?(B|[kK]B|[MG]B|[KMG]iB?)?$";

/**
 * A count of bytes, from min to max.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { size } from "./number_types.ts";
 *
 * const type = size({ min: 1, max: 4_000_000 });
 * assert.equal(type.read("2MiB"), 2_097_152);
 * assert.equal(type.write(2_097_152), "2MiB");
 * ```
 */
export function size(
  options: { readonly min: number; readonly max: number },
): ValueType<number, "size"> {
  const expected =
    `a size such as 2097152, 512KiB or 2MiB, from ${options.min} to ${options.max} bytes`;
  return {
    name: "size",
    expected,
    read(value) {
      if (typeof value === "number") return within(value, value, { ...options, expected });
      const match = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(textOf(value) ?? "");
      const unit = match === null ? undefined : sizeUnits[match[2] ?? ""];
      const bytes = match === null || unit === undefined ? null : Number(match[1]) * unit;
      return within(bytes, value, { ...options, expected });
    },
    write(value) {
      if (value > 0 && value % 1024 ** 2 === 0) return `${value / 1024 ** 2}MiB`;
      if (value > 0 && value % 1024 === 0) return `${value / 1024}KiB`;
      return value;
    },
    json: {
      anyOf: [
        { type: "integer", minimum: options.min, maximum: options.max },
        { type: "string", pattern: SIZE_PATTERN },
      ],
    },
  };
}

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION_PATTERN = "^(0|(\\d+(\\.\\d+)?(ms|s|m|h))+)$";

/**
 * A duration, in milliseconds once read; min and max are texts such as "1s".
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { duration } from "./number_types.ts";
 *
 * const type = duration({ min: "0s", max: "24h" });
 * assert.equal(type.read("1h30m"), 5_400_000);
 * assert.equal(type.write(90_000), "90s");
 * ```
 */
export function duration(
  options: { readonly min: string; readonly max: string },
): ValueType<number, "duration"> {
  const min = milliseconds(options.min);
  const max = milliseconds(options.max);
  const expected =
    `a duration such as 500ms, 30s, 5m or 1h30m, from ${options.min} to ${options.max}`;
  return {
    name: "duration",
    expected,
    read(value) {
      // 0 needs no unit; any other bare number could mean seconds or milliseconds.
      if (value === 0) return within(0, value, { min: min ?? 0, max: max ?? 0, expected });
      const found = textOf(value);
      return within(found === null ? null : milliseconds(found), value, {
        min: min ?? 0,
        max: max ?? 0,
        expected,
      });
    },
    write: writeDuration,
    json: { type: "string", pattern: DURATION_PATTERN },
  };
}

/** Milliseconds as 500ms, 30s, 5m or 1h: in the largest unit that divides them. */
function writeDuration(value: number): string {
  for (const [unit, factor] of [["h", 3_600_000], ["m", 60_000], ["s", 1000]] as const) {
    if (value >= factor && value % factor === 0) return `${value / factor}${unit}`;
  }
  return value === 0 ? "0s" : `${value}ms`;
}

/** Null if the text is not a duration. */
function milliseconds(found: string): number | null {
  if (!new RegExp(DURATION_PATTERN).test(found)) return null;
  let sum = 0;
  for (const part of found.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    sum += Number(part[1]) * (durationUnits[part[2] ?? ""] ?? Number.NaN);
  }
  return Math.round(sum);
}

function wholeNumber(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (value instanceof RawText && /^-?\d{1,15}$/.test(value.text)) return Number(value.text);
  return null;
}

function within(
  number: number | null,
  value: unknown,
  range: { readonly min: number; readonly max: number; readonly expected: string },
): number {
  if (
    number === null || !Number.isInteger(number) || number < range.min || number > range.max
  ) {
    throw new TypeMismatch(value, range.expected);
  }
  return number;
}

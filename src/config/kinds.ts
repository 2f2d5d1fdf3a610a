import { parseAddress } from "./address.ts";

/**
 * A text whose type is yet to be told: from `-p key:value` or from an environment variable, where
 * "true", "5" and "a,b" can only be written as text. A text in a file stays a text.
 */
export class Untyped {
  constructor(readonly text: string, readonly from: "option" | "environment") {}
}

/** What a value may be, how it is read and how it is written. */
export interface Kind<T, Name extends string = string> {
  readonly name: Name;
  /** Ends the sentence "expected …". */
  readonly expected: string;
  /** Throws Mismatch where the value is not of this kind. */
  readonly read: (value: unknown) => T;
  /** The value as one would write it in a file. */
  readonly write: (value: T) => unknown;
  /** JSON Schema of what may stand in a file. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** The value is not of the kind; `at` tells which part of it, as in "[2]". */
export class Mismatch extends Error {
  override readonly name = "Mismatch";

  constructor(readonly value: unknown, readonly expected: string, readonly at = "") {
    super(`expected ${expected}`);
  }
}

/** A value in words for an error message; long texts are cut, keys and tokens are never shown. */
export function describe(value: unknown): string {
  if (value instanceof Untyped) return describe(value.text);
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

/** The text of a text value, null of any other. */
function textOf(value: unknown): string | null {
  if (value instanceof Untyped) return value.text;
  return typeof value === "string" ? value : null;
}

/** A kind whose values are texts with a form. */
function text<T extends string = string>(options: {
  readonly expected: string;
  readonly accepts: (text: string) => boolean;
  readonly json: Readonly<Record<string, unknown>>;
}): Kind<T, "text"> {
  return {
    name: "text",
    expected: options.expected,
    read(value) {
      const found = textOf(value);
      if (found === null || !options.accepts(found)) throw new Mismatch(value, options.expected);
      return found as T;
    },
    write: (value) => value,
    json: { type: "string", ...options.json },
  };
}

/** One of some words. */
export function choice<const Words extends readonly string[]>(
  words: Words,
): Kind<Words[number], "text"> {
  return text<Words[number]>({
    expected: `one of ${words.join(", ")}`,
    accepts: (found) => words.includes(found),
    json: { enum: words },
  });
}

/** HOST:PORT. */
export function address(options: { readonly optional: boolean }): Kind<string, "text"> {
  const forms = 'HOST:PORT such as ":50051", "127.0.0.1:50051" or "[::1]:50051"';
  return text({
    expected: options.optional ? `${forms}, or "" for none` : forms,
    accepts: (found) => (options.optional && found === "") || parseAddress(found) !== null,
    json: {},
  });
}

/** A folder by its absolute path: what it holds must not depend on where the program was started. */
export const folder: Kind<string, "text"> = text({
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
export const optionalFile: Kind<string, "text"> = {
  ...filePath,
  read: (value) => value === null ? "" : filePath.read(value),
};

/** A Kubernetes namespace (DNS-1123 label, Kubernetes documentation "Object Names and IDs"). */
export const namespace: Kind<string, "text"> = text({
  expected: "a namespace: lower case letters, digits and hyphens, at most 63",
  accepts: (found) => /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(found),
  json: { pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" },
});

/** A text that is not empty. */
export const word: Kind<string, "text"> = text({
  expected: "a text that is not empty",
  accepts: (found) => found.trim() !== "" && !hasControls(found),
  json: { minLength: 1 },
});

export const flag: Kind<boolean, "flag"> = {
  name: "flag",
  expected: "true or false",
  read(value) {
    if (typeof value === "boolean") return value;
    if (value instanceof Untyped && /^(?:true|false)$/.test(value.text)) {
      return value.text === "true";
    }
    throw new Mismatch(value, flag.expected);
  },
  write: (value) => value,
  json: { type: "boolean" },
};

/** A whole number from min to max. */
export function count(
  options: { readonly min: number; readonly max: number },
): Kind<number, "count"> {
  const expected = `a whole number from ${options.min} to ${options.max}`;
  return {
    name: "count",
    expected,
    read: (value) => within(wholeNumber(value), value, { ...options, expected }),
    write: (value) => value,
    json: { type: "integer", minimum: options.min, maximum: options.max },
  };
}

/** A whole number, or the word auto. */
export function countOrAuto(
  options: { readonly min: number; readonly max: number },
): Kind<number | "auto", "count-or-auto"> {
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
const sizePattern = "^\\d+(\\.\\d+)? ?(B|[kK]B|[MG]B|[KMG]iB?)?$";

/** A count of bytes, from min to max. */
export function size(
  options: { readonly min: number; readonly max: number },
): Kind<number, "size"> {
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
        { type: "string", pattern: sizePattern },
      ],
    },
  };
}

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const durationPattern = "^(0|(\\d+(\\.\\d+)?(ms|s|m|h))+)$";

/** A time span, in milliseconds once read; min and max are texts such as "1s". */
export function duration(
  options: { readonly min: string; readonly max: string },
): Kind<number, "duration"> {
  const min = milliseconds(options.min);
  const max = milliseconds(options.max);
  const expected =
    `a duration such as 500ms, 30s, 5m or 1h30m, from ${options.min} to ${options.max}`;
  return {
    name: "duration",
    expected,
    read(value) {
      // 0 needs no unit; any other bare number could mean seconds as well as milliseconds.
      if (value === 0) return within(0, value, { min: min ?? 0, max: max ?? 0, expected });
      const found = textOf(value);
      return within(found === null ? null : milliseconds(found), value, {
        min: min ?? 0,
        max: max ?? 0,
        expected,
      });
    },
    write: writeDuration,
    json: { type: "string", pattern: durationPattern },
  };
}

/** Milliseconds as 500ms, 30s, 5m or 1h: the greatest unit that divides them. */
function writeDuration(value: number): string {
  for (const [unit, factor] of [["h", 3_600_000], ["m", 60_000], ["s", 1000]] as const) {
    if (value >= factor && value % factor === 0) return `${value / factor}${unit}`;
  }
  return value === 0 ? "0s" : `${value}ms`;
}

/** Null where the text is no duration. */
function milliseconds(found: string): number | null {
  if (!new RegExp(durationPattern).test(found)) return null;
  let sum = 0;
  for (const part of found.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    sum += Number(part[1]) * (durationUnits[part[2] ?? ""] ?? Number.NaN);
  }
  return Math.round(sum);
}

/** A list of values of one kind. As text: `a,b`, `[a, b]`, or nothing for the empty list. */
export function list<T>(
  of: Kind<T>,
  options: { readonly min?: number } = {},
): Kind<readonly T[], "list"> {
  const least = options.min ?? 0;
  const expected = `a list of ${least > 0 ? "at least one of " : ""}items, each ${of.expected}`;
  return {
    name: "list",
    expected,
    read(value) {
      const items = value instanceof Untyped ? splitList(value) : value;
      if (!Array.isArray(items) || items.length < least) throw new Mismatch(value, expected);
      return items.map((item: unknown, index) => {
        try {
          return of.read(item);
        } catch (error) {
          if (!(error instanceof Mismatch)) throw error;
          throw new Mismatch(error.value, error.expected, `[${index}]${error.at}`);
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

function splitList(value: Untyped): Untyped[] {
  const inner = value.text.trim().replace(/^\[(.*)\]$/s, "$1").trim();
  if (inner === "") return [];
  return inner.split(",").map((item) =>
    new Untyped(item.trim().replace(/^(["'])(.*)\1$/s, "$2"), value.from)
  );
}

function wholeNumber(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (value instanceof Untyped && /^-?\d{1,15}$/.test(value.text)) return Number(value.text);
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
    throw new Mismatch(value, range.expected);
  }
  return number;
}

function hasControls(found: string): boolean {
  // deno-lint-ignore no-control-regex
  return /[\x00-\x1f\x7f]/.test(found);
}

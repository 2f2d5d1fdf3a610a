import { RawText, TypeMismatch, type ValueType } from "./value_type.ts";

/** true or false. */
export const flag: ValueType<boolean, "flag"> = {
  name: "flag",
  expected: "true or false",
  read(value) {
    if (typeof value === "boolean") return value;
    if (value instanceof RawText && /^(?:true|false)$/.test(value.text)) {
      return value.text === "true";
    }
    throw new TypeMismatch(value, flag.expected);
  },
  write: (value) => value,
  json: { type: "boolean" },
};

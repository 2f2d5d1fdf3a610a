import assert from "node:assert/strict";
import {
  address,
  choice,
  folder,
  namespace,
  optionalFile,
  word,
} from "../../../src/config/text_types.ts";
import { RawText, type ValueType } from "../../../src/config/value_type.ts";

const cases: [string, Pick<ValueType<string>, "read">, accepted: unknown[], refused: unknown[]][] =
  [
    ["choice", choice(["info", "warn"]), ["info"], ["INFO", "", null, 1]],
    ["address", address({ optional: false }), [":0", "[::1]:1"], ["", "::1:1", null]],
    ["address or none", address({ optional: true }), ["", ":1"], ["x", null]],
    ["folder", folder, ["/", "/var/log"], ["var/log", "", "/a\nb", null]],
    ["file or none", optionalFile, ["", "tls.crt"], ["a\0b", 1, []]],
    ["namespace", namespace, ["a", "team-a", "a".repeat(63)], [
      "",
      "A",
      "-a",
      "a.b",
      "a".repeat(64),
    ]],
    ["word", word, ["x", "a b"], ["", " ", "a\tb", null]],
  ];

for (const [name, type, accepted, refused] of cases) {
  Deno.test(`${name}: what is accepted and what is refused`, () => {
    for (const value of accepted) {
      assert.equal(type.read(value), value);
      assert.equal(type.read(new RawText(value as string, "option")), value);
    }
    for (const value of refused) {
      assert.throws(() => type.read(value), { name: "TypeMismatch" }, JSON.stringify(value));
    }
  });
}

Deno.test("null means no file, as Kubetail's chart writes it", () => {
  assert.equal(optionalFile.read(null), "");
});

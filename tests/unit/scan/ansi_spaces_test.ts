import assert from "node:assert/strict";
import { allowAnsiAroundSpaces } from "../../../src/scan/ansi_spaces.ts";
import { RustRegex } from "../../../src/scan/rust_regex.ts";

const TOLERANT = String.raw`(?:(?:\x1B\[[0-9;]*[mK])?)*\s(?:(?:\x1B\[[0-9;]*[mK])?)*`;

/** _ marks a space that becomes tolerant. */
const CASES: readonly string[] = [
  "a_b",
  "__",
  "a +b",
  "a *b",
  "a ?b",
  "a {2}b",
  "a {2,}?_b",
  "a\\ b",
  "[ b]_c",
  "[^ b]",
  "[]a ]_b",
  "[^] ]_b",
  "[-] ]_c",
  "[[:alpha:] &&[^ ]]_z",
  "[a[b ]c ]_d",
  "[\\] ]_x",
  "a{ 2 , 3 }_b",
  "\\p{Old Italic}_b",
  "\\x{41}_b",
  "\\b{start}_x",
  "(a_b)",
  "(?i)a_b",
  "(?i:a_b)_c",
  "(?P<n>a_b)",
  "a_|b",
  "(?x)a b # c d\n e",
  "(?x) a (b # ) ) (\n c) d",
  "(?x)[ a # ]\n b] c",
  "(?x: a b)_c",
  "((?x) a b)_c",
  "(?x)a(?-x)_b",
  "(?x-i) a b",
  "(?i-x)a_b",
  "#_a",
];

for (const pattern of CASES) {
  Deno.test(`spaces in ${JSON.stringify(pattern)} (_ is tolerant)`, () => {
    const sent = pattern.replaceAll("_", " ");
    new RustRegex(sent); // checks that the test's own patterns are valid
    const tolerant = allowAnsiAroundSpaces(sent);
    assert.equal(tolerant, pattern.replaceAll("_", TOLERANT));
    new RustRegex(tolerant);
  });
}

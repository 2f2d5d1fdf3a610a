import { deepStrictEqual } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brokenLinks } from "../../../hack/links.ts";

const cases: { name: string; text: string; broken: [number, string][] }[] = [
  { name: "a file that is there", text: "[a](other.md) ![b](pictures/x.svg)", broken: [] },
  { name: "a file that is not", text: "\n[a](missing.md)", broken: [[2, "missing.md"]] },
  { name: "an anchor of this file", text: "# Some heading\n[a](#some-heading)", broken: [] },
  { name: "an anchor that no heading makes", text: "[a](#nothing)", broken: [[1, "#nothing"]] },
  { name: "an anchor of another file", text: "[a](other.md#b-c_d-e)", broken: [] },
  { name: "the second of two equal headings", text: "[a](other.md#twice-1)", broken: [] },
  { name: "a third that is not", text: "[a](other.md#twice-2)", broken: [[1, "other.md#twice-2"]] },
  { name: "another host", text: "[a](https://example.com/x) [b](mailto:a@b.c)", broken: [] },
  { name: "a link in a code span", text: "`[a](missing.md)`", broken: [] },
  { name: "a link in fenced code", text: "```md\n[a](missing.md)\n```", broken: [] },
  { name: "a heading in fenced code", text: "```\n# x\n```\n[a](#x)", broken: [[4, "#x"]] },
  { name: "a reference definition", text: "[a]: missing.md", broken: [[1, "missing.md"]] },
  { name: "a way out of the project", text: "[a](../x.md)", broken: [[1, "../x.md"]] },
];

for (const { name, text, broken } of cases) {
  Deno.test(`links: ${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "links-"));
    try {
      mkdirSync(join(folder, "pictures"));
      writeFileSync(join(folder, "pictures/x.svg"), "");
      writeFileSync(join(folder, "other.md"), "## B c_d: `e`\n# Twice\n# Twice\n");
      writeFileSync(join(folder, "this.md"), text);
      deepStrictEqual(
        brokenLinks(folder, ["this.md"]).map(({ line, target }) => [line, target]),
        broken,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

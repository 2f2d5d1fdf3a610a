import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { licenseTexts, type Package } from "./packages.ts";

const project = resolve(import.meta.dirname!, "../..");
const rule = "-".repeat(80);

/** Parts of a program that are not npm modules. */
const others = [
  {
    title: "rregex, the Rust regex crate as WebAssembly",
    text: () => readFileSync(join(project, "src/generated/rregex/LICENSE"), "utf8").trim(),
  },
  {
    title: "Deno, the runtime (MIT)",
    text: () =>
      "Copyright 2018-2026 the Deno authors. The runtime's own third-party notices: " +
      "https://github.com/denoland/deno and https://github.com/v8/v8",
  },
];

/** Name, version and license text of everything in a bundle, as one file. Throws if a package has no license. */
export function licenseFile(packages: readonly Package[]): string {
  const parts = packages.map((one) => {
    const texts = licenseTexts(one.folder);
    if (texts.length === 0 && !/^[\w.+() -]+$/.test(one.license)) {
      throw new Error(`${one.name}@${one.version} has no license text and names no license`);
    }
    const text = texts.length > 0
      ? texts.join("\n\n")
      : `The package contains no license text; its package.json says: ${one.license}`;
    return `${one.name} ${one.version} (${one.license})\n\n${text}`;
  });
  for (const { title, text } of others) parts.push(`${title}\n\n${text()}`);
  return `Licenses of the software in this program. Its own: LICENSE.\n\n${
    parts.map((part) => `${rule}\n${part}\n`).join("\n")
  }`;
}

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Package } from "./packages.ts";

const project = resolve(import.meta.dirname!, "../..");

/**
 * The software bill of materials of a program: CycloneDX 1.6 (ECMA-424), JSON, with the checksums of deno.lock. It
 * contains neither a time nor a random serial number, so equal sources produce equal bytes.
 */
export function softwareBillOfMaterials(program: string, packages: readonly Package[]): string {
  const { version, license } = JSON.parse(readFileSync(join(project, "deno.json"), "utf8"));
  return JSON.stringify(
    {
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      version: 1,
      metadata: {
        component: {
          type: "application",
          "bom-ref": program,
          name: program,
          version,
          licenses: [{ license: { id: license } }],
        },
      },
      components: [
        ...packages.map(npmComponent),
        {
          type: "platform",
          "bom-ref": "deno",
          name: "deno",
          version: Deno.version.deno,
          purl: `pkg:github/denoland/deno@v${Deno.version.deno}`,
          licenses: [{ license: { id: "MIT" } }],
        },
      ],
      dependencies: [{
        ref: program,
        dependsOn: [...packages.map((one) => purl(one)), "deno"],
      }],
    },
    null,
    2,
  ) + "\n";
}

function npmComponent(one: Package): object {
  const [algorithm, base64 = ""] = one.integrity.split("-", 2);
  const alg = { sha512: "SHA-512", sha1: "SHA-1" }[algorithm!];
  if (alg === undefined) throw new Error(`${one.name}: unknown integrity ${one.integrity}`);
  return {
    type: "library",
    "bom-ref": purl(one),
    name: one.name,
    version: one.version,
    purl: purl(one),
    licenses: [
      / /.test(one.license) ? { expression: one.license } : { license: { id: one.license } },
    ],
    hashes: [{ alg, content: Buffer.from(base64, "base64").toString("hex") }],
  };
}

/** Package URL (purl-spec): the scope's @ is percent-encoded. */
function purl({ name, version }: Package): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

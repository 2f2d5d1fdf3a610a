/**
 * Writes the figures and the plot of the stored runs into the documents that name them.
 *
 *     deno task gen:bench          for the runs that the documents name
 *     deno task gen:bench RUN      first replaces the runs of its task with RUN (bench/runs/…)
 */
import { readFileSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { answerHelp } from "../../hack/usage.ts";
import { generated } from "./documents.ts";

answerHelp(import.meta.url);

const project = new URL("../../", import.meta.url);
const run = Deno.args[0];
const files = generated(
  (file) => readFileSync(new URL(file, project), "utf8"),
  run === undefined ? undefined : relative(project.pathname, resolve(run)),
);
for (const [file, text] of files) writeFileSync(new URL(file, project), text);
console.log(`Written: ${[...files.keys()].join(", ")}`);

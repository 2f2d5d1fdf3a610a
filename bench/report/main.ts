/** Writes the figures and the plot of the kept runs into the documents that name them: deno task gen:bench */
import { readFileSync, writeFileSync } from "node:fs";
import { generated } from "./documents.ts";
import { answerHelp } from "../../hack/usage.ts";

answerHelp(import.meta.url);

const project = new URL("../../", import.meta.url);
const files = generated((file) => readFileSync(new URL(file, project), "utf8"));
for (const [file, text] of files) writeFileSync(new URL(file, project), text);

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const project = resolve(import.meta.dirname!, "../..");

/** A command in a document, in the form in which a person would paste it. */
export interface DocumentedCommand {
  /** Relative to the project, with the line: docs/index.md:27. */
  readonly place: string;
  /** On one line, without prompt and comment. */
  readonly text: string;
}

/** How the test run handles a documented command. */
export type Treatment =
  /** Run by tests/integration/documented_commands_test.ts. */
  | "here"
  /** Run by tests/e2e/cluster/cluster_test.ts. */
  | "cluster"
  | { readonly leftOut: string };

/** The first pattern that matches decides. */
const TREATMENTS: readonly (readonly [RegExp, Treatment])[] = [
  [/^(?:git clone|cd) /, { leftOut: "the sources are here already" }],
  [/^(?:docker|hack\/(?:kind|k3d|minikube)\/|tests\/e2e\/kind\/|tilt) ?/, {
    leftOut: "needs Docker",
  }],
  [/^(?:cosign|sha256sum) /, { leftOut: "needs the files and signatures of a release" }],
  [/^sudo bash hack\/smoke\.sh /, {
    leftOut: "tests/integration/compile_test.ts runs the script on the bundles",
  }],
  [/^sudo (?:mkdir|--preserve-env)/, { leftOut: "shares this machine's /var/log with kind" }],
  [/^deno task (?:gen:)?bench/, { leftOut: "measures for minutes; --help is tested" }],
  [/^helm .*kubetail\/kubetail|^helm (?:repo|rollback) /, {
    leftOut: "needs Kubetail's chart from its repository; check:delivery renders what is set here",
  }],
  [/^helm (?:install|test) kubetail-agent-metrics /, {
    leftOut: "needs Kubetail's chart installed; check:delivery renders and applies it in a dry run",
  }],
  [/^helm install .*certManager/, {
    leftOut: "needs cert-manager; check:delivery applies it in a dry run",
  }],
  [/^kubectl create namespace kubetail-system$/, { leftOut: "hack/secret.sh has made it" }],
  [/^deno task client .*\$\(kubectl create token/, {
    leftOut: "needs `deno task dev` beside a cluster's logs",
  }],
  [/^export KUBETAIL_AGENT_ADDR=/, { leftOut: "tells the commands after it the address" }],
  [/^kubetail-agent-tools client .*(?:USER|ACCOUNT|NAMESPACE\/POD)/, {
    leftOut: "names an account and a pod of the reader's; the same calls are in the README",
  }],
  [/^(?:source|kubetail-agent-tools completion)/, {
    leftOut:
      "changes the shell that reads it; tests/unit/cli/completion_test.ts has the completion",
  }],
  [/^kubetail-agent-tools grep |^zcat /, {
    leftOut:
      "searches a node's own logs; tests/integration/cli/grep_test.ts has folders, files and standard input",
  }],
  [/^kubectl port-forward .*\d$/, {
    leftOut: "runs until it is ended; with & it is run elsewhere",
  }],
  [/^kubectl auth can-i .* USER /, { leftOut: "asks about a user of the reader's" }],
  [/^kubectl exec .* doctor /, {
    leftOut:
      "the node test's image has the bundle and no binary; tests/integration/cli/doctor_command_test.ts",
  }],
  [/^(?:kubectl|helm) |kubernetes-admin/, "cluster"],
  [/^(?:[A-Z_]+=\S+ )*(?:deno|npx|kubetail-cluster-agent|kubetail-agent-tools) /, "here"],
];

/** Throws an Error for a command without a treatment. */
export function treatment({ place, text }: DocumentedCommand): Treatment {
  const found = TREATMENTS.find(([pattern]) => pattern.test(text));
  if (found === undefined) {
    throw new Error(`${place}: no test runs "${text}": see tests/harness/documented_commands.ts`);
  }
  return found[1];
}

/** Patterns that match none of the commands: the commands that they were for are gone. */
export function staleTreatments(commands: readonly DocumentedCommand[]): string[] {
  return TREATMENTS.map(([pattern]) => pattern)
    .filter((pattern) => !commands.some(({ text }) => pattern.test(text)))
    .map(String);
}

/** Every command in the shell blocks of the README and the documents. */
export function documentedCommands(): DocumentedCommand[] {
  const documents = readdirSync(join(project, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md")).sort().map((name) => `docs/${name}`);
  return ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...documents].flatMap((file) =>
    commandsIn(readFileSync(join(project, file), "utf8"))
      .map(({ line, text }) => ({ place: `${file}:${line}`, text }))
  );
}

/** The commands in the `sh` blocks of a Markdown text. A line that ends with a backslash continues in the next one. */
export function commandsIn(markdown: string): { line: number; text: string }[] {
  const found: { line: number; text: string }[] = [];
  const lines = markdown.split("\n");
  let inside = false;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!.trim();
    if (line.startsWith("```")) inside = !inside && /^```(?:sh|bash|shell)$/.test(line);
    else if (inside && line !== "" && !line.startsWith("#")) {
      const begin = at;
      let text = line;
      while (text.endsWith("\\")) text = `${text.slice(0, -1).trimEnd()} ${lines[++at]!.trim()}`;
      found.push({ line: begin + 1, text: withoutComment(text) });
    }
  }
  return found;
}

/** A comment begins with a space and a number sign outside quotes. */
function withoutComment(text: string): string {
  return /^(?:[^'"#]|'[^']*'|"[^"]*"|(?<! )#)*/.exec(text)![0].trim();
}

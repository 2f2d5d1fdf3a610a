import assert from "node:assert/strict";
import { type Declaration, declarations, membersOf, signatureOf } from "../harness/declarations.ts";

/** Functions of scan, files and config that cannot have a short example: they need a file system or open segments, or belong to a thread. */
const WITHOUT_EXAMPLE: ReadonlySet<string> = new Set([
  "files/closed_segments.ts checkClosed",
  "files/closed_segments.ts dueAt",
  "files/closed_segments.ts finishAll",
  "files/closed_segments.ts isBehind",
  "files/closed_segments.ts parkClosed",
  "files/copy_search.ts findCopy",
  "files/locate.ts locate",
  "files/locate.ts realRoots",
  "files/log_folder.ts readFileNames",
  "files/log_folder.ts readLogFolder",
  "files/missed_rotations.ts readRotatedContents",
  "files/open_log.ts openLog",
  "files/opened_path.ts ledToOpened",
  "files/path_state.ts isAt",
  "files/rotated_files.ts listRotatedFiles",
  "files/rotated_files.ts openRotatedFile",
  "scan/long_line.ts readLongLine",
  "scan/rust_regex.ts engineMemory",
  "scan/rust_regex.ts limitEngines",
  "scan/rust_regex.ts onEngine",
]);

/** Their classes are values, which anyone may create and pass on. */
const VALUES: ReadonlySet<string> = new Set([
  "config/value_type.ts",
  "scan/byte_set.ts",
  "telemetry/prometheus.ts",
]);

/** Functions that handle their own errors. */
const HANDLE_THEIR_OWN: ReadonlySet<string> = new Set([
  "cli/client.ts client",
  "cli/config_check.ts configCheck",
  "cli/serve_command.ts serveCommand",
]);

/** Numbers that mean nothing without a unit. `from`, `to`, `at`, `start`, `end` and `offset` count bytes, always. */
const QUANTITIES = [
  {
    words: "size length memory limit budget rate bytes mib",
    unit: /\b(?:how many|bytes?|octets?|KiB|MiB|characters?|records?|lines?)\b/i,
  },
  {
    words:
      "time timeout duration delay interval period age since until wait grace deadline due now " +
      "elapsed instant ms seconds nanos closedAt dueAt seenAt begunAt changedAt",
    unit: /\b(?:milliseconds?|ms|seconds?|nanoseconds?|minutes?)\b/i,
  },
];
const UNIT_IN_NAME = /(?:ms|seconds|nanos|bytes|mib)$/i;

const all = declarations();
const shown = ({ path, name }: Declaration) => `${path} ${name}`;
const interfaces = new Map(
  all.filter(({ kind }) => kind === "interface").map((one) => [one.name, one]),
);

/** The comments on a member in the interfaces that a class implements (and those that they extend). */
function documentedBy({ body }: Declaration, member: string): string {
  const heritage = /^[^{]*?\b(?:implements|extends) ([^{]*)\{/.exec(body)?.[1] ?? "";
  let comments = "";
  for (const [name] of heritage.matchAll(/\w+/g)) {
    const one = interfaces.get(name);
    if (one === undefined) continue;
    comments += membersOf(one).find(({ name }) => name === member)?.comment ?? "";
    comments += documentedBy(one, member);
  }
  return comments;
}

/** Determined by the last word of its name, or the last two. */
function quantityOf(name: string): (typeof QUANTITIES)[number] | undefined {
  const words = name.split(/(?=[A-Z])/);
  const last = words.at(-1)!.toLowerCase();
  const lastTwo = words.slice(-2).map((word, i) => i === 0 ? word.toLowerCase() : word).join("");
  return QUANTITIES.find((one) =>
    one.words.split(" ").some((word) => word === last || word === lastTwo)
  );
}

/** A comment without its examples. */
function prose(comment: string): string {
  return comment.replace(/```[^]*?```/g, "");
}

/** Everything that a signature names: parameters, options with their comments, and the result or the field itself. */
function lookThrough(
  signature: string,
  name: string,
  found: (name: string, type: string, comment: string) => void,
): void {
  for (
    const [, comment = "", part = "", type = ""] of signature.matchAll(
      /(\/\*\*(?:(?!\*\/)[^])*\*\/\s*)?(?:readonly )?(\w+)\??: ((?:\(\) => )?\w+(?:\[|<\w+>)?)/g,
    )
  ) found(part, type, comment);
  const result = signature.startsWith("(") ? /\): ([^:]+)$/.exec(signature)?.[1] : signature;
  found(name, result ?? "", "");
}

Deno.test("every exported function and class has a documentation comment", () => {
  assert.ok(all.length > 200, `only ${all.length} declarations: the sources were not read`);
  const silent = all.filter(({ kind, comment }) => kind !== "interface" && comment === "");
  assert.deepEqual(silent.map(shown), []);
});

Deno.test("every class says who owns it or may call it", () => {
  const owned = /\b(?:owned|made|created|held|used|called) by\b|\balone calls it\b|\bOwns\b/i;
  const silent = all.filter(({ kind, path, comment, body }) =>
    kind === "class" && !/^ extends (?:Error|Failure)\b/.test(body) &&
    !VALUES.has(path) && !owned.test(comment.replace(/\n \* /g, " "))
  );
  assert.deepEqual(silent.map(shown), []);
});

Deno.test("functions and methods that throw say so", () => {
  const silent: string[] = [];
  const look = (name: string, comment: string, body: string) => {
    // An error that was caught and rethrown belongs to the callee.
    const throws = /\bthrow (?!error;)/.test(body);
    if (throws && !/\b(?:throws?|rejects?)\b/i.test(comment)) silent.push(name);
  };
  for (const one of all) {
    if (one.kind === "function") look(shown(one), one.comment, one.body);
    for (const { name, comment, body } of membersOf(one)) {
      look(`${shown(one)}.${name}`, comment + documentedBy(one, name), body);
    }
  }
  assert.deepEqual(silent, [...HANDLE_THEIR_OWN]);
});

Deno.test("a number that is a size, a time or a limit names its unit", () => {
  const silent: string[] = [];
  let checked = 0;
  const look = (of: string, name: string, type: string, comments: string) => {
    if (!/^(?:\(\) => )?(?:number|Promise<number>)\b(?!\[)/.test(type)) return;

    const quantity = quantityOf(name);
    if (quantity === undefined) return;
    checked++;
    const says = UNIT_IN_NAME.test(name) || quantity.unit.test(comments);
    if (!says) silent.push(`${of} (${name})`);
  };
  for (const one of all) {
    if (one.kind === "function") {
      lookThrough(signatureOf(one), one.name, (name, type, comment) => {
        look(shown(one), name, type, comment + prose(one.comment));
      });
    }
    for (const { name, comment, signature } of membersOf(one)) {
      const comments = prose(one.comment) + comment + documentedBy(one, name);
      lookThrough(signature, name, (part, type, own) => {
        look(`${shown(one)}.${name}`, part, type, own + comments);
      });
    }
  }
  assert.ok(checked > 100, `only ${checked} numbers were checked`);
  assert.deepEqual(silent, []);
});

Deno.test("pure functions of scan, files and config have an example that can fail", () => {
  const pure = all.filter((one) =>
    one.kind === "function" && /^(?:scan|files|config)\//.test(one.path)
  );
  const without = pure.filter(({ comment }) => !/```ts\n[^]*\bassert\b/.test(comment)).map(shown);
  assert.deepEqual(without.sort(), [...WITHOUT_EXAMPLE].sort());
  const toothless = all.filter(({ comment }) => /```ts\n[^]*console\.assert/.test(comment));
  assert.deepEqual(toothless.map(shown), [], "console.assert only prints");
});

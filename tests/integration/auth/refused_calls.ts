/**
 * A program of auth_no_file_access_test.ts: an agent in it refuses calls of every RPC for every reason, then answers
 * one. Opens a file named after each step, so that the runtime's record of file accesses distinguishes the steps.
 * Prints the log folder and how the calls ended, as JSON.
 */
import { Failure, type FailureKind } from "../../../src/failure/failure.ts";
import { FollowFrom } from "../../../src/generated/cluster_agent.ts";
import { startAgent } from "../../harness/agent.ts";
import { answer, drain, metadata, request } from "../../harness/calls.ts";

type Pairs = readonly (readonly [string, string])[];

let review: () => boolean = () => true;
await using agent = await startAgent({
  allowedNamespaces: ["default"],
  authorization: { methods: ["front-proxy", "token"], cacheTtlMs: 0 },
}, { reviewer: { review: async () => await review() } });
const log = agent.logs.add({ content: "2024-10-01T05:00:00Z stdout F text\n" });
const other = agent.logs.add({
  namespace: "other",
  content: "2024-10-01T05:00:00Z stdout F text\n",
});
const missing = { ...log.request, pod_name: "missing" };
const alice = ["x-remote-user", "alice"] as const;
const endings: string[] = [];

async function call(name: string, pairs: Pairs, client: "client" | "other" = "client") {
  const [records, logs] = [agent.records(client), agent.metadata(client)];
  for (const target of [log.request, other.request, missing]) {
    const namespaces = [target.namespace];
    const calls = [
      answer((callback) => logs.list({ namespaces }, metadata(pairs), callback)),
      drain(logs.watch({ namespaces }, metadata(pairs))),
      drain(records.streamBackward(request(target), metadata(pairs))),
      ...[FollowFrom.NOOP, FollowFrom.DEFAULT, FollowFrom.END].map((follow_from) =>
        drain(records.streamForward(request({ ...target, follow_from }), metadata(pairs)))
      ),
    ];
    for (const { code } of await Promise.all(calls)) endings.push(`${name}: ${code}`);
  }
  records.close();
  logs.close();
}

function mark(step: string): void {
  try {
    Deno.statSync(`/step/${step}`);
  } catch {
    // It only exists for the record.
  }
}

const failing = (kind: FailureKind) => () => {
  throw new Failure(kind, "no verdict");
};

// Whatever happens once, on the first call, is over before the relevant part of the record.
await listDefault();

mark("refusals");
await call("nobody", []);
await call("wrong certificate", [alice], "other");
await call("two users", [alice, ["x-remote-user", "bob"]]);
await call("bad extras", [alice, ["x-remote-extras", "{nope"]]);
await call("empty token", [["authorization", "Bearer "]]);
review = () => false;
await call("denied", [alice]);
review = failing("unauthenticated");
await call("refused token", [["authorization", "bad"]]);
review = failing("unavailable");
await call("unreachable", [alice]);
review = failing("internal");
await call("no right to ask", [alice]);

mark("answer");
review = () => true;
const answered = await listDefault();
mark("end");
console.log(JSON.stringify({ folder: agent.logs.dir, endings, answered }));

async function listDefault(): Promise<string> {
  const { code } = await answer((callback) =>
    agent.metadata().list({ namespaces: ["default"] }, metadata([alice]), callback)
  );
  return code;
}

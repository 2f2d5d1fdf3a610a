import assert from "node:assert/strict";
import type * as grpc from "@grpc/grpc-js";
import { FollowFrom, type LogMetadata, type LogRecord } from "../../src/generated/cluster_agent.ts";
import type { ClientName } from "../harness/agent.ts";
import { AuthorizationApi, failure, verdict } from "../harness/authorization_api.ts";
import { answer, drain, instantText, metadata, recordTime, request } from "../harness/calls.ts";
import { type Agent, deadlineFactor, startForCases } from "./agents.ts";
import {
  type ConformanceCase,
  conformanceCases,
  type RecordedItem,
  type RecordedRecord,
} from "./cases.ts";
import { buildTree, EXPECTED_MANIFEST, sha256 } from "./tree.ts";

/** How many calls run at a time: calls that wait for their deadline need not delay the others. */
const CALLS_AT_ONCE = 8;

/** Milliseconds for a call that ends on its own: far more than a slow machine needs. */
const PATIENCE_MS = 120_000;

interface Answer {
  readonly code: string;
  readonly details: string;
  readonly records: readonly RecordedRecord[];
  readonly items: readonly RecordedItem[];
}

Deno.test("every recorded case of the protocol is answered as it should be", async (test) => {
  Deno.env.set("NODE_NAME", "node-1");
  const dir = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "conformance-" }));
  try {
    assert.equal(sha256(buildTree(dir)), EXPECTED_MANIFEST, "the log tree is not the recorded one");
    // Allows every user every namespace except "secret", and accepts no token.
    await using api = await AuthorizationApi.start({
      answer: (asked) =>
        asked.body.kind === "SubjectAccessReview"
          ? verdict(asked, asked.body.spec?.resourceAttributes?.["namespace"] !== "secret")
          : failure(401, "Unauthorized"),
    });
    await using agent = await startForCases(dir, api);

    const cases = conformanceCases();
    assert.equal(cases.length, 133);
    const answers = await askAll(agent, cases);
    for (const [i, recorded] of cases.entries()) {
      await test.step(recorded.id, () => compare(recorded, answers[i]));
    }
  } finally {
    Deno.removeSync(dir, { recursive: true });
    Deno.env.delete("NODE_NAME");
  }
});

async function askAll(agent: Agent, cases: readonly ConformanceCase[]): Promise<Answer[]> {
  const clients = new Map(
    (["client", "other", "none"] as const).map((name) => [name, connect(agent, name)]),
  );
  const answers: Answer[] = [];
  const left = [...cases.entries()];
  async function work(): Promise<void> {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [i, recorded] = next;
      const client = clients.get(recorded.client);
      assert.ok(client !== undefined, `no client "${recorded.client}"`);
      answers[i] = await ask(client, recorded);
    }
  }
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work));
  return answers;
}

type Connected = ReturnType<typeof connect>;

function connect(agent: Agent, name: ClientName) {
  return { records: agent.records(name), metadata: agent.metadata(name) };
}

async function ask(client: Connected, recorded: ConformanceCase): Promise<Answer> {
  const call = metadata(recorded.metadata);
  const { deadline_s, expect: { code: expected } } = recorded;
  const runsOut = deadline_s !== undefined && expected === "DEADLINE_EXCEEDED";
  const patience = runsOut ? deadline_s * 1000 : PATIENCE_MS;
  const options = { deadline: Date.now() + patience * deadlineFactor };
  if (recorded.rpc === "List") {
    const list = { namespaces: recorded.request.namespaces ?? [] };
    const { response, code, details } = await answer<{ items: LogMetadata[] }>((done) =>
      client.metadata.list(list, call, options, done)
    );
    const items = (response?.items ?? []).map(asRecorded).sort(byName);
    return { code: transportFailure(code, details), details, records: [], items };
  }
  const { follow_from = "NOOP", namespaces: _, ...fields } = recorded.request;
  const stream = request({ ...fields, follow_from: FollowFrom[follow_from] });
  const started: grpc.ClientReadableStream<LogRecord> = recorded.rpc === "StreamForward"
    ? client.records.streamForward(stream, call, options)
    : client.records.streamBackward(stream, call, options);
  const { messages, code, details } = await drain(started);
  const records = messages.map((record) => ({
    timestamp: recordTime(record),
    message: record.message,
    is_final: record.is_final,
  }));
  return { code: transportFailure(code, details), details, records, items: [] };
}

/** If no connection was established, there is no status: grpc-js makes one up. */
function transportFailure(code: string, details: string): string {
  return code === "UNAVAILABLE" && details.startsWith("No connection established")
    ? "TRANSPORT_FAILURE"
    : code;
}

function compare({ expect }: ConformanceCase, given: Answer | undefined): void {
  assert.ok(given !== undefined, "no answer");
  assert.equal(given.code, expect.code, `status message: ${given.details}`);
  if (expect.message_contains !== undefined) {
    assert.ok(
      given.details.includes(expect.message_contains),
      `"${given.details}" does not contain "${expect.message_contains}"`,
    );
  }
  if (expect.digest !== undefined) {
    const lines = given.records.map(({ timestamp, is_final, message }) =>
      `${timestamp}\t${is_final}\t${message}\n`
    );
    assert.equal(given.records.length, expect.digest.count);
    assert.equal(sha256(lines.join("")), expect.digest.sha256);
  } else {
    assert.deepEqual(given.records, expect.records ?? []);
  }
  assert.deepEqual(given.items, expect.items ?? []);
}

function asRecorded({ id, spec, fileInfo }: LogMetadata): RecordedItem {
  assert.ok(spec !== undefined && fileInfo?.last_modified_at !== undefined);
  return {
    id,
    spec: { ...spec },
    fileInfo: {
      size: Number(fileInfo.size),
      last_modified_at: instantText(fileInfo.last_modified_at),
    },
  };
}

function byName(a: RecordedItem, b: RecordedItem): number {
  const key = ({ spec, id }: RecordedItem) =>
    [spec.namespace, spec.pod_name, spec.container_name, id].join("\0");
  return key(a) < key(b) ? -1 : 1;
}

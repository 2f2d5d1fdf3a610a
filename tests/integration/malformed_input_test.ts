import assert from "node:assert/strict";
import { FollowFrom } from "../../src/generated/cluster_agent.ts";
import { createAuthority } from "../harness/certificates.ts";
import { drain, request } from "../harness/calls.ts";
import { append, criLine, criLines } from "../harness/log_tree.ts";
import { kinds, sendMalformed, type Target } from "../harness/malformed.ts";
import { startProcess } from "../harness/process.ts";
import { Random, runSeed } from "../harness/random.ts";

const COUNT = 10_000;

Deno.test(`${COUNT} malformed inputs: the process stays, a good client loses nothing`, async () => {
  const seed = runSeed();
  try {
    await run(seed);
  } catch (error) {
    console.error(`seed ${seed}`);
    throw error;
  }
});

async function run(seed: number): Promise<void> {
  await using agent = await startProcess();
  const stranger = await (await createAuthority("Another CA")).client("kubetail-cluster-api");
  const past = agent.logs.add({ pod: "past-0", content: criLines(5000) });
  const live = agent.logs.add({ pod: "live-0", content: criLine("2024-10-01T05:00:00Z", "0") });
  const target: Target = {
    port: agent.port,
    ca: agent.authority.cert,
    client: agent.client,
    stranger,
    log: past.request,
  };

  // The good client follows one log, and reads another one to its end, repeatedly.
  const client = agent.records();
  const following = client.streamForward(
    request({ ...live.request, follow_from: FollowFrom.DEFAULT }),
  );
  let followed = 0;
  const caughtUp = Promise.withResolvers<void>();
  let written = 1;
  let finished = false;
  following.on("data", (record: { message: string }) => {
    assert.equal(record.message, `${followed}`);
    followed++;
    if (finished && followed === written) caughtUp.resolve();
  });
  following.on("error", (error) => caughtUp.reject(error));
  const reading = (async () => {
    let rounds = 0;
    while (!finished) {
      const { code, messages } = await drain(client.streamForward(request(past.request)));
      assert.deepEqual([code, messages.length], ["OK", 5000]);
      rounds++;
    }
    return rounds;
  })();

  const byKind = await Promise.race([
    sendMalformed(target, {
      count: COUNT,
      random: new Random(seed),
      onSent: (sent) => {
        if (sent % 10 === 0) append(live, criLine("2024-10-01T05:00:00Z", `${written++}`));
      },
    }),
    agent.ended.then((code) => assert.fail(`the agent ended with ${code}`)),
  ]);
  finished = true;
  if (followed === written) caughtUp.resolve();
  await caughtUp.promise;
  assert.equal(followed, written);
  assert.ok(await reading > 0);
  following.cancel();

  assert.equal(byKind.size, kinds, "not every kind was sent");
  const faults = agent.lines.filter(({ level, msg }) => level === "error" && msg !== "call");
  assert.deepEqual(faults, []);
  agent.kill("SIGTERM");
  assert.equal(await agent.ended, 0);
}

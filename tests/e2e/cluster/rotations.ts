import assert from "node:assert/strict";
import { FollowFrom } from "../../../src/generated/cluster_agent.ts";
import { metadata, request } from "../../harness/calls.ts";
import { reader, runningLog } from "./callers.ts";
import { type AgentConnection, onNode } from "./cluster.ts";
import { apply, get, kubectl, type Pod } from "./kubectl.ts";
import { gaps, Lines, numberOf } from "./lines.ts";
import { loggingPod, NAMESPACE } from "./pods.ts";
import { ready } from "./setup.ts";

const ROTATIONS = 10;
const LINES_PER_SECOND = 10_000;
/** Less than the pod writes. */
const SLOW_BYTES_PER_SECOND = 1_000_000;
/** Created in the writing container when its log is followed; a pod's only writable folder. */
const FOLLOWED = "/dev/shm/followed";

/** Two followers: one that keeps up, and one that falls behind. */
export async function rotations(agent: AgentConnection, node: string): Promise<void> {
  // Its first line creates the log; the others wait for the followers. On a slow node, the kubelet could otherwise
  // rotate before the followers arrive, and a follow begins with the current file.
  const script = `awk '
    BEGIN {
      dots = sprintf("%95s", ""); gsub(/ /, ".", dots)
      print "count", ++i, dots
      fflush()
      system("until [ -e ${FOLLOWED} ]; do sleep 0.1; done")
      began = systime()
      for (;;) {
        for (end = ${LINES_PER_SECOND} * (systime() - began + 1); i < end;) print "count", ++i, dots
        fflush()
        system("sleep 0.1")
      }
    }'`;
  await apply([loggingPod({ name: "rotating", node, script })]);
  await ready("rotating");
  const { metadata: { uid } } = await get<Pod>("pod", "rotating", "--namespace", NAMESPACE);
  const log = request({ ...await runningLog(agent, "rotating"), follow_from: FollowFrom.DEFAULT });
  const began = performance.now();
  const followers = [Infinity, SLOW_BYTES_PER_SECOND].map((bytesPerSecond) => {
    const lines = new Lines();
    const call = agent.records.streamForward(log, metadata(reader));
    return { lines, ended: lines.read(call, { bytesPerSecond }) };
  });
  await Promise.all(followers.map(({ lines }) => lines.reach(1)));
  const begin = ["/bin/sh", "-c", `: > ${FOLLOWED}`];
  await kubectl("exec", "--namespace", NAMESPACE, "rotating", "--", ...begin);
  // The kubelet deletes the oldest of these; a compressed file keeps its name.
  const seen = await onNode(`
    cd /var/log/pods/${NAMESPACE}_rotating_${uid}/main
    end=$(($(date +%s) + 300)); rotations=0; compressed=0; last=
    until [ $rotations -ge ${ROTATIONS} ]; do
      if [ "$(date +%s)" -ge $end ]; then echo "not rotated:"; break; fi
      newest=$(ls | sed -n 's/^0[.]log[.]\\(2[-0-9]*\\).*/\\1/p' | sort | tail -n 1)
      if [ "$newest" != "$last" ]; then
        last=$newest; rotations=$((rotations + 1))
        if ls | grep -q '[.]gz$'; then compressed=$((compressed + 1)); fi
      fi
      sleep 0.2
    done
    echo "$rotations rotations, compressed files at $compressed of them"
    ls`);
  assert.doesNotMatch(seen, /not rotated/);
  assert.match(seen, /[.]gz$/m);
  await kubectl("delete", "pod", "rotating", "--namespace", NAMESPACE, "--wait=true");
  const seconds = (performance.now() - began) / 1000;
  for (const { lines, ended } of followers) {
    const { code, details } = await ended;
    assert.equal(code, "OK", details);
    assert.deepEqual(gaps(lines.texts), []);
    assert.equal(numberOf(lines.texts[0] ?? ""), 1);
  }
  const [fast, slow] = followers.map(({ lines }) => lines.texts.length);
  assert.equal(slow, fast, "the slow reader has all that the fast one has");
  const rate = Math.round((fast ?? 0) / seconds);
  console.log(
    `    ${fast} lines, ${rate} a second, ${seen.split("\n")[0]}, a fast and a slow reader`,
  );
}

import assert from "node:assert/strict";
import { CheckLoop } from "../../../src/files/check_loop.ts";
import type { CheckReason } from "../../../src/files/check_rounds.ts";

/** The calls, in order. `changes`: the result of each check. */
function setup(changes: boolean[], onChecked: (loop: CheckLoop) => void = () => {}) {
  const calls: (CheckReason | "checked")[] = [];
  const state = { isOver: false };
  const loop: CheckLoop = new CheckLoop({
    check(reason) {
      calls.push(reason);
      return changes.shift() ?? false;
    },
    onChecked() {
      calls.push("checked");
      onChecked(loop);
    },
    isOver: () => state.isOver,
  });
  return { loop, calls, state };
}

const table: readonly [
  string,
  boolean[],
  (loop: CheckLoop) => unknown,
  unknown,
  (CheckReason | "checked")[],
][] = [
  ["something has happened", [true], (loop) => loop.run("event"), true, ["event", "checked"]],
  ["nothing has happened", [false], (loop) => loop.run("event"), false, ["event"]],
  ["asked for, something", [true], (loop) => loop.askAgain(), true, ["tick", "checked"]],
  [
    "asked for, nothing: followers are woken all the same",
    [false],
    (loop) => loop.askAgain(),
    false,
    [
      "tick",
      "checked",
    ],
  ],
];

for (const [title, changes, call, returned, expected] of table) {
  Deno.test(`a check of a log: ${title}`, () => {
    const { loop, calls } = setup(changes);
    assert.equal(call(loop), returned);
    assert.deepEqual(calls, expected);
  });
}

Deno.test("a check requested while followers are woken runs afterwards in the same call", () => {
  let asks = 2;
  const { loop, calls } = setup([true, false, false], (loop) => {
    if (asks-- > 0) assert.equal(loop.askAgain(), false);
  });
  assert.equal(loop.run("peek"), true);
  assert.deepEqual(calls, ["peek", "checked", "tick", "checked", "tick", "checked"]);
});

Deno.test("a check within a check does nothing, though events come while followers are woken", () => {
  const { loop, calls } = setup([true, true], (loop) => assert.equal(loop.run("event"), false));
  assert.equal(loop.run("event"), true);
  assert.deepEqual(calls, ["event", "checked"]);
});

Deno.test("a log that is over is not checked, not even for earlier requests", () => {
  const { loop, calls, state } = setup([true], (loop) => {
    state.isOver = true;
    loop.askAgain();
  });
  assert.equal(loop.run("event"), true);
  assert.equal(loop.run("event"), false);
  assert.deepEqual(calls, ["event", "checked"]);
});

Deno.test("a check that throws leaves the next one possible", () => {
  let isBroken = true;
  const loop = new CheckLoop({
    check() {
      if (isBroken) throw new Error("broken");
      return true;
    },
    onChecked() {},
    isOver: () => false,
  });
  assert.throws(() => loop.run("tick"), /broken/);
  isBroken = false;
  assert.equal(loop.run("tick"), true);
});

import assert from "node:assert/strict";
import { useColor } from "../../../src/cli/color.ts";
import { UsageError } from "../../../src/cli/terminal.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

Deno.test("color is what the option says, and else what the terminal says", () => {
  for (const color of [true, false]) {
    const terminal = new CapturedTerminal({ color });
    assert.equal(useColor(undefined, terminal), color);
    assert.equal(useColor("auto", terminal), color);
    assert.equal(useColor("always", terminal), true);
    assert.equal(useColor("never", terminal), false);
  }
  assert.throws(() => useColor("yes", new CapturedTerminal()), UsageError);
});

import assert from "node:assert/strict";
import { editDistance, nearest } from "../../../src/config/nearest.ts";

Deno.test("the nearest key: letters added, lost, replaced, swapped, and other ways to join words", () => {
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("level", "lvele"), 2);
  assert.equal(editDistance("tls", "tsl"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(nearest("Log_Roots", ["log-roots", "logging"]), "log-roots");
  assert.equal(nearest("xyz", ["log-roots", "logging"]), null);
  assert.equal(nearest("xyz", []), null);
});

import assert from "node:assert/strict";
import { ReviewHealth } from "../../../src/agent/review_health.ts";
import { defaults } from "../../../src/config/schema.ts";

type Ask = { readonly ownAccountNeeded: boolean; readonly signal: AbortSignal };

function configured(methods: typeof defaults.authorization.methods) {
  return { authorization: { ...defaults.authorization, methods } };
}

/** A reviewer that answers when it is told to. */
function reviewer() {
  const asked = Promise.withResolvers<Ask>();
  const answer = Promise.withResolvers<string | null>();
  return {
    asked: asked.promise,
    answer,
    problem(ask: Ask): Promise<string | null> {
      asked.resolve(ask);
      return answer.promise;
    },
  };
}

/** Runs everything that waits for a settled promise. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

Deno.test("reviews are a problem until the API server has answered", async () => {
  const api = reviewer();
  using health = new ReviewHealth(configured(["front-proxy"]), api);
  assert.equal(health.problem, "the Kubernetes API server has not been asked yet");
  assert.equal((await api.asked).ownAccountNeeded, true);
  api.answer.resolve(null);
  await turn();
  assert.equal(health.problem, null);
});

Deno.test("the problem states the API server's answer, or why there was none", async () => {
  const answering = reviewer();
  using first = new ReviewHealth(configured(["front-proxy"]), answering);
  answering.answer.resolve("forbidden");
  await turn();
  assert.equal(first.problem, "forbidden");

  const failing = reviewer();
  using second = new ReviewHealth(configured(["front-proxy"]), failing);
  failing.answer.reject(new Error("no route to host"));
  await turn();
  assert.equal(second.problem, "no route to host");
});

Deno.test("if callers present tokens, the agent's own account is not needed", async () => {
  const api = reviewer();
  using _health = new ReviewHealth(configured(["front-proxy", "token"]), api);
  assert.equal((await api.asked).ownAccountNeeded, false);
  api.answer.resolve(null);
});

Deno.test("with allow-all nobody is asked", () => {
  using health = new ReviewHealth(configured(["allow-all"]), {
    problem: () => assert.fail("asked"),
  });
  assert.equal(health.problem, null);
});

Deno.test("a question to the API server is aborted when the agent ends", async () => {
  const api = reviewer();
  const health = new ReviewHealth(configured(["front-proxy"]), api);
  const { signal } = await api.asked;
  health[Symbol.dispose]();
  assert.equal(signal.aborted, true);
  api.answer.resolve(null);
  await turn(); // starts no timer, which would keep the test from ending
});

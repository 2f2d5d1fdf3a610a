import assert from "node:assert/strict";
import { FollowFrom } from "../../src/generated/cluster_agent.ts";
import { failure, verdict } from "../harness/authorization_api.ts";
import { drain, metadata, request } from "../harness/calls.ts";
import { type Pairs, setUp } from "./auth/reviewed_agent.ts";

Deno.test("five tokens of one ServiceAccount share its streams; two users whose names begin alike do not", async () => {
  await using setup = await setUp({
    tls: { allowedNames: [] },
    limits: { maxStreams: 100, maxStreamsPerUser: 2 },
  });
  const { agent, api } = setup;
  api.answer = (asked) =>
    asked.path.endsWith("/selfsubjectreviews") ? serviceAccount(asked) : verdict(asked, true);
  const log = agent.logs.add({ content: "" });
  const follow = (pairs: Pairs) =>
    drain(
      agent.records().streamForward(
        request({ ...log.request, follow_from: FollowFrom.DEFAULT }),
        metadata(pairs),
      ),
    );
  const following = () =>
    agent.events.filter((event) => event.type === "followers" && event.change === 1).length;

  for (const token of ["first", "second"]) void follow([["authorization", token]]);
  await agent.sees(() => following() === 2);
  for (const token of ["third", "fourth", "fifth"]) {
    const { code, details } = await follow([["authorization", token]]);
    assert.equal(code, "RESOURCE_EXHAUSTED", details);
    assert.match(details, /limits\.max-streams-per-user/);
  }
  // Names whose first 256 characters are equal.
  for (const end of ["a", "b"]) {
    const user = ["x-remote-user", "u".repeat(300) + end] as const;
    for (let i = 0; i < 2; i++) void follow([user]);
  }
  await agent.sees(() => following() === 6);
});

Deno.test("an API server without SelfSubjectReview: a token counts for itself, and calls are served", async () => {
  await using setup = await setUp({
    tls: { allowedNames: [] },
    limits: { maxStreams: 100, maxStreamsPerUser: 1 },
  });
  const { agent, api } = setup;
  api.answer = (asked) =>
    asked.path.endsWith("/selfsubjectreviews") ? failure(404, "NotFound") : verdict(asked, true);
  const log = agent.logs.add({ content: "" });
  for (const token of ["one", "two"]) {
    void drain(
      agent.records().streamForward(
        request({ ...log.request, follow_from: FollowFrom.DEFAULT }),
        metadata([["authorization", token]]),
      ),
    );
  }
  await agent.sees((events) =>
    events.filter((event) => event.type === "followers" && event.change === 1).length === 2
  );
  const { code } = await drain(
    agent.records().streamForward(
      request({ ...log.request, follow_from: FollowFrom.DEFAULT }),
      metadata([["authorization", "one"]]),
    ),
  );
  assert.equal(code, "RESOURCE_EXHAUSTED");
});

/** Every token belongs to the same account; the API server names the token in the extras. */
function serviceAccount(asked: { headers: Record<string, unknown> }) {
  const id = String(asked.headers["authorization"]);
  return {
    status: 201,
    json: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "SelfSubjectReview",
      status: {
        userInfo: {
          username: "system:serviceaccount:team-a:reader",
          groups: ["system:serviceaccounts", "system:authenticated"],
          extra: { "authentication.kubernetes.io/credential-id": [id] },
        },
      },
    },
  };
}

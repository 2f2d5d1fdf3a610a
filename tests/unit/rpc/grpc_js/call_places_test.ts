import assert from "node:assert/strict";
import { placeOf, rememberPlace } from "../../../../src/rpc/grpc_js/call_places.ts";

/** A call as created by grpc-js for an HTTP/2 stream. */
function callOf(stream: object): object {
  return { call: { stream, maybeSendMetadata() {} } };
}

Deno.test("a call has the place of its own HTTP/2 stream, and others have none", () => {
  const newStream = () => ({ write() {}, once() {} });
  const [first, second, unknown] = [newStream(), newStream(), newStream()];
  const [firstPlace, secondPlace] = [{}, {}] as unknown as Parameters<typeof rememberPlace>[1][];
  rememberPlace(first, firstPlace!);
  rememberPlace(second, secondPlace!);
  assert.equal(placeOf(callOf(first)), firstPlace);
  assert.equal(placeOf(callOf(second)), secondPlace);
  assert.equal(placeOf(callOf(unknown)), null);
  assert.equal(placeOf({}), null, "a call of a library that has changed");
});

/** A program of uncaught_errors_test.ts: causes unhandled errors in every way, and then shows that it keeps running. */
import { type AddressInfo, connect, createServer } from "node:net";
import { reportUncaughtErrors } from "../../../src/agent/uncaught_errors.ts";

const EXPECTED = 4;
let seen = 0;
const all = Promise.withResolvers<void>();
using _handled = reportUncaughtErrors((event) => {
  console.log(JSON.stringify(event));
  if (++seen === EXPECTED) all.resolve();
});
void Promise.reject(new TypeError("a rejection"));
void Promise.reject("no error at all");
setTimeout(() => {
  throw new Error("in a timer");
});
const server = createServer((peer) => {
  peer.on("data", () => {
    throw new RangeError("in a library's callback");
  });
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
socket.write("x");
await all.promise;
socket.destroy();
server.close();
console.log("goes on");
Deno.exit(0);

/**
 * A server with a listener check and few descriptors that greets every connection. Prints its port, then what the check
 * reports.
 */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { ListenerCheck } from "../../../src/agent/listener_check.ts";

// As the agent does; the platform must have what it needs for signals before descriptors run out, or it panics.
Deno.addSignalListener("SIGTERM", () => Deno.exit());
const server = createServer((socket) => {
  socket.on("error", () => {}).resume();
  socket.write("hello");
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
new ListenerCheck([{ name: "addr", server, shed: () => {} }], (event) => {
  if (event.type === "notice") console.log(event.text);
});

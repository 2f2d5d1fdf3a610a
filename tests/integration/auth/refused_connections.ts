/** Calls a missing API server repeatedly; prints how many bytes of memory each request leaves behind. */
import { NoResponse } from "../../../src/auth/api_server.ts";
import { ApiServer } from "../../../src/auth/api_server.ts";

declare const gc: () => void; // --v8-flags=--expose-gc

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const { port } = listener.addr;
listener.close(); // From now on, connections are refused.

const server = new ApiServer({
  url: new URL(`https://127.0.0.1:${port}`),
  serverName: undefined,
  certificateAuthority: () => undefined,
  account: () => Promise.resolve({}),
}, { timeoutMs: 10_000 });
const { signal } = new AbortController();

async function ask(times: number): Promise<number> {
  for (let i = 0; i < times; i++) {
    await server.post("/x", {}, { token: "t", signal }).then(
      () => Deno.exit(1),
      (error) => error instanceof NoResponse || Deno.exit(1),
    );
  }
  gc();
  await new Promise((resolve) => setImmediate(resolve));
  gc();
  return Deno.memoryUsage().heapUsed;
}

const before = await ask(100);
const TIMES = 500;
console.log((await ask(TIMES) - before) / TIMES);
server.close();

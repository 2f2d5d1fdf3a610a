import assert from "node:assert/strict";

const script = new URL("auth/refused_connections.ts", import.meta.url).pathname;

Deno.test("regression: TLS sockets of refused connections to an API server were kept forever", async () => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-net=127.0.0.1", "--v8-flags=--expose-gc", script],
  }).output();
  const text = new TextDecoder();
  assert.ok(success, text.decode(stderr));
  const bytes = Number(text.decode(stdout));
  // With the bug it was more than 30,000.
  assert.ok(bytes < 2000, `${bytes} bytes for each request`);
});

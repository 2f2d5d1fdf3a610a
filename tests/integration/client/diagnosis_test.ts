import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { startAgent, type TestAgent } from "../../harness/agent.ts";
import { createAuthority } from "../../harness/certificates.ts";
import { listing, reach } from "../../harness/client.ts";

function paths(agent: TestAgent) {
  const dir = agent.certificatesDir;
  return { ca: `${dir}/ca.crt`, cert: `${dir}/client.crt`, key: `${dir}/client.key` };
}

Deno.test("without a client certificate, the error says that the agent requires one, and names --tls", async () => {
  await using agent = await startAgent();
  const text = await listing("--addr", agent.address, "--ca", paths(agent).ca);
  assert.match(text, /^Cannot list the logs of localhost:\d+: UNAVAILABLE: /);
  assert.match(text, /the agent requires a client certificate\. Give --tls FOLDER/);
});

Deno.test("with a client certificate of another authority, the error says which is needed", async () => {
  await using agent = await startAgent();
  const { cert, key } = await (await createAuthority("Other")).client("kubetail-cluster-api");
  const dir = agent.logs.dir;
  Deno.writeTextFileSync(`${dir}/c`, cert);
  Deno.writeTextFileSync(`${dir}/k`, key);
  const text = await listing(
    ...[
      "--addr",
      agent.address,
      "--ca",
      paths(agent).ca,
      "--cert",
      `${dir}/c`,
      "--key",
      `${dir}/k`,
    ],
  );
  assert.match(text, /refuses the client certificate\. Give one .*tls\.ca-file/);
});

Deno.test("plain text to a TLS port: the error says to leave out --insecure-plaintext", async () => {
  await using agent = await startAgent();
  const text = await listing("--addr", agent.address, "--insecure-plaintext");
  assert.match(text, /expects TLS\. Leave out --insecure-plaintext/);
});

Deno.test("TLS to a plain-text port: the error names --insecure-plaintext", async () => {
  await using agent = await startAgent({ tls: { enabled: false } });
  const { ca } = paths(agent);
  const text = await listing("--addr", agent.address, "--ca", ca);
  assert.match(text, /does not speak TLS\. Call it with --insecure-plaintext/);
});

Deno.test("with the wrong CA, or none, the error names --ca", async () => {
  await using agent = await startAgent();
  const { cert, key } = paths(agent);
  const address = ["--addr", agent.address, "--cert", cert, "--key", key];
  const other = `${agent.logs.dir}/other.crt`;
  Deno.writeTextFileSync(other, (await createAuthority("Other")).cert);
  assert.match(
    await listing(...address, "--ca", other),
    /not from the given CA \(it is from Throwaway CA\)\. Check --ca/,
  );
  assert.match(await listing(...address), /not from a well-known CA .*Give .* --ca FILE/);
});

Deno.test("if the agent's certificate has expired, the error says when, and where to renew it", async () => {
  await using agent = await startAgent();
  const { cert, key } = await agent.authority.server({ notAfter: new Date(Date.now() - 60_000) });
  const server = createTlsServer({ cert, key, ALPNProtocols: ["h2"] });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const text = await listing("--addr", `localhost:${port}`, "--ca", paths(agent).ca);
  assert.match(text, /the agent's certificate expired 20\S+Z\. Renew it on the node/);
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("with a wrong server name, the error lists the names of the certificate, and names --server-name", async () => {
  await using agent = await startAgent();
  const text = await listing(...reach(agent), "--server-name", "elsewhere.test");
  assert.match(text, /not for elsewhere\.test but for localhost, 127\.0\.0\.1, .*--server-name/);
});

Deno.test("if nothing listens on the port, the error says so", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const text = await listing("--addr", `127.0.0.1:${port}`, "--insecure-plaintext");
  assert.match(text, /nothing listens on 127\.0\.0\.1:\d+\. Check that the agent runs/);
});

Deno.test("if the host's name cannot be resolved, the error says so and names --addr", async () => {
  const text = await listing("--addr", "agent.invalid:50051", "--insecure-plaintext");
  assert.match(text, /the name agent\.invalid cannot be resolved\. Check --addr/);
});

Deno.test("if another program has the port, the error says so and names --addr", async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write("SSH-2.0-OpenSSH_9.2\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const text = await listing("--addr", `127.0.0.1:${port}`, "--insecure-plaintext");
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  assert.match(text, /no gRPC server\. Check --addr|closes the connection/);
});

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { bundle } from "../../hack/bundle.ts";
import { agent as program } from "../../hack/permissions.ts";
import {
  ServerReflectionClient,
  type ServerReflectionResponse,
} from "../../src/generated/grpc/reflection.ts";
import { type AgentProcess, startProcess } from "../harness/process.ts";

/** Texts in the modules that an agent loads on first use. */
const late = { "the status page": "Certificate until", "descriptors": "fileDescriptorSet=" };

/** A bundle without the files that contain one of these texts. */
async function bundled(...missing: readonly string[]): Promise<{ folder: string } & Disposable> {
  const folder = mkdtempSync(join(tmpdir(), "late-modules-"));
  await bundle(program, folder);
  for (const text of missing) {
    const files = readdirSync(folder).filter((name) =>
      name.endsWith(".js") && readFileSync(join(folder, name), "utf8").includes(text)
    );
    assert.equal(files.length, 1, `"${text}" is in a file of its own: ${files}`);
    rmSync(join(folder, files[0]!));
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** The first answer to a request for the services. Rejects with the call's error. */
function services(agent: AgentProcess): Promise<ServerReflectionResponse> {
  const { client, authority, port } = agent;
  const credentials = grpc.credentials.createSsl(
    Buffer.from(authority.cert),
    Buffer.from(client.key),
    Buffer.from(client.cert),
  );
  const reflection = new ServerReflectionClient(`localhost:${port}`, credentials);
  return new Promise<ServerReflectionResponse>((resolve, reject) => {
    const call = reflection.serverReflectionInfo();
    call.on("data", resolve);
    call.on("error", reject);
    call.write({ host: "", list_services: "" });
    call.end();
  }).finally(() => reflection.close());
}

Deno.test("a bundle's late imports are loaded with the binary's permissions", async () => {
  using made = await bundled();
  await using agent = await startProcess({ bundle: made.folder });
  const page = await fetch(`http://127.0.0.1:${agent.telemetryPort}/`);
  assert.match(await page.text(), new RegExp(late["the status page"]));
  const { list_services_response } = await services(agent);
  assert.ok((list_services_response?.service.length ?? 0) > 2);
});

Deno.test("if a lazily loaded module is missing, the caller gets an error, the log says why, and the agent keeps running", async () => {
  using made = await bundled(...Object.values(late));
  await using agent = await startProcess({ bundle: made.folder });
  const at = `http://127.0.0.1:${agent.telemetryPort}`;
  const page = await fetch(`${at}/`);
  assert.deepEqual([page.status, await page.text()], [500, "internal error\n"]);
  const told = await agent.line(({ msg }) =>
    msg === "a request to telemetry.addr could not be answered"
  );
  assert.equal(told["level"], "error");
  assert.match(String(told["error"]), /Module not found|chunk-/);
  await assert.rejects(services(agent), { code: grpc.status.INTERNAL });
  assert.equal(await (await fetch(`${at}/readyz`)).text(), "ok\n");
});

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { agent, runFlags } from "../../hack/permissions.ts";
import { configText } from "../../src/config/config_text.ts";
import { defaults } from "../../src/config/schema.ts";
import { createAuthority } from "../harness/certificates.ts";
import { append, criLine, LogTree, type TreeLog } from "../harness/log_tree.ts";
import {
  commandsIn,
  type DocumentedCommand,
  documentedCommands,
  project,
  staleTreatments,
  treatment,
} from "../harness/documented_commands.ts";

Deno.test("a document's commands are found: lines are joined, comments and other languages left out", () => {
  const markdown = [
    "```sh",
    "# a comment",
    "one 'a # b' --x=\"#\"   # two",
    "three \\",
    "  four",
    "```",
    "```yaml",
    "five: 6",
    "```",
    "   ```sh",
    "   seven",
    "   ```",
  ].join("\n");
  assert.deepEqual(commandsIn(markdown), [
    { line: 3, text: "one 'a # b' --x=\"#\"" },
    { line: 4, text: "three four" },
    { line: 11, text: "seven" },
  ]);
});

Deno.test("every command in the documents is run, or it is said why not", () => {
  const commands = documentedCommands();
  assert.ok(commands.length > 20, `${commands.length} commands`);
  for (const command of commands) treatment(command);
  assert.deepEqual(staleTreatments(commands), []);
});

Deno.test("every command that can run here does what the document says", async (t) => {
  using place = await Place.make();
  for (const command of documentedCommands().filter((each) => treatment(each) === "here")) {
    await t.step(`${command.place}: ${command.text}`, () => place.run(command));
  }
});

/** A folder with what the documents' commands name, and the agent that the first of them starts. */
class Place implements Disposable {
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), "documented-")));
  readonly #logs = new LogTree();
  readonly #log: TreeLog;
  readonly #running: Deno.ChildProcess[] = [];
  #address = "";

  private constructor() {
    this.#log = this.#logs.add({
      namespace: "team-a",
      pod: "web-0",
      container: "main",
      content: this.#line("error: timeout"),
    });
  }

  static async make(): Promise<Place> {
    const place = new Place();
    await place.#fill();
    return place;
  }

  async #fill(): Promise<void> {
    const authority = await createAuthority();
    for (
      const [name, pair] of Object.entries({
        server: await authority.server(),
        client: await authority.client("kubetail-cluster-api"),
      })
    ) {
      mkdirSync(join(this.#folder, name));
      writeFileSync(join(this.#folder, name, "ca.crt"), authority.cert);
      writeFileSync(join(this.#folder, name, "tls.crt"), pair.cert);
      writeFileSync(join(this.#folder, name, "tls.key"), pair.key);
    }
    const server = join(this.#folder, "server");
    writeFileSync(
      join(this.#folder, "agent.yaml"),
      configText({
        ...defaults,
        addr: "127.0.0.1:0",
        containerLogsDir: this.#logs.containerLogsDir,
        logRoots: this.#logs.logRoots,
        tls: {
          ...defaults.tls,
          certFile: `${server}/tls.crt`,
          keyFile: `${server}/tls.key`,
          caFile: `${server}/ca.crt`,
        },
        authorization: { ...defaults.authorization, methods: ["allow-all"] },
        telemetry: { ...defaults.telemetry, addr: "" },
      }),
    );
    copyFileSync(join(project, "deploy/config.example.yaml"), join(this.#folder, "config.yaml"));
    // The program under its own name, with the binary's permissions and the files here.
    mkdirSync(join(this.#folder, "bin"));
    const flags = runFlags(agent).map((flag) =>
      flag.startsWith("--allow-read=") ? `${flag},${this.#folder}` : flag
    );
    writeFileSync(
      join(this.#folder, "bin", agent.name),
      `#!/bin/sh\nexec deno run ${flags.join(" ")} ${agent.entry} "$@"\n`,
      { mode: 0o755 },
    );
  }

  async run(command: DocumentedCommand): Promise<void> {
    const words = this.#filledIn(command.text);
    if (/\btask serve\b/.test(words)) return await this.#serve(words);
    const child = this.#start(words);
    const errors = new Response(child.stderr).text();
    if (/ --follow\b/.test(words)) {
      await this.#firstLine(child);
      child.kill("SIGINT");
      await child.status;
      await errors;
      return;
    }
    const said = await new Response(child.stdout).text();
    const { code } = await child.status;
    assert.equal(code, 0, `${words}\n${said}${await errors}`);
    if (/ (?:client|grep) /.test(words)) assert.match(said, /web-0|error: timeout|shutdown event/);
  }

  /** Starts the agent; the following commands call it. */
  async #serve(words: string): Promise<void> {
    const child = this.#start(words);
    void new Response(child.stderr).text();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    let port: string | undefined;
    while (port === undefined) {
      const { value, done } = await reader.read();
      assert.ok(!done, `it ended: ${said}`);
      said += value;
      port = /"msg":"serving".*"port":(\d+)/.exec(said)?.[1];
    }
    this.#address = `localhost:${port}`;
    void (async () => {
      while (!(await reader.read()).done);
    })();
  }

  /** Resolves to the first output of a follow; new records are written until then. */
  async #firstLine(child: Deno.ChildProcess): Promise<void> {
    const reader = child.stdout.getReader();
    let has = false;
    const first = reader.read().then(({ done }) => {
      has = true;
      assert.ok(!done, "the follow ended");
    });
    while (!has) {
      append(this.#log, this.#line("error: another timeout"));
      await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
    await first;
    reader.releaseLock();
    await child.stdout.cancel();
  }

  #start(words: string): Deno.ChildProcess {
    const child = new Deno.Command("bash", {
      args: ["-c", `exec env ${words}`],
      cwd: project,
      env: {
        PATH: `${this.#folder}/bin:${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`,
        NO_COLOR: "1",
        // Compiling downloads a runtime; see tests/integration/compile_test.ts.
        DENORT_BIN: "/bin/true",
      },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#running.push(child);
    return child;
  }

  /** The command with names that exist here. */
  #filledIn(text: string): string {
    const connection = `--addr ${this.#address} --tls ${this.#folder}/client`;
    const more = /\btask compile\b/.test(text) ? ` --out ${this.#folder}/dist` : "";
    return text
      .replace(/npx -y deno@\S+/, "deno")
      .replace(/ -c (?:agent\.yaml|FILE)/, ` -c ${this.#folder}/agent.yaml`)
      .replace(/--config config\.yaml/, `--config ${this.#folder}/config.yaml`)
      .replaceAll("localhost:50051", this.#address)
      .replaceAll("NAMESPACE/POD/CONTAINER", "team-a/web-0/main")
      .replaceAll("NAMESPACE/POD", "team-a/web-0")
      .replaceAll("FOLDER", `${this.#folder}/client`)
      .replaceAll("FILE", this.#log.path)
      .replaceAll("…", connection) + more;
  }

  #line(text: string): string {
    return criLine(new Date().toISOString(), text);
  }

  [Symbol.dispose](): void {
    for (const child of this.#running) {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has already ended.
      }
    }
    this.#logs[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true });
  }
}

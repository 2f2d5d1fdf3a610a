import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { grep } from "../../../src/cli/grep.ts";
import { criLine, criLines, LogTree } from "../../harness/log_tree.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

async function run(...args: string[]) {
  const terminal = new CapturedTerminal();
  const code = await grep(args, terminal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

/** Output without the times. */
const untimed = (text: string) => text.replaceAll(/2024-\S+Z /g, "");

/** One log with lines 0 to 99. */
function hundred(): LogTree & { readonly file: string } {
  const tree = new LogTree();
  return Object.assign(tree, { file: tree.add({ content: criLines(100) }).path });
}

for (
  const [args, expected] of [
    [["line 7$"], "line 7\n"],
    [["-i", "LINE 7$"], "line 7\n"],
    [["-c", "line 1"], "11\n"],
    [["-v", "-c", "line 1"], "89\n"],
    [["-v", "line [0-8]?[0-9]$"], Array.from({ length: 10 }, (_, i) => `line 9${i}\n`).join("")],
    [["-m", "2", "line 5"], "line 5\nline 50\n"],
    [["-n", "line 4[12]$"], "42:line 41\n43:line 42\n"],
    [["-A", "1", "line 3$"], "line 3\nline 4\n"],
    [["-B", "1", "line 3$"], "line 2\nline 3\n"],
    [
      ["-n", "-C1", "line 2?8$"],
      "8-line 7\n9:line 8\n10-line 9\n--\n28-line 27\n29:line 28\n30-line 29\n",
    ],
    [["-C", "1", "line [34]$"], "line 2\nline 3\nline 4\nline 5\n"],
    [
      ["-F", "e 9"],
      Array.from({ length: 11 }, (_, i) => `line ${i === 0 ? 9 : 89 + i}\n`).join(""),
    ],
    [["-e", "line 3$", "-e", "line 5$"], "line 3\nline 5\n"],
    [["-w", "line 3"], "line 3\n"],
    [["-b", "-m", "1", ""], "line 99\n"],
  ] as const
) {
  Deno.test(`grep ${args.join(" ")}`, async () => {
    using tree = hundred();
    // -e replaces the pattern, so the file comes last in any case.
    const { code, stdout, stderr } = await run(...args, tree.file);
    assert.deepEqual([code, untimed(stdout), stderr], [0, expected, ""]);
  });
}

Deno.test("grep exits with 1 when nothing matches, in every way to search", async () => {
  using tree = hundred();
  for (const options of [[], ["-c"], ["-l"], ["-q"], ["-n"], ["-A1"]]) {
    const { code } = await run(...options, "nowhere", tree.file);
    assert.equal(code, 1, options.join(" "));
  }
  assert.equal((await run("-v", "", tree.file)).code, 1);
  assert.deepEqual(await run("-q", "line", tree.file), { code: 0, stdout: "", stderr: "" });
  assert.equal(
    (await run("-q", "line", `${tree.file}.gone`, tree.file)).code,
    0,
    "found all the same",
  );
});

Deno.test("grep takes files and folders, links and gzip in them, each log once", async () => {
  using tree = new LogTree();
  const [web, db] = [
    tree.add({ pod: "web-0", content: criLine("2024-10-01T05:00:00Z", "error of web") }),
    tree.add({ pod: "db-0", content: criLine("2024-10-01T05:00:01Z", "fine") }),
  ];
  const rotated = `${web.path}.20241001-050000.gz`;
  Deno.writeFileSync(rotated, gzipSync(criLine("2024-10-01T04:00:00Z", "error, earlier")));

  const both = await run("error", web.path, db.path);
  assert.deepEqual([both.code, untimed(both.stdout)], [0, `${web.path}:error of web\n`]);
  const folder = await run("error", `${tree.dir}/pods`);
  assert.deepEqual(untimed(folder.stdout), `${web.path}:error of web\n${rotated}:error, earlier\n`);
  assert.deepEqual((await run("-l", "error", tree.containerLogsDir)).stdout, `${web.link}\n`);
  assert.deepEqual(
    (await run("-c", "error", tree.containerLogsDir)).stdout,
    `${db.link}:0\n${web.link}:1\n`,
  );
  assert.deepEqual(JSON.parse((await run("-n", "-o", "json", "web", web.path)).stdout), {
    line: 1,
    timestamp: "2024-10-01T05:00:00Z",
    message: "error of web",
    is_final: true,
  });
});

Deno.test("grep reports a file that is not a container log, and searches the others", async () => {
  using tree = hundred();
  const other = `${tree.dir}/syslog`;
  Deno.writeTextFileSync(other, "Oct  1 05:00:00 node kernel: line 7\n".repeat(10));
  const { code, stdout, stderr } = await run("line 7$", other, tree.file);
  assert.deepEqual([code, untimed(stdout)], [0, `${tree.file}:line 7\n`]);
  assert.match(
    stderr,
    /^.*syslog: no container log \(neither CRI nor Docker json-file format\)\n$/,
  );
  assert.equal((await run("line", other)).code, 1);

  const gone = await run("line 7$", `${tree.file}.gone`, tree.file);
  assert.deepEqual([gone.code, untimed(gone.stdout)], [2, `${tree.file}:line 7\n`]);
  assert.match(gone.stderr, /^Cannot read .*\.gone: no such file or folder\n$/);
});

Deno.test("grep --since and --until take durations and dates, by the engine and line by line", async () => {
  using tree = hundred();
  for (const options of [[], ["-n"]]) {
    const window = ["--since", "2024-10-01T05:00:10", "--until", "2024-10-01 05:00:11"];
    const { stdout } = await run(...options, ...window, "line", tree.file);
    const expected = options.length > 0 ? "11:line 10\n12:line 11\n" : "line 10\nline 11\n";
    assert.equal(untimed(stdout), expected);
  }
  // The terminal's clock says 06:00:00.
  assert.equal((await run("-c", "--since", "59m50s", "", tree.file)).stdout, "90\n");
  assert.equal((await run("-c", "--since", "2024-10-02", "", tree.file)).code, 1);
  assert.equal((await run("-c", "--until", "2024-10-01", "", tree.file)).stdout, "100\n");
});

Deno.test("grep names the error, exit code 2", async () => {
  using tree = hundred();
  for (
    const [args, expected] of [
      [[], "needs a pattern"],
      [["x", tree.file, "--since", "soon"], "--since"],
      [["x", tree.file, "-A", "many"], "--after-context"],
      [["-b", "-v", "x", tree.file], "--backward cannot be combined"],
      [["--unknown", "x", tree.file], "Try: grep --help"],
      [["(", tree.file], "Invalid grep pattern: "],
      [["-n", "(", tree.file], "Invalid grep pattern: "],
    ] as const
  ) {
    const { code, stdout, stderr } = await run(...args);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.ok(stderr.includes(expected), stderr);
  }
});

Deno.test("grep reads standard input, also compressed, as other programs' output comes", async () => {
  using tree = hundred();
  Deno.writeFileSync(`${tree.dir}/0.log.gz`, gzipSync(criLines(100)));
  const script =
    `grep() { "${Deno.execPath()}" run --quiet --no-check -A --unstable-worker-options ` +
    `src/tools_main.ts grep "$@"; }
cat ${tree.file} | grep -c 'line 1'
cat ${tree.dir}/0.log.gz | grep -n 'line 99'
grep nowhere < ${tree.file}; echo "exit $?"
grep 'line 1' ${tree.file} | head -n 1
cat deno.json | grep lock 2>&1; echo "exit $?"`;
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", script],
    cwd: new URL("../../..", import.meta.url),
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.equal(
    untimed(new TextDecoder().decode(stdout)),
    "11\n100:line 99\nexit 1\nline 1\n" +
      "(standard input): no container log (neither CRI nor Docker json-file format)\nexit 1\n",
  );
});

Deno.test("deno task grep takes paths relative to where it is called", async () => {
  // npx has set its own folder if these tests run under it; a person's shell has not.
  const { INIT_CWD: _, ...env } = Deno.env.toObject();
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "grep", "-c", "", "../src/demo/samples/etcd.log"],
    cwd: new URL("../../../docs", import.meta.url),
    env,
    clearEnv: true,
  }).output();
  assert.equal(code, 0);
  assert.ok(Number(new TextDecoder().decode(stdout)) > 100);
});

function messages(stdout: string): string[] {
  return stdout.split("\n").slice(0, -1).map((line) => line.slice(line.indexOf(" ") + 1));
}

Deno.test("grep searches a file without an agent, in both formats and directions", async () => {
  using logs = new LogTree();
  const web = logs.add({ content: criLines(20_000) });
  const read = async (...args: string[]) => {
    const terminal = new CapturedTerminal();
    const code = await grep(args, terminal);
    return { code, texts: messages(terminal.stdout), stderr: terminal.stderr };
  };
  assert.deepEqual(await read("LINE 1999\\d", web.link), { code: 1, texts: [], stderr: "" });
  const ten = Array.from({ length: 10 }, (_, i) => `line 1999${i}`);
  assert.deepEqual((await read("(?i)LINE 1999\\d", web.link)).texts, ten);
  assert.deepEqual((await read("line 1999\\d", web.path, "-b", "-m", "2")).texts, [
    "line 19999",
    "line 19998",
  ]);
  const window = ["--since", "2024-10-01T05:00:01Z", "--until", "2024-10-01T05:00:02Z"];
  assert.deepEqual((await read("", web.path, ...window)).texts, ["line 1", "line 2"]);
  assert.equal((await read("", web.path)).texts.length, 20_000);

  const docker = logs.add({
    pod: "docker-0",
    format: "docker",
    content: '{"log":"hello\\n","stream":"stdout","time":"2024-10-01T05:00:00Z"}\n',
  });
  assert.deepEqual((await read("h.llo", docker.link)).texts, ["hello"]);

  const compressed = `${logs.dir}/0.log.20241001-060000.gz`;
  Deno.writeFileSync(compressed, gzipSync(criLines(20_000)));
  assert.deepEqual((await read("line 1999\\d", compressed)).texts, ten);
  assert.deepEqual((await read("", compressed, "-b", "-m", "1")).texts, ["line 19999"]);
});

Deno.test("an interrupted search ends with 130, whatever it has found by then", async () => {
  using logs = hundred();
  const terminal = new CapturedTerminal();
  const out = terminal.out.bind(terminal);
  terminal.out = (text) => {
    out(text);
    terminal.interrupt();
  };
  assert.equal(await grep(["-n", "line 7$", logs.file, logs.file], terminal), 130);
  assert.equal(untimed(terminal.stdout).includes("line 7\n"), true);
});

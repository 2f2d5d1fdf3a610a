import assert from "node:assert/strict";
import { Failure, type FailureKind } from "../../../src/failure/failure.ts";
import { locate, type LogRoots } from "../../../src/files/locate.ts";
import { listRotatedFiles } from "../../../src/files/rotated_files.ts";
import { LogFile } from "../../../src/files/log_file.ts";
import type { LogName } from "../../../src/files/name.ts";
import { openDescriptors } from "../../harness/open_descriptors.ts";

const name: LogName = { namespace: "ns", podName: "pod", containerName: "app", containerId: "abc" };
const LINK = "containers/pod_ns_app-abc.log";

/** A tree of files and links in a separate folder, removed when the test is done. */
class Tree implements Disposable {
  readonly root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "locate-" }));
  readonly roots: LogRoots = { containerLogsDir: `${this.root}/containers`, logRoots: [this.root] };

  constructor() {
    Deno.mkdirSync(`${this.root}/containers`);
  }

  file(path: string, text = "x\n"): this {
    this.#parent(path);
    Deno.writeTextFileSync(`${this.root}/${path}`, text);
    return this;
  }

  link(path: string, target: string): this {
    this.#parent(path);
    Deno.symlinkSync(
      target.startsWith("/") ? target : `${this.root}/${target}`,
      `${this.root}/${path}`,
    );
    return this;
  }

  #parent(path: string) {
    Deno.mkdirSync(`${this.root}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
  }

  [Symbol.dispose]() {
    Deno.removeSync(this.root, { recursive: true });
  }
}

function fails(call: () => unknown, kind: FailureKind, text: string) {
  assert.throws(call, (e) => {
    assert(e instanceof Failure, String(e));
    assert.equal(e.kind, kind, e.message);
    assert(e.message.includes(text), `${e.message} should say: ${text}`);
    return true;
  });
}

Deno.test("a log is found through its link in a pod's folder", () => {
  using tree = new Tree();
  tree.file("pods/ns_pod_uid/app/0.log").link(LINK, "pods/ns_pod_uid/app/0.log");
  const log = locate(tree.roots, name);
  assert.equal(log.realPath, `${tree.root}/pods/ns_pod_uid/app/0.log`);
  assert.equal(log.linkPath, `${tree.root}/${LINK}`);
  assert.equal(log.ino, Deno.statSync(log.realPath).ino);
  using file = LogFile.open(log);
  assert.equal(file.size, 2);
});

Deno.test("a log is found through Docker's two links", () => {
  using tree = new Tree();
  tree.file("docker/abc/abc-json.log", "{}\n").link(
    "pods/ns_pod_uid/app/0.log",
    "docker/abc/abc-json.log",
  )
    .link(LINK, "pods/ns_pod_uid/app/0.log");
  const log = locate(tree.roots, name);
  assert.equal(log.realPath, `${tree.root}/docker/abc/abc-json.log`);
  using file = LogFile.open(log);
  assert.equal(file.format, "docker");
});

Deno.test("a plain file in the log folder is a log, and a root may itself be a link", () => {
  using tree = new Tree();
  tree.file("real/pod_ns_app-abc.log").link("alias", "real");
  const roots = { containerLogsDir: `${tree.root}/alias`, logRoots: [] };
  assert.equal(locate(roots, name).realPath, `${tree.root}/real/pod_ns_app-abc.log`);
  const given = { containerLogsDir: `${tree.root}/alias`, logRoots: [`${tree.root}/alias`] };
  assert.equal(locate(given, name).realPath, `${tree.root}/real/pod_ns_app-abc.log`);
});

Deno.test("a pod's folder in a root of another name is the pod's all the same", () => {
  using tree = new Tree();
  tree.file("data/ns_pod_uid/app/0.log").link(LINK, "data/ns_pod_uid/app/0.log");
  assert(locate(tree.roots, name));
});

Deno.test("a container that is itself named pods is found in its pod's folder", () => {
  using tree = new Tree();
  tree.file("pods/ns_pod_uid/pods/0.log").link(
    "containers/pod_ns_pods-abc.log",
    "pods/ns_pod_uid/pods/0.log",
  );
  assert(locate(tree.roots, { ...name, containerName: "pods" }));
});

Deno.test("a path that leads elsewhere is refused", async (t) => {
  const cases: [string, (tree: Tree) => void, FailureKind, string][] = [
    ["a missing file", () => {}, "not-found", `failed to access log file`],
    ["a dangling link", (t) => t.link(LINK, "pods/ns_pod_uid/app/0.log"), "not-found", LINK],
    ["a link to itself", (t) => t.link(LINK, LINK), "not-found", "circle"],
    [
      "a link out of the roots",
      (t) => t.link(LINK, "/etc/passwd"),
      "permission-denied",
      "log-roots",
    ],
    [
      "two links that leave the roots",
      (t) =>
        t.link("pods/ns_pod_uid/app/0.log", "/etc/passwd").link(LINK, "pods/ns_pod_uid/app/0.log"),
      "permission-denied",
      "log-roots",
    ],
    [
      "a folder that is a link out of the roots",
      (t) => t.link("pods/ns_pod_uid", "/etc").link(LINK, "pods/ns_pod_uid/passwd"),
      "permission-denied",
      "log-roots",
    ],
    [
      "the folder of another namespace",
      (t) => t.file("pods/secret_pod_uid/app/0.log").link(LINK, "pods/secret_pod_uid/app/0.log"),
      "permission-denied",
      "another pod",
    ],
    [
      "the folder of another pod",
      (t) => t.file("pods/ns_pod2_uid/app/0.log").link(LINK, "pods/ns_pod2_uid/app/0.log"),
      "permission-denied",
      "another pod",
    ],
    [
      "a pod folder whose name only begins right",
      (t) => t.file("pods/ns_pod/app/0.log").link(LINK, "pods/ns_pod/app/0.log"),
      "permission-denied",
      "another pod",
    ],
    [
      "a file in no pod's folder",
      (t) => t.file("pods/0.log").link(LINK, "pods/0.log"),
      "permission-denied",
      "no pod's folder",
    ],
    [
      "the nearest pods folder counts",
      (t) =>
        t.file("pods/ns_pod_uid/pods/secret_pod_uid/app/0.log")
          .link(LINK, "pods/ns_pod_uid/pods/secret_pod_uid/app/0.log"),
      "permission-denied",
      "another pod",
    ],
    [
      "another Docker container",
      (t) => t.file("docker/other/other-json.log").link(LINK, "docker/other/other-json.log"),
      "permission-denied",
      "another container",
    ],
    [
      "a Docker file in another's folder",
      (t) => t.file("docker/other/abc-json.log").link(LINK, "docker/other/abc-json.log"),
      "permission-denied",
      "another container",
    ],
    [
      "another file of Docker's",
      (t) =>
        t.file("docker/containers/abc/config.v2.json").link(
          LINK,
          "docker/containers/abc/config.v2.json",
        ),
      "permission-denied",
      "another container",
    ],
    [
      "another container's plain log",
      (t) =>
        t.file("containers/pod_secret_app-abc.log").link(LINK, "containers/pod_secret_app-abc.log"),
      "permission-denied",
      "another container",
    ],
    [
      "a root's file whose path names no pod",
      (t) => t.file("data/app.log").link(LINK, "data/app.log"),
      "permission-denied",
      "does not name the container",
    ],
    [
      "another pod's folder in a root of another name",
      (t) => t.file("data/secret_pod_uid/app/0.log").link(LINK, "data/secret_pod_uid/app/0.log"),
      "permission-denied",
      "does not name the container",
    ],
    [
      "a hard link to a file that lies elsewhere",
      (t) => {
        t.file("pods/secret_pod_uid/app/0.log", "secret\n").file("pods/ns_pod_uid/app/other");
        Deno.linkSync(
          `${t.root}/pods/secret_pod_uid/app/0.log`,
          `${t.root}/pods/ns_pod_uid/app/0.log`,
        );
        t.link(LINK, "pods/ns_pod_uid/app/0.log");
      },
      "permission-denied",
      "2 hard links",
    ],
    [
      "a directory",
      (t) => t.file("pods/ns_pod_uid/app/0.log/x").link(LINK, "pods/ns_pod_uid/app/0.log"),
      "permission-denied",
      "not a regular file",
    ],
  ];
  for (const [title, make, kind, text] of cases) {
    await t.step(title, () => {
      using tree = new Tree();
      make(tree);
      fails(() => locate(tree.roots, name), kind, text);
    });
  }
});

Deno.test("a refusal names the caller's own path and no other pod's", () => {
  using tree = new Tree();
  for (const target of ["pods/secret_pod_uid/app/0.log", "docker/other/other-json.log"]) {
    tree.file(target).link(LINK, target);
    assert.throws(() => locate(tree.roots, name), (error: Error) => {
      assert.ok(error.message.includes(`${tree.root}/${LINK}`));
      assert.doesNotMatch(error.message, /secret|other-json/);
      return true;
    });
    Deno.removeSync(`${tree.root}/${LINK}`);
  }
});

Deno.test("a log that gets a second name between its location and its opening is not read", () => {
  using tree = new Tree();
  const path = "pods/ns_pod_uid/app/0.log";
  tree.file(path).link(LINK, path);
  const log = locate(tree.roots, name);
  Deno.linkSync(`${tree.root}/${path}`, `${tree.root}/second`);
  fails(() => LogFile.open(log), "permission-denied", "2 hard links");
});

Deno.test("a rotated file that is a hard link is not part of the log's history", () => {
  using tree = new Tree();
  const folder = "pods/ns_pod_uid/app";
  tree.file(`${folder}/0.log`).file(`${folder}/0.log.20241001-050000`).file("secret", "secret\n");
  Deno.linkSync(`${tree.root}/secret`, `${tree.root}/${folder}/0.log.20241001-060000`);
  const found = listRotatedFiles(`${tree.root}/${folder}/0.log`).map(({ stem }) => stem);
  assert.deepEqual(found, ["0.log.20241001-050000"]);
});

Deno.test("a FIFO is refused and never opened, which would freeze the process", async () => {
  using tree = new Tree();
  Deno.mkdirSync(`${tree.root}/pods/ns_pod_uid/app`, { recursive: true });
  const path = `${tree.root}/pods/ns_pod_uid/app/0.log`;
  const made = await new Deno.Command("mkfifo", { args: [path] }).output();
  assert(made.success);
  tree.link(LINK, "pods/ns_pod_uid/app/0.log");
  fails(() => locate(tree.roots, name), "permission-denied", "not a regular file");
  const facts = Deno.lstatSync(path);
  fails(
    () => LogFile.open({ realPath: path, dev: facts.dev, ino: facts.ino ?? 0 }),
    "permission-denied",
    "not a regular file",
  );
});

Deno.test("a file that is swapped between its location and its opening is not read", async (t) => {
  const path = "pods/ns_pod_uid/app/0.log";
  const swaps: [string, (tree: Tree) => void, FailureKind][] = [
    ["for another file", (tree) => {
      tree.file("other", "secret\n");
      Deno.renameSync(`${tree.root}/other`, `${tree.root}/${path}`);
    }, "not-found"],
    ["for a link to another file", (tree) => {
      Deno.removeSync(`${tree.root}/${path}`);
      tree.file("other", "secret\n").link(path, "other");
    }, "permission-denied"],
    ["for a link to itself elsewhere: the same inode behind a link", (tree) => {
      Deno.renameSync(`${tree.root}/${path}`, `${tree.root}/moved`);
      tree.link(path, "moved");
    }, "permission-denied"],
    ["with its folder for a link: the same inode on another path", (tree) => {
      Deno.renameSync(`${tree.root}/pods/ns_pod_uid`, `${tree.root}/pods/x_y_z`);
      Deno.symlinkSync(`${tree.root}/pods/x_y_z`, `${tree.root}/pods/ns_pod_uid`);
    }, "not-found"],
    ["for nothing", (tree) => Deno.removeSync(`${tree.root}/${path}`), "not-found"],
    ["for a directory", (tree) => {
      Deno.removeSync(`${tree.root}/${path}`);
      Deno.mkdirSync(`${tree.root}/${path}`);
    }, "permission-denied"],
  ];
  for (const [title, swap, kind] of swaps) {
    await t.step(title, () => {
      using tree = new Tree();
      tree.file(path).link(LINK, path);
      const log = locate(tree.roots, name);
      swap(tree);
      const before = openDescriptors();
      fails(() => LogFile.open(log), kind, path);
      assert.equal(openDescriptors(), before, "a refused file stays open");
    });
  }
});

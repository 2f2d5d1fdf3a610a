/** The logs for the measurements: always the same bytes, kept in a cache folder from run to run. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** A container's log in terms of a request's fields. */
export interface LogId {
  readonly namespace: string;
  readonly pod_name: string;
  readonly container_name: string;
  readonly container_id: string;
}

export interface BenchLogs {
  /** The folder of links, like /var/log/containers. */
  readonly containersDir: string;
  readonly roots: readonly string[];
  readonly cri: LogId & { readonly path: string; readonly lines: number };
  readonly docker: LogId & { readonly path: string; readonly lines: number };
  /** The same records as `docker`, with a blank after each colon, as other writers of the format write it. */
  readonly spacedDocker: LogId & { readonly path: string; readonly lines: number };
  /** Lines of 1 MB, half of them consisting of a's, half of x's. */
  readonly long: LogId & { readonly path: string; readonly bytes: number };
  /** Lines of 1 MB that are slow with `\w{200}z`. */
  readonly slow: LogId & { readonly path: string };
  /** How many logs List shows in namespace "many". */
  readonly manyFiles: number;
  /** The time of a line in the middle of the CRI log. */
  readonly middle: string;
}

const MIB = 1024 * 1024;
const CRI_BYTES = 256 * MIB;
const DOCKER_BYTES = 70_000_000;
const LONG_LINES = 32;
const MANY_FILES = 1000;
/** Changed whenever the generator changes: an older tree is not used. */
const VERSION = 6;
/** The time of the first line; every line is 1.7 ms later than the one before. */
const EPOCH_MS = Date.UTC(2026, 10, 23, 6);
const STEP_MICROSECONDS = 1700;
/** Of all lines in the CRI log, 20 contain "needle", and 20 others "NeEdLe" in various capitalizations. */
const RARE_LINES = 20;
const HIT_SHARE = 0.154;

/** Creates the logs under folder, unless they exist. */
export function benchLogs(folder: string): BenchLogs {
  const root = join(folder, `v${VERSION}`);
  const done = join(root, "complete.json");
  if (!existsSync(done)) {
    console.error(`Making logs in ${root} (once) …`);
    const counts = makeAll(root);
    writeFileSync(done, JSON.stringify(counts));
  }
  const counts: Counts = JSON.parse(Deno.readTextFileSync(done));
  const tree = treeOf(root);
  return {
    containersDir: tree.containersDir,
    roots: [root],
    cri: { ...ids.cri, path: tree.path(ids.cri), lines: counts.criLines },
    docker: { ...ids.docker, path: tree.dockerPath(ids.docker), lines: counts.dockerLines },
    spacedDocker: {
      ...ids.spacedDocker,
      path: tree.dockerPath(ids.spacedDocker),
      lines: counts.dockerLines,
    },
    long: { ...ids.long, path: tree.path(ids.long), bytes: counts.longBytes },
    slow: { ...ids.slow, path: tree.path(ids.slow) },
    manyFiles: MANY_FILES,
    middle: timeOf(Math.floor(counts.criLines / 2)),
  };
}

interface Counts {
  readonly criLines: number;
  readonly dockerLines: number;
  readonly longBytes: number;
}

function id(name: string, digit: string): LogId {
  return {
    namespace: "bench",
    pod_name: name,
    container_name: "app",
    container_id: digit.repeat(64),
  };
}

const ids = {
  cri: id("cri", "a"),
  docker: id("docker", "b"),
  spacedDocker: id("spaced-docker", "e"),
  long: id("long", "c"),
  slow: id("slow", "d"),
};

function treeOf(root: string) {
  const containersDir = join(root, "containers");
  return {
    containersDir,
    path: (log: LogId) =>
      join(root, "pods", `${log.namespace}_${log.pod_name}_uid`, log.container_name, "0.log"),
    dockerPath: (log: LogId) =>
      join(root, "docker", log.container_id, `${log.container_id}-json.log`),
    link(log: LogId, path: string) {
      const name = `${log.pod_name}_${log.namespace}_${log.container_name}-${log.container_id}.log`;
      symlinkSync(path, join(containersDir, name));
    },
  };
}

function makeAll(root: string): Counts {
  Deno.mkdirSync(root, { recursive: true });
  Deno.removeSync(root, { recursive: true }); // Left over from an interrupted run.
  const tree = treeOf(root);
  mkdirSync(tree.containersDir, { recursive: true });
  const make = (log: LogId, path: string, chunks: Iterable<string>): void => {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(path, "w");
    for (const chunk of chunks) writeSync(file, chunk);
    closeSync(file);
    tree.link(log, path);
  };
  const cri = new LineMaker(CRI_BYTES, criLine);
  make(ids.cri, tree.path(ids.cri), cri.chunks());
  const docker = new LineMaker(DOCKER_BYTES, dockerLine);
  make(ids.docker, tree.dockerPath(ids.docker), docker.chunks());
  // As many lines as the compact form has.
  const spaced = new LineMaker(DOCKER_BYTES, spacedDockerLine, docker.lines);
  make(ids.spacedDocker, tree.dockerPath(ids.spacedDocker), spaced.chunks());
  const long = [...longLines("a".repeat(MIB), "x".repeat(MIB))];
  make(ids.long, tree.path(ids.long), long);
  const words = `${"x".repeat(199)}z `.repeat(MIB / 201);
  make(ids.slow, tree.path(ids.slow), [...longLines(words, words)].slice(0, 4));
  for (let index = 0; index < MANY_FILES; index++) {
    const log = {
      namespace: "many",
      pod_name: `pod-${index}`,
      container_name: "app",
      container_id: index.toString(16).padStart(64, "0"),
    };
    make(log, tree.path(log), [criLine(index, `number ${index}`)]);
  }
  const longBytes = long.reduce((sum, line) => sum + line.length, 0);
  return { criLines: cri.lines, dockerLines: docker.lines, longBytes };
}

function* longLines(...messages: readonly string[]): Generator<string> {
  for (let line = 0; line < LONG_LINES; line++) {
    yield criLine(line, messages[line % messages.length]!);
  }
}

function criLine(index: number, message: string): string {
  return `${timeOf(index)} ${index % 5 === 0 ? "stderr" : "stdout"} F ${message}\n`;
}

function dockerLine(index: number, message: string): string {
  const stream = index % 5 === 0 ? "stderr" : "stdout";
  const log = JSON.stringify(`${message}\n`);
  return `{"log":${log},"stream":"${stream}","time":"${timeOf(index)}"}\n`;
}

function spacedDockerLine(index: number, message: string): string {
  const { log, stream, time } = JSON.parse(dockerLine(index, message));
  return `{"log": ${JSON.stringify(log)}, "stream": "${stream}", "time": "${time}"}\n`;
}

function timeOf(index: number): string {
  const microseconds = index * STEP_MICROSECONDS;
  const date = new Date(EPOCH_MS + Math.floor(microseconds / 1000)).toISOString();
  const rest = String(microseconds % 1000).padStart(3, "0");
  return `${date.slice(0, -1)}${rest}${String(index % 1000).padStart(3, "0")}Z`;
}

const paths = [
  "/api/v1/orders",
  "/api/v1/users/search",
  "/healthz",
  "/api/v2/cart/items",
  "/login",
];
const words = [
  "accepted",
  "connection",
  "from",
  "upstream",
  "pool",
  "closed",
  "retry",
  "session",
  "cache",
  "miss",
];
const verbs = ["GET", "POST", "PUT", "DELETE"];

/** Lines like those of services, 146 bytes on average in CRI, until the file is full. */
class LineMaker {
  lines = 0;
  readonly #bytes: number;
  readonly #line: (index: number, message: string) => string;
  #state = 20261123;

  readonly #maxLines: number;

  constructor(
    bytes: number,
    line: (index: number, message: string) => string,
    maxLines = Infinity,
  ) {
    this.#bytes = bytes;
    this.#line = line;
    this.#maxLines = maxLines;
  }

  *chunks(): Generator<string> {
    const every = Math.floor(this.#bytes / 147 / RARE_LINES);
    let written = 0;
    let chunk = "";
    const isFull = () =>
      this.#maxLines < Infinity
        ? this.lines >= this.#maxLines
        : written + chunk.length >= this.#bytes;
    while (!isFull()) {
      const index = this.lines++;
      chunk += this.#line(index, this.#message(index, every));
      if (chunk.length > MIB) {
        yield chunk;
        written += chunk.length;
        chunk = "";
      }
    }
    yield chunk;
  }

  #message(index: number, every: number): string {
    if (index % every === every >> 1) {
      return `found the needle in haystack ${index} ${this.#words(4)}`;
    }
    if (index % every === every >> 2) {
      return `lost a ${index % 2 ? "NEEDLE" : "NeEdLe"} ${index} ${this.#words(5)}`;
    }
    const request = `${this.#pick(verbs)} ${this.#pick(paths)} id=${this.#below(1e9)}`;
    if (this.#random() < HIT_SHARE) {
      const kind = this.#random() < 0.5 ? "error" : "timeout";
      return `level=warn msg="${kind} on ${request}: connection reset by peer" took=${
        this.#below(9000)
      }ms try=${this.#below(5)}`;
    }
    if (this.#random() < 0.05) {
      return `level=error msg="error on ${request}" code=${this.#below(600)} ${this.#words(3)}`;
    }
    return `level=info msg="${request}" status=${200 + this.#below(300)} bytes=${
      this.#below(1e6)
    } ${this.#words(4 + this.#below(3))}`;
  }

  #words(count: number): string {
    let text = "";
    for (let word = 0; word < count; word++) text += ` ${this.#pick(words)}`;
    return text.slice(1);
  }

  #pick(from: readonly string[]): string {
    return from[this.#below(from.length)]!;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  /** mulberry32 */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}

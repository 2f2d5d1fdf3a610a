import { createHash } from "node:crypto";

/** One container's log in a LogTree. */
export interface TreeLog {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly id: string;
  /** The link in the containers folder. */
  readonly link: string;
  /** The regular file that the link finally leads to. */
  readonly path: string;
  /** The four fields of a LogRecordsStreamRequest. */
  readonly request: {
    readonly namespace: string;
    readonly pod_name: string;
    readonly container_name: string;
    readonly container_id: string;
  };
}

/** The options of LogTree.add; defaults are "default", "web-0", "app", "cri", "". */
export interface NewLog {
  readonly namespace?: string;
  readonly pod?: string;
  readonly container?: string;
  readonly format?: "cri" | "docker";
  readonly content?: string | Uint8Array;
}

/**
 * A log tree in a temporary folder, laid out as on a Kubernetes node: links in containers/ lead to
 * pods/{namespace}_{pod}_{uid}/{container}/0.log, and with Docker on to docker/{id}/{id}-json.log.
 */
export class LogTree implements Disposable {
  /** The folder that contains everything. */
  readonly dir: string;

  constructor() {
    this.dir = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "agent-logs-" }));
    for (const folder of ["containers", "pods", "docker"]) Deno.mkdirSync(`${this.dir}/${folder}`);
  }

  get containerLogsDir(): string {
    return `${this.dir}/containers`;
  }

  get logRoots(): string[] {
    return ["containers", "pods", "docker"].map((folder) => `${this.dir}/${folder}`);
  }

  /** Writes a log and links it as the kubelet and the runtime do. */
  add(log: NewLog = {}): TreeLog {
    const { namespace = "default", pod = "web-0", container = "app" } = log;
    const id = sha256(`${namespace}/${pod}/${container}`);
    const folder = `${namespace}_${pod}_${sha256(`${namespace}/${pod}`).slice(0, 8)}/${container}`;
    Deno.mkdirSync(`${this.dir}/pods/${folder}`, { recursive: true });

    let path = `${this.dir}/pods/${folder}/0.log`;
    if (log.format === "docker") {
      Deno.symlinkSync(`../../../docker/${id}/${id}-json.log`, path);
      Deno.mkdirSync(`${this.dir}/docker/${id}`);
      path = `${this.dir}/docker/${id}/${id}-json.log`;
    }
    Deno.writeFileSync(path, bytes(log.content ?? ""));

    const link = `${this.containerLogsDir}/${pod}_${namespace}_${container}-${id}.log`;
    Deno.symlinkSync(`../pods/${folder}/0.log`, link);
    return {
      namespace,
      pod,
      container,
      id,
      link,
      path,
      request: { namespace, pod_name: pod, container_name: container, container_id: id },
    };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

/** Appends in one write, as a runtime does. */
export function append(log: TreeLog, content: string | Uint8Array): void {
  Deno.writeFileSync(log.path, bytes(content), { append: true, create: false });
}

/** A CRI line with its newline. */
export function criLine(
  time: string,
  message: string,
  options: { tag?: string; stream?: "stdout" | "stderr" } = {},
): string {
  return `${time} ${options.stream ?? "stdout"} ${options.tag ?? "F"} ${message}\n`;
}

/** count CRI lines "line 0", "line 1", … one second apart from start. */
export function criLines(count: number, start = "2024-10-01T05:00:00Z"): string {
  const first = Date.parse(start);
  let text = "";
  for (let i = 0; i < count; i++) {
    text += criLine(new Date(first + i * 1000).toISOString(), `line ${i}`);
  }
  return text;
}

/** A Docker json-file line with its newline; message ends with \n if the record is to be final. */
export function dockerLine(time: string, message: string, stream = "stdout"): string {
  return `${JSON.stringify({ log: message, stream, time })}\n`;
}

function bytes(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Lines of some 100 bytes, "needle-0 …", "needle-1 …" and so on. */
export function manyLines(count: number): string {
  const first = Date.parse("2024-10-01T05:00:00Z");
  const parts: string[] = [];
  for (let index = 0; index < count; index++) {
    const time = new Date(first + index * 10).toISOString();
    parts.push(
      criLine(time, `needle-${index} in a haystack of some length, so that it takes room`),
    );
  }
  return parts.join("");
}

/** RFC 3339 of the given number of seconds after five. */
export function secondsAfterFive(seconds: number): string {
  return new Date(Date.parse("2024-10-01T05:00:00Z") + seconds * 1000).toISOString();
}

/** Every third line, beginning with the first-th. */
export function thirds(first: number, count = 30): string {
  return Array.from({ length: count }, (_, i) => first + i * 3)
    .map((n) => criLine(secondsAfterFive(n), `line ${n}`)).join("");
}

import { exitCode } from "../terminal.ts";

/** A command of the tour. */
export interface Step {
  readonly title: string;
  /** The client's arguments, except those that say how to reach the agent. */
  readonly args: readonly string[];
  /** The exit code with which it ends. */
  readonly code: number;
  /** What its time includes in addition to the work itself; null if its time is not meaningful. */
  readonly takes: string | null;
  /** Whether the live log is written and rotated while it runs. */
  readonly isLive?: true;
}

export const tour: readonly Step[] = [
  {
    title: "Which logs are there?",
    args: ["list"],
    code: exitCode.done,
    takes: "connecting",
  },
  {
    title: "The last 5 records, newest first",
    args: ["backward", "docker-demo/etcd-", "--limit", "5"],
    code: exitCode.done,
    takes: "connecting",
  },
  {
    title: "How did the API server shut down?",
    args: ["forward", "kube-system/kube-api", "--grep", "(?i)GRACEFUL", "--output", "raw"],
    code: exitCode.done,
    takes: "connecting and starting the search workers",
  },
  {
    title: "What did etcd say within this fifth of a millisecond?",
    args: [
      "forward",
      "kube-system/etcd-",
      "--since",
      "2026-11-23T12:21:16.4597Z",
      "--until",
      "2026-11-23T12:21:16.4599Z",
    ],
    code: exitCode.done,
    takes: "connecting",
  },
  {
    title: "Follow a log while it is rotated: no line is lost",
    args: ["forward", "shop/web-", "--follow", "--follow-from", "end", "--limit", "6"],
    code: exitCode.done,
    takes: null,
    isLive: true,
  },
  {
    title: "User dev may not read kube-system",
    args: ["forward", "kube-system/etcd-", "--user", "dev"],
    code: exitCode.failed,
    takes: null,
  },
];

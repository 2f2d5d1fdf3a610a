import { colorOption } from "../color.ts";
import type { Command, Options } from "../command.ts";
import { TIME_HELP } from "../time_argument.ts";

/* Descriptions of the client's commands: help and completion load nothing else. */

/** The options with which every client command reaches its agents. */
const connectionOptions = {
  addr: {
    type: "string",
    short: "a",
    multiple: true,
    value: "HOST:PORT",
    help:
      "the agent's address (default localhost:50051, or $KUBETAIL_AGENT_ADDR); repeatable, or several separated by commas",
  },
  tls: {
    type: "string",
    value: "FOLDER",
    path: true,
    help:
      "folder with ca.crt, tls.crt and tls.key, laid out like a Kubernetes TLS Secret (default $KUBETAIL_AGENT_TLS)",
  },
  ca: {
    type: "string",
    value: "FILE",
    path: true,
    help: "CA of the agent's certificate (default: the well-known CAs)",
  },
  cert: { type: "string", value: "FILE", path: true, help: "the client's certificate" },
  key: { type: "string", value: "FILE", path: true, help: "the client certificate's key" },
  "server-name": {
    type: "string",
    value: "NAME",
    help: "the name in the agent's certificate, if it is not that of --addr",
  },
  "insecure-plaintext": { type: "boolean", help: "connect without TLS" },
  user: {
    type: "string",
    value: "NAME",
    help:
      "the user on whose behalf to call, as Kubetail's Cluster API does (x-remote-user; default $KUBETAIL_AGENT_USER)",
  },
  group: {
    type: "string",
    multiple: true,
    value: "NAME",
    help: "a group of that user; repeatable",
  },
  extra: {
    type: "string",
    multiple: true,
    value: "KEY=VALUE",
    help: "an extra field of that user; repeatable",
  },
  token: { type: "string", value: "TOKEN", help: "a Kubernetes token to call with" },
  "token-file": { type: "string", value: "FILE", path: true, help: "a file with such a token" },
} as const satisfies Options;

/** Values of connectionOptions. */
export interface ConnectionValues {
  readonly addr?: readonly string[] | undefined;
  readonly tls?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly "server-name"?: string | undefined;
  readonly "insecure-plaintext"?: boolean | undefined;
  readonly user?: string | undefined;
  readonly group?: readonly string[] | undefined;
  readonly extra?: readonly string[] | undefined;
  readonly token?: string | undefined;
  readonly "token-file"?: string | undefined;
}

export const listCommand = {
  name: "client list",
  usage: "[NAMESPACE]... [options]",
  summary: "list the container logs on the agents' nodes",
  description: [
    "Lists the container logs on the agents' nodes: in the given namespaces, or in all that the caller may read.",
  ],
  options: {
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      choices: ["text", "json"],
      help: "text: a table (default); json: one object per line",
    },
    ...connectionOptions,
  },
} as const satisfies Command;

export const watchCommand = {
  name: "client watch",
  usage: "[NAMESPACE]... [options]",
  summary: "stream changes to the list of logs",
  description: [
    "Streams the logs that are added, modified and deleted, until Ctrl-C: in the given namespaces, or in all.",
  ],
  options: {
    limit: { type: "string", short: "n", value: "N", help: "stop after N events" },
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      choices: ["text", "json"],
      help: "text: a line for each event (default); json: one object per line",
    },
    ...connectionOptions,
  },
} as const satisfies Command;

const selectionOptions = {
  grep: {
    type: "string",
    short: "g",
    value: "PATTERN",
    help:
      "only records whose message matches this regular expression (Rust syntax; a leading (?i) ignores case); " +
      "matches are highlighted",
  },
  since: { type: "string", value: "TIME", help: `from this time on: ${TIME_HELP}` },
  until: { type: "string", value: "TIME", help: "up to this time" },
  limit: { type: "string", short: "n", value: "N", help: "stop after N records" },
  output: {
    type: "string",
    short: "o",
    value: "FORMAT",
    choices: ["text", "json", "raw"],
    help:
      "text: names, time and message (default); json: one object per line; raw: the message only",
  },
  raw: { type: "boolean", help: "pass control characters of messages to the terminal unescaped" },
  ...colorOption,
} as const satisfies Options;

const followOptions = {
  tail: {
    type: "string",
    value: "N",
    help: "start with the last N records of each log",
  },
  follow: {
    type: "boolean",
    short: "f",
    help: "keep streaming new records, including those of pods that appear later, until Ctrl-C",
  },
  "follow-from": {
    type: "string",
    value: "WORD",
    choices: ["default", "end"],
    help: "default: existing records first, then new ones; end: new records only",
  },
} as const satisfies Options;

const TARGETS =
  "A target is NAMESPACE/POD[/CONTAINER[/ID]]. POD and CONTAINER are a name, the beginning of names " +
  "(default/web- means all pods whose names begin with web-) or a pattern with *. ID is the beginning of a container " +
  "id, as client list prints it; without it the newest log of each container is read. Several logs are merged in the " +
  "order of time.";

export const forwardCommand = {
  name: "client forward",
  usage: "TARGET... [options]",
  summary: "read logs from old to new; with --follow keep streaming",
  description: ["Reads container logs from old to new.", TARGETS],
  options: { ...followOptions, ...selectionOptions, ...connectionOptions },
} as const satisfies Command;

export const backwardCommand = {
  name: "client backward",
  usage: "TARGET... [options]",
  summary: "read logs from new to old",
  description: [
    "Reads container logs from new to old: with --limit 5, the last 5 records.",
    TARGETS,
  ],
  options: { ...selectionOptions, ...connectionOptions },
} as const satisfies Command;

/** All commands, in the order of the help. */
export const clientCommands: readonly Command[] = [
  listCommand,
  watchCommand,
  forwardCommand,
  backwardCommand,
];

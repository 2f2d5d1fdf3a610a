/**
 * The logs of the conformance cases. Every byte is fixed, so the tree is the same wherever it is built.
 */

import {
  ansi,
  badUtf8,
  cjkSeek,
  crlf,
  emptyMessages,
  grepLines,
  half,
  i18n,
  longLine,
  malformed,
  nested,
  noTagWide,
  partial,
  seek,
  small,
  times,
  web,
} from "./cri_logs.ts";
import { dockerBadByte, dockerBasic, dockerChunks, dockerSeek } from "./docker_logs.ts";
import { utf8 } from "./log_parts.ts";

/** One container's log. */
export interface ConformanceLog {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly format: "cri" | "docker";
  readonly content: Uint8Array;
}

/** All logs; their order determines their modification times. */
export function conformanceLogs(): ConformanceLog[] {
  const logs: ConformanceLog[] = [];
  function add(
    place: string,
    format: "cri" | "docker",
    content: string | Uint8Array,
  ): void {
    const [namespace = "", pod = "", container = ""] = place.split("/");
    logs.push({
      namespace,
      pod,
      container,
      format,
      content: typeof content === "string" ? utf8(content) : content,
    });
  }
  add("default/web-7c5ddbdf54-4xk2p/app", "cri", web());
  add("default/partial-0/app", "cri", partial());
  add("default/i18n-0/app", "cri", i18n());
  add("default/badutf8-0/app", "cri", badUtf8());
  add("default/ansi-0/app", "cri", ansi());
  add("default/crlf-0/app", "cri", crlf());
  add("default/half-0/msg", "cri", half("2024-10-01T06:40:02.000000001Z stdout F half a mess"));
  add("default/half-0/head", "cri", half("2024-10-01T06:4"));
  add(
    "default/half-0/char",
    "cri",
    half("2024-10-01T06:40:02.000000001Z stdout F half a char caf\xc3"),
  );
  add("default/malformed-0/app", "cri", malformed());
  add("default/times-0/app", "cri", times());
  add("default/emptymsg-0/app", "cri", emptyMessages());
  add("default/empty-0/app", "cri", "");
  add("default/long-0/app", "cri", longLine(300_000));
  add("default/huge-0/app", "cri", longLine(1_200_000));
  add("default/grep-0/app", "cri", grepLines());
  add("default/seek-0/app", "cri", seek());
  add("default/cjkseek-0/app", "cri", cjkSeek());
  add("default/nested-0/app", "cri", nested());
  add("default/notag-0/app", "cri", noTagWide());
  add("default/dock-0/app", "docker", dockerBasic());
  add("default/dock-0/badbyte", "docker", dockerBadByte());
  add("default/dock-0/chunks", "docker", dockerChunks());
  add("default/dock-0/seek", "docker", dockerSeek());
  add("team-a/api.v2-0.prod/side-car-1", "cri", small(3, "dots and dashes", 1727766000));
  add("kube-system/coredns-5d78c9869d-abcde/coredns", "cri", small(4, "plugin/ready", 1727769600));
  add("secret/vault-0/vault", "cri", small(2, "unseal key part", 1727773200));
  // A pod named like another namespace: the target of a path traversal.
  add("secret/default/app", "cri", small(2, "a secret of the victim", 1727773200));
  return logs;
}

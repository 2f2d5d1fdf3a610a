/** Names of logs and texts of times, for people. */
import type { LogMetadata } from "../generated/cluster_agent.ts";
import type { Timestamp } from "../generated/google/protobuf/timestamp.ts";

/** namespace/pod/container: how a person refers to a log. */
export function logName({ spec }: LogMetadata): string {
  return `${spec?.namespace}/${spec?.pod_name}/${spec?.container_name}`;
}

/** RFC 3339 in UTC with 0, 3, 6 or 9 digits of a second's fraction. */
export function timeText(time: Timestamp | undefined): string {
  const seconds = Number(time?.seconds ?? 0n);
  let digits = String(time?.nanos ?? 0).padStart(9, "0");
  while (digits.endsWith("000")) digits = digits.slice(0, -3);
  const whole = new Date(seconds * 1000).toISOString().slice(0, -5);
  return `${whole}${digits === "" ? "" : `.${digits}`}Z`;
}

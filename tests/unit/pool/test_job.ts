import { Job } from "../../../src/pool/job.ts";

/** A job of that stream, by default searching for "x" in a piece without a file. */
export function testJob(
  stream: object = {},
  options: Partial<ConstructorParameters<typeof Job>[0]> & { readonly grep?: string } = {},
): Job {
  const { grep = "x", ...others } = options;
  return new Job({
    stream,
    user: "alice",
    piece: { source: {} } as never,
    spec: { format: "cri", direction: "forward", grep, maxRecordBytes: 1024 },
    signal: undefined,
    isInlined: false,
    isWanted: undefined,
    onSettled() {},
    ...others,
  });
}

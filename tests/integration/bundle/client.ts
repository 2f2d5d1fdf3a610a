/** Creates a gRPC client, which an agent's bundle omits. */
import type { ChannelCredentials } from "@grpc/grpc-js";
import { HealthClient } from "../../../src/generated/grpc/health.ts";

try {
  new HealthClient("localhost:1", {} as ChannelCredentials);
  console.log("nothing was missing");
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}

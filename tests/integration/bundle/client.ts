/** Makes a gRPC client, which the bundle of an agent goes without. */
import type { ChannelCredentials } from "@grpc/grpc-js";
import { HealthClient } from "../../../src/generated/grpc/health.ts";

try {
  new HealthClient("localhost:1", {} as ChannelCredentials);
  console.log("nothing was missing");
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}

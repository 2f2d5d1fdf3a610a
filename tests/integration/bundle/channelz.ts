/** Asks grpc-js for what needs the package that bundles go without. */
import { addAdminServicesToServer, Server } from "@grpc/grpc-js";

try {
  addAdminServicesToServer(new Server());
  console.log("nothing was missing");
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}

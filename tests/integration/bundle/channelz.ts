/** Uses the part of grpc-js that needs the package that bundles omit. */
import { addAdminServicesToServer, Server } from "@grpc/grpc-js";

try {
  addAdminServicesToServer(new Server());
  console.log("nothing was missing");
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}

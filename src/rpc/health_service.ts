import { status as Status } from "@grpc/grpc-js";
import type { ServerWritableStream } from "@grpc/grpc-js";
import { HealthCheckResponse_ServingStatus as Serving } from "../generated/grpc/health.ts";
import type {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthServer,
} from "../generated/grpc/health.ts";

/** Whether the agent serves, told to probes; the same answer for every service. */
export class Health {
  readonly #services: ReadonlySet<string>;
  readonly #watchers = new Set<ServerWritableStream<HealthCheckRequest, HealthCheckResponse>>();
  #serving = false;

  /** @param services full names, as in cluster_agent.LogRecordsService */
  constructor(services: readonly string[]) {
    // The empty name stands for the whole server.
    this.#services = new Set(["", ...services]);
  }

  get serving(): boolean {
    return this.#serving;
  }

  set(serving: boolean): void {
    if (serving === this.#serving) return;
    this.#serving = serving;
    for (const call of this.#watchers) call.write(this.#answer(call.request.service));
  }

  /** Ends all health watches, as the server is about to close. */
  close(): void {
    for (const call of this.#watchers) call.end();
    this.#watchers.clear();
  }

  /** grpc.health.v1: Check and Watch. Needs no identity. */
  service(): HealthServer {
    return {
      check: (call, respond) => {
        if (this.#services.has(call.request.service)) {
          respond(null, this.#answer(call.request.service));
        } else {
          respond({ code: Status.NOT_FOUND, details: "unknown service" });
        }
      },
      watch: (call) => {
        this.#watchers.add(call);
        call.on("cancelled", () => this.#watchers.delete(call));
        call.write(this.#answer(call.request.service));
      },
    };
  }

  #answer(service: string): HealthCheckResponse {
    if (!this.#services.has(service)) return { status: Serving.SERVICE_UNKNOWN };
    return { status: this.#serving ? Serving.SERVING : Serving.NOT_SERVING };
  }
}

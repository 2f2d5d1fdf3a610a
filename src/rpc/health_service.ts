import type { ServerWritableStream } from "@grpc/grpc-js";
import { Failure } from "../failure/failure.ts";
import { HealthCheckResponse_ServingStatus as Serving } from "../generated/grpc/health.ts";
import type {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthServer,
} from "../generated/grpc/health.ts";
import type { Calls } from "./calls.ts";

/** One open Watch. */
interface Watcher {
  readonly call: ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;
  readonly service: string;
  end(): void;
}

/** Whether the agent serves, for probes; the same answer for every service. Owned by serve, which sets it. */
export class Health {
  readonly #services: ReadonlySet<string>;
  readonly #watchers = new Set<Watcher>();
  #serving = false;

  /** @param services full names, such as cluster_agent.LogRecordsService */
  constructor(services: readonly string[]) {
    // The empty name means the whole server.
    this.#services = new Set(["", ...services]);
  }

  get serving(): boolean {
    return this.#serving;
  }

  set(serving: boolean): void {
    if (serving === this.#serving) return;
    this.#serving = serving;
    for (const { call, service } of this.#watchers) call.write(this.#answer(service));
  }

  /** Ends all health watches, because the server is about to close. */
  close(): void {
    for (const watcher of this.#watchers) watcher.end();
  }

  /**
   * grpc.health.v1: Check and Watch. Needs no identity, and answers while the agent stops. Check throws Failure
   * not-found for an unknown service.
   */
  service(calls: Calls): HealthServer {
    const method = (name: string) => ({
      name: `grpc.health.v1.Health/${name}`,
      kind: "probe" as const,
      access: "public" as const,
      check: (request: HealthCheckRequest) => request.service,
    });
    return {
      check: calls.unary(method("Check"), (_running, service) => {
        if (!this.#services.has(service)) throw new Failure("not-found", "unknown service");
        return this.#answer(service);
      }),
      watch: calls.serverStream(method("Watch"), async (running, service, call) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        const watcher = { call, service, end: resolve };
        running.signal.addEventListener("abort", () => resolve());
        if (running.signal.aborted) return;
        this.#watchers.add(watcher);
        call.write(this.#answer(service));
        await promise;
        this.#watchers.delete(watcher);
      }),
    };
  }

  #answer(service: string): HealthCheckResponse {
    if (!this.#services.has(service)) return { status: Serving.SERVICE_UNKNOWN };
    return { status: this.#serving ? Serving.SERVING : Serving.NOT_SERVING };
  }
}

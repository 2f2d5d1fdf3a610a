import { defaults } from "../../src/config/schema.ts";
import { Authorizer } from "../../src/auth/authorizer.ts";
import type { Identity } from "../../src/auth/identity.ts";
import { findApiServer } from "../../src/auth/kube_config.ts";
import { KubernetesReviewer } from "../../src/auth/reviewer.ts";
import { Failure } from "../../src/failure/failure.ts";
import type { AgentEvent } from "../../src/telemetry/events.ts";
import { ManualClock } from "../harness/manual_clock.ts";
import type { Cluster } from "./control_plane.ts";

/** Authorization by an agent with the account of the kubeconfig. */
export class AgentAuth implements Disposable {
  readonly clock = new ManualClock();
  readonly events: AgentEvent[] = [];
  readonly #folder = Deno.makeTempDirSync({ prefix: "auth-" });
  readonly #reviewer: KubernetesReviewer;
  readonly authorizer: Authorizer;

  constructor(cluster: Cluster, account: string) {
    Deno.writeTextFileSync(`${this.#folder}/token`, account);
    Deno.writeTextFileSync(
      `${this.#folder}/config`,
      cluster.kubeConfig({ tokenFile: "token" }),
    );
    const report = (event: AgentEvent) => this.events.push(event);
    this.#reviewer = new KubernetesReviewer({
      report,
      findApiServer: () =>
        findApiServer({
          env: (name) => name === "KUBECONFIG" ? `${this.#folder}/config` : undefined,
        }),
    });
    this.authorizer = new Authorizer({
      config: defaults,
      reviewer: this.#reviewer,
      report,
      clock: this.clock,
    });
  }

  /** Puts another token into the agent's file, as the kubelet does. */
  rotate(account: string): void {
    Deno.writeTextFileSync(`${this.#folder}/token`, account);
  }

  /** "allowed", or the failure's kind and message. */
  async ask(identity: Identity, ...namespaces: string[]): Promise<string> {
    try {
      await this.authorizer.authorize(identity, namespaces);
      return "allowed";
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return `${error.kind}: ${error.message}`;
    }
  }

  [Symbol.dispose](): void {
    this.#reviewer.close();
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

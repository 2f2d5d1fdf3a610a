/** A job of a search: one of its pieces, or the check of its pattern. */
export interface SearchJob {
  readonly user: string;
  readonly stream: object;
}

/** The searches of one user. */
interface Searches<J> {
  /** Searches that may work now, with the number of their unfinished jobs and when their turn began. */
  readonly active: Map<object, { jobs: number; readonly since: number }>;
  /** The jobs of the others, in the order of their turns. */
  readonly waiting: Map<object, J[]>;
}

/**
 * Limits how many searches of one user run at once; the others wait for their turn. A search is a stream with a
 * pattern. Its turn ends when it has no job (its caller has all that it reads for now, or it is done), and, while
 * others wait, after some time: then the turn passes on between two pieces. Owned by the pool, which asks before it
 * schedules a job and reports when one has ended.
 */
export class SearchTurns<J extends SearchJob> {
  readonly #perUser: number;
  readonly #turnMs: number;
  readonly #now: () => number;
  readonly #onWaiting: (count: number) => void;
  #waitingCount = 0;
  readonly #users = new Map<string, Searches<J>>();

  constructor(
    options: {
      readonly perUser: number;
      readonly turnMs: number;
      /** Milliseconds; performance.now by default. */
      readonly now?: () => number;
      /** Called with the number of waiting searches when it changes. */
      readonly onWaiting?: (count: number) => void;
    },
  ) {
    this.#perUser = options.perUser;
    this.#turnMs = options.turnMs;
    this.#onWaiting = options.onWaiting ?? (() => {});
    this.#now = options.now ?? (() => performance.now());
  }

  /** How many searches wait for their turn. */
  get waiting(): number {
    let count = 0;
    for (const { waiting } of this.#users.values()) count += waiting.size;
    return count;
  }

  /** Whether the job may be scheduled. If not, it is kept until `end` or `remove`. */
  begin(job: J): boolean {
    const searches = this.#searches(job.user);
    const { active, waiting } = searches;
    const turn = active.get(job.stream);
    const isAtTurn = turn === undefined
      ? active.size < this.#perUser && waiting.size === 0
      : waiting.size === 0 || this.#now() - turn.since < this.#turnMs;
    if (!isAtTurn) {
      const jobs = waiting.get(job.stream);
      if (jobs === undefined) waiting.set(job.stream, [job]);
      else jobs.push(job);
      this.#reportWaiting();
      return false;
    }
    if (turn === undefined) active.set(job.stream, { jobs: 1, since: this.#now() });
    else turn.jobs++;
    return true;
  }

  /** A job that had begun has ended. Returns the jobs that may be scheduled now. */
  end(job: J): J[] {
    const searches = this.#searches(job.user);
    const { active, waiting } = searches;
    const turn = active.get(job.stream);
    if (turn !== undefined && --turn.jobs === 0) active.delete(job.stream);
    const begun: J[] = [];
    for (const [stream, jobs] of waiting) {
      if (active.size >= this.#perUser) break;
      if (active.has(stream)) continue; // Its previous turn has not ended.
      waiting.delete(stream);
      active.set(stream, { jobs: jobs.length, since: this.#now() });
      begun.push(...jobs);
    }
    this.#forgetIdle(job.user, searches);
    this.#reportWaiting();
    return begun;
  }

  /** Forgets a waiting job. False: it is not waiting. */
  remove(job: J): boolean {
    const searches = this.#searches(job.user);
    const jobs = searches.waiting.get(job.stream);
    const index = jobs?.indexOf(job) ?? -1;
    if (jobs !== undefined && index >= 0) jobs.splice(index, 1);
    if (jobs?.length === 0) searches.waiting.delete(job.stream);
    this.#forgetIdle(job.user, searches);
    this.#reportWaiting();
    return index >= 0;
  }

  /** Takes all waiting jobs. */
  takeAll(): J[] {
    const jobs = [...this.#users.values()].flatMap(({ waiting }) => [...waiting.values()].flat());
    for (const { waiting } of this.#users.values()) waiting.clear();
    this.#reportWaiting();
    return jobs;
  }

  #reportWaiting(): void {
    const { waiting } = this;
    if (waiting === this.#waitingCount) return;
    this.#waitingCount = waiting;
    this.#onWaiting(waiting);
  }

  #searches(user: string): Searches<J> {
    let searches = this.#users.get(user);
    if (searches === undefined) {
      this.#users.set(user, searches = { active: new Map(), waiting: new Map() });
    }
    return searches;
  }

  #forgetIdle(user: string, { active, waiting }: Searches<J>): void {
    if (active.size === 0 && waiting.size === 0) this.#users.delete(user);
  }
}

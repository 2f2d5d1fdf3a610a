/** A job that waits for a worker, and on whose behalf. */
export interface Waiter {
  readonly user: string;
  readonly stream: object;
  /** Its result is no longer needed: it is never taken. */
  readonly isOver: boolean;
}

/**
 * Waiting jobs, taken in turns: users take turns, the streams of a user take turns within theirs, and each stream gives
 * one job per turn. So however many streams a user has, and however many jobs a stream has, the next one waits for one
 * job of each. Owned by the scheduler, one per lane.
 */
export class WaitingJobs<J extends Waiter> {
  /** In the order of their turns. Contains only users with jobs. */
  readonly #users = new Map<string, Map<object, J[]>>();
  #size = 0;

  /** How many jobs of all users wait. */
  get size(): number {
    return this.#size;
  }

  add(job: J): void {
    let streams = this.#users.get(job.user);
    if (streams === undefined) this.#users.set(job.user, streams = new Map());
    const jobs = streams.get(job.stream);
    if (jobs === undefined) streams.set(job.stream, [job]);
    else jobs.push(job);
    this.#size++;
  }

  /** Puts back a job that was taken before: it becomes the very next one. */
  putBack(job: J): void {
    const streams = this.#users.get(job.user) ?? new Map<object, J[]>();
    putFirst(streams, job.stream, [job, ...streams.get(job.stream) ?? []]);
    putFirst(this.#users, job.user, streams);
    this.#size++;
  }

  /** The next job that is not over; undefined if there is none. */
  take(): J | undefined {
    for (;;) {
      const job = this.#takeNext();
      if (job === undefined || !job.isOver) return job;
    }
  }

  /** The next job of a stream that is not over; undefined if there is none. It does not use up the stream's turn. */
  takeOf(stream: object): J | undefined {
    for (const streams of this.#users.values()) {
      for (const job of [...streams.get(stream) ?? []]) {
        this.remove(job);
        if (!job.isOver) return job;
      }
    }
    return undefined;
  }

  remove(job: J): void {
    const streams = this.#users.get(job.user);
    const jobs = streams?.get(job.stream);
    const index = jobs?.indexOf(job) ?? -1;
    if (streams === undefined || jobs === undefined || index < 0) return;
    jobs.splice(index, 1);
    if (jobs.length === 0) streams.delete(job.stream);
    if (streams.size === 0) this.#users.delete(job.user);
    this.#size--;
  }

  /** Takes the matching jobs, those of a stream in their order. */
  takeAll(isMeant: (job: J) => boolean): J[] {
    const all = [...this.#users.values()].flatMap((streams) => [...streams.values()].flat());
    const taken = all.filter(isMeant);
    for (const job of taken) this.remove(job);
    return taken;
  }

  /** Whether a job of another stream is waiting. */
  hasOtherThan(stream: object): boolean {
    for (const streams of this.#users.values()) {
      if (streams.size > (streams.has(stream) ? 1 : 0)) return true;
    }
    return false;
  }

  #takeNext(): J | undefined {
    for (const [user, streams] of this.#users) {
      this.#users.delete(user);
      for (const [stream, jobs] of streams) {
        const job = jobs.shift()!;
        streams.delete(stream);
        if (jobs.length > 0) streams.set(stream, jobs);
        if (streams.size > 0) this.#users.set(user, streams);
        this.#size--;
        return job;
      }
    }
    return undefined;
  }
}

/** A map keeps insertion order, so the first entry must be inserted before all others. */
function putFirst<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  const others = [...map];
  map.clear();
  map.set(key, value);
  for (const [otherKey, other] of others) map.set(otherKey, other);
}

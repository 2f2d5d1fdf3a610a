/** Whatever waits for a worker, and on whose behalf. */
export interface Waiter {
  readonly stream: object;
}

/**
 * Jobs that wait, taken in turn from every stream that has one: however many jobs a stream hands
 * in, the next stream's first is taken after one of them.
 */
export class WaitingJobs<J extends Waiter> {
  /** In the order of their turns. A stream without jobs is not in it. */
  readonly #streams = new Map<object, J[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(job: J): void {
    const jobs = this.#streams.get(job.stream);
    if (jobs === undefined) this.#streams.set(job.stream, [job]);
    else jobs.push(job);
    this.#size++;
  }

  /** Puts a job back that was taken before: it is the next of all. */
  putBack(job: J): void {
    const jobs = [job, ...this.#streams.get(job.stream) ?? []];
    this.#streams.delete(job.stream);
    const others = [...this.#streams];
    this.#streams.clear();
    for (const [stream, waiting] of [[job.stream, jobs] as const, ...others]) {
      this.#streams.set(stream, waiting);
    }
    this.#size++;
  }

  take(): J | undefined {
    for (const [stream, jobs] of this.#streams) {
      const job = jobs.shift()!;
      this.#streams.delete(stream);
      if (jobs.length > 0) this.#streams.set(stream, jobs);
      this.#size--;
      return job;
    }
    return undefined;
  }

  remove(job: J): void {
    const jobs = this.#streams.get(job.stream);
    const index = jobs?.indexOf(job) ?? -1;
    if (jobs === undefined || index < 0) return;
    jobs.splice(index, 1);
    if (jobs.length === 0) this.#streams.delete(job.stream);
    this.#size--;
  }

  /** Takes the jobs that are asked for, those of a stream in their order. */
  takeAll(isMeant: (job: J) => boolean): J[] {
    const taken = [...this.#streams.values()].flat().filter(isMeant);
    for (const job of taken) this.remove(job);
    return taken;
  }

  hasOtherThan(stream: object): boolean {
    return this.#streams.size > (this.#streams.has(stream) ? 1 : 0);
  }
}

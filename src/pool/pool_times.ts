/** Time limits of the pool, in milliseconds. The scheduler applies them; tests pass shorter ones. */
export interface PoolTimes {
  /** After this long, a job leaves the rest of its piece for another turn. */
  readonly slice: number;
  /** How long a turn of a stream in the large lane lasts: at each turn, its pattern may have to be compiled again. */
  readonly largeTurn: number;
  /** A job that computes for longer while others wait is slow. */
  readonly slow: number;
  /**
   * A worker that has not left a stopped job within this time is ended and replaced. If `slice` is shorter, this is
   * rare.
   */
  readonly grace: number;
  /** Workers end after this long without work. */
  readonly idle: number;
  /** How long a search of a user keeps its turn while others of that user wait. */
  readonly turn: number;
}

/** The limits that the agent uses. */
export const TIMES: PoolTimes = {
  slice: 40,
  largeTurn: 3000,
  slow: 250,
  grace: 50,
  idle: 30_000,
  turn: 250,
};

/** All in milliseconds. */
export interface PoolTimes {
  /** A job leaves the rest of its piece for another turn after so long. */
  readonly slice: number;
  /** How long a stream of the large lane has its turn: for each it may have to compile its pattern again. */
  readonly largeTurn: number;
  /** A job that computes for longer, while others wait, is slow. */
  readonly slow: number;
  /** A worker that has not left a stopped job by then is ended and replaced. With `slice` below it, few are. */
  readonly grace: number;
  /** Workers without work for so long end. */
  readonly idle: number;
  /** How long a search of a user keeps its turn while others of that user wait. */
  readonly turn: number;
}

export const TIMES: PoolTimes = {
  slice: 40,
  largeTurn: 3000,
  slow: 250,
  grace: 50,
  idle: 30_000,
  turn: 250,
};

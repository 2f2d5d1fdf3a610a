/** How long one computation may block the event loop. */
const TURN_MS = 2;
/**
 * How long the loop is then left to others: their work takes several turns, and must not wait for a computation in
 * each.
 */
const PAUSE_MS = 1;

/** Computations waiting for their turn: one of them runs in each turn of the event loop, in order. */
const waiting: (() => void)[] = [];
let isScheduled = false;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    schedule();
  });
}

function schedule(): void {
  if (isScheduled || waiting.length === 0) return;
  isScheduled = true;
  setTimeout(() => {
    isScheduled = false;
    waiting.shift()?.();
    schedule();
  }, PAUSE_MS);
}

/**
 * Returns a function that a long computation calls between its steps. Every few milliseconds the function yields the
 * event loop to others by returning a promise; otherwise it returns null. Of all such computations, one runs in each
 * turn of the loop, so many of them delay other calls no more than one does.
 */
export function loopTurns(signal: AbortSignal): () => Promise<void> | null {
  let end = performance.now() + TURN_MS;
  const take = async () => {
    await nextTurn();
    signal.throwIfAborted();
    end = performance.now() + TURN_MS;
  };
  return () => performance.now() < end ? null : take();
}

/** The clock is read once in this many calls. */
const ITEMS_PER_STEP = 32;

/**
 * Visits many items, each of which takes microseconds, in turns with others. Ends early if the signal fires; rejects
 * with any error that `visit` throws.
 */
export async function visitInTurns<T>(
  items: readonly T[],
  signal: AbortSignal,
  visit: (item: T) => void,
): Promise<void> {
  const breathe = loopTurns(signal);
  for (const [index, item] of items.entries()) {
    if (signal.aborted) return;
    visit(item);
    const turn = index % ITEMS_PER_STEP === ITEMS_PER_STEP - 1 ? breathe() : null;
    if (turn !== null) await turn.catch(() => {}); // It rejects if the signal fires.
  }
}

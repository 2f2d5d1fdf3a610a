/** How long one computation may hold the event loop. */
const TURN_MS = 2;
/** How long it is then left to others: their work takes several of its turns, and must not wait for a computation in each. */
const PAUSE_MS = 1;

/** Computations that wait for their turn: one of them in each turn of the event loop, in order. */
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
 * A function that a long computation calls between its steps. Every few milliseconds it gives the event loop to others:
 * it returns a promise then, and null otherwise. Of all such computations together one runs in a turn of the loop, so
 * that many do not delay other calls more than one does.
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
 * Visits many items, each a matter of microseconds, in turns with others. Ends early where the signal fires; rejects with
 * what `visit` throws.
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
    if (turn !== null) await turn.catch(() => {}); // It rejects where the signal fires.
  }
}

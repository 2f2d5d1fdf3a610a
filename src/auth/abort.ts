import { Failure } from "../failure/failure.ts";

/** The error with which waiting ends when the call has ended. */
export function cancelled(): Failure {
  return new Failure("cancelled", "The call has ended");
}

/** The same promise, but it rejects as soon as the signal fires. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(cancelled());
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

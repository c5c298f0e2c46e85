/** The longest time in milliseconds that a task waits for an idle page. */
const PATIENCE = 500;

export type WhenIdle = (act: () => void) => void;

/** Calls `act` when the browser has nothing else to do; a busy machine may have no idle time for long. */
export const whenIdle: WhenIdle = (act) => {
  // Safari has no requestIdleCallback.
  if ("requestIdleCallback" in window) requestIdleCallback(act, { timeout: PATIENCE });
  else setTimeout(act, 0);
};

/**
 * Returns a function that runs tasks one at a time while the page is idle, in the order of the
 * calls. The returned function in turn returns one that withdraws the task.
 */
export function createTurns(idle: WhenIdle = whenIdle): (act: () => void) => () => void {
  const waiting = new Set<() => void>();
  let asked = false;
  const ask = () => {
    if (asked || waiting.size === 0) return;
    asked = true;
    idle(() => {
      asked = false;
      const [act] = waiting;
      if (act) {
        waiting.delete(act);
        act();
      }
      ask();
    });
  };
  return (act) => {
    // A wrapper, so that the same function can wait twice.
    const task = () => act();
    waiting.add(task);
    ask();
    return () => waiting.delete(task);
  };
}

/** For parts of the page that are out of sight. */
export const inTurn = createTurns();

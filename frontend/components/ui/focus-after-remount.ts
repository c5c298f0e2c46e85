import { useEffect } from "react";
import { createStore } from "zustand/vanilla";

/** The control that gets the focus after the page is mounted again, or null. */
const remounting = createStore<{ readonly control: string | null }>(() => ({ control: null }));

/**
 * Keeps the focus on a control whose use mounts the page again, including the control itself. Call
 * the returned function before the change; `focus` is called when the control is mounted again.
 */
export function useFocusAfterRemount(control: string, focus: () => void): () => void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs on mount
  useEffect(() => {
    if (remounting.getState().control !== control) return;
    remounting.setState({ control: null });
    focus();
  }, []);
  return () => remounting.setState({ control });
}

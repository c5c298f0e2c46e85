import { linkedStore, oneOf } from "@/lib/url-state/linked-store";

const PARAMETER = "present";

/**
 * Whether the page is shown to an audience: everything is larger, and what only its operator needs
 * is hidden. In the link, so that slides can refer to it.
 */
export const presentStore = linkedStore<"on" | "off">(PARAMETER, "off", oneOf(["on", "off"]));

/** An inline script that applies the mode before the first paint (`present:` in style sheets). */
export const PRESENT_SCRIPT = `if(new URLSearchParams(location.search).get("${PARAMETER}")==="on")document.documentElement.dataset.present=""`;

export const isPresenting = (): boolean => presentStore.getState() === "on";

export const togglePresent = (): void => presentStore.setState(isPresenting() ? "off" : "on", true);

/** Keeps the attribute of the document in step with the store. Returns a function that ends it. */
export function followPresent(): () => void {
  const show = () => document.documentElement.toggleAttribute("data-present", isPresenting());
  const stop = presentStore.subscribe(show);
  show();
  return () => {
    stop();
    document.documentElement.removeAttribute("data-present");
  };
}

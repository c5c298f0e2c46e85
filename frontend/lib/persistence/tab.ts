import { tabStore } from "@/lib/browser/storage";

const KEY = "mav-tab";

/**
 * The id of this tab, which survives a reload. It is in sessionStorage only while the page is
 * unloaded, so that a duplicated tab, which copies sessionStorage, gets an id of its own.
 */
export const tab: string = tabStore.getItem(KEY) ?? newName();

function newName(): string {
  // `crypto.randomUUID` is missing on insecure origins.
  const random = () => Math.random().toString(36).slice(2, 10);
  return `${Date.now().toString(36)}-${random()}`;
}

if (typeof window !== "undefined") {
  tabStore.removeItem(KEY);
  const leave = () => tabStore.setItem(KEY, tab);
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") leave();
    else tabStore.removeItem(KEY);
  });
  window.addEventListener("pageshow", () => tabStore.removeItem(KEY));
}

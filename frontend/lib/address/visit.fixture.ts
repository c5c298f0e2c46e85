/** Puts the page of a test at an address, as the browser's Back button does. */
export function visit(address: string): void {
  window.history.replaceState(null, "", address);
  window.dispatchEvent(new PopStateEvent("popstate"));
}

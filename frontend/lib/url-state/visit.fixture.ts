/** Sets the address of a test's page and fires `popstate`, as the browser's Back button does. */
export function visit(address: string): void {
  window.history.replaceState(null, "", address);
  window.dispatchEvent(new PopStateEvent("popstate"));
}

/** Apart from the other failures, so that they are loaded with the first run in the browser. */
export const english = {
  title: "The engine in the browser stopped",
  notLoaded: "It could not be loaded. Check that you are online, then try again.",
  reported: (message: string) =>
    `The browser reported: ${message}. It may have needed more memory than there is: close other tabs, or choose a smaller model, then try again.`,
};

export const english = {
  title: "Page not found",
  detail: "There is nothing at this address. The link may be wrong, or the page has moved.",
  home: "Open the instrument",
} as const;

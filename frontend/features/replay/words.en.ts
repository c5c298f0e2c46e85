export const english = {
  title: (name: string) => `${name} · MAV recording`,
  about: "A recorded run. Everything on this page is in this one file.",
  none: "This page has no recording",
  noneDetail: "This is the template for standalone pages. Save a standalone page in MAV.",
} as const;

export const english = {
  viewFailed: {
    title: "This view failed",
    detail: "Your settings and runs are kept.",
    retry: "Try again",
    reload: "Reload the page",
  },
} as const;

export const english = {
  invitation: "New here?",
  take: "Six short chapters",
  open: "Chapters",
  dismiss: "No, thanks",
  forTeachers: "Chapters for teachers",
  newTab: "(opens in a new tab)",
} as const;

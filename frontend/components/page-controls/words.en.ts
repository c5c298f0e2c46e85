export const english = {
  back: "Back to the site",
  theme: {
    label: "Colour theme",
    system: "Follow the system",
    light: "Light",
    dark: "Dark",
  },
  language: {
    label: "Language",
  },
} as const;

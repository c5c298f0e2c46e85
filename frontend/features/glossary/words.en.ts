export const english = {
  title: "Glossary",
  introduction: "The terms of this site and of its documentation. Layers and heads count from 0.",
  terms: "Terms",
  link: "Glossary",
  newTab: "(opens in a new tab)",
} as const;

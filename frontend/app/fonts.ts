import localFont from "next/font/local";

// Only the Latin subsets: browsers have fonts for other scripts.

const geist = localFont({
  src: "../node_modules/@fontsource-variable/geist/files/geist-latin-wght-normal.woff2",
  variable: "--font-geist-sans",
  weight: "100 900",
  display: "swap",
});

const geistMono = localFont({
  src: "../node_modules/@fontsource-variable/geist-mono/files/geist-mono-latin-wght-normal.woff2",
  variable: "--font-geist-mono",
  weight: "100 900",
  display: "swap",
  // Used for figures only, and a page without a run shows few of them.
  preload: false,
  fallback: ["ui-monospace", "monospace"],
  adjustFontFallback: false,
});

/** Serif font for the model's text; the user interface uses the sans and mono fonts. */
const newsreader = localFont({
  src: "../node_modules/@fontsource-variable/newsreader/files/newsreader-latin-wght-normal.woff2",
  variable: "--font-newsreader",
  weight: "200 800",
  display: "swap",
  fallback: ["Georgia", "serif"],
  // The sizes of the fallback are adjusted, so that nothing moves when the font arrives.
  adjustFontFallback: "Times New Roman",
});

export const fontVariables = [geist, geistMono, newsreader].map((f) => f.variable).join(" ");

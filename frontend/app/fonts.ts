import localFont from "next/font/local";

// The Latin parts only: of other scripts, a browser has letters of its own.

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
  // For figures, which a page without a run has few of.
  preload: false,
  fallback: ["ui-monospace", "monospace"],
  adjustFontFallback: false,
});

/** The voice of the model; the instrument around it speaks in sans and mono. */
const newsreader = localFont({
  src: "../node_modules/@fontsource-variable/newsreader/files/newsreader-latin-wght-normal.woff2",
  variable: "--font-newsreader",
  weight: "200 800",
  display: "swap",
  fallback: ["Georgia", "serif"],
});

export const fontVariables = [geist, geistMono, newsreader].map((f) => f.variable).join(" ");

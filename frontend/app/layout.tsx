import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { text } from "@/lib/text";
import { LANGUAGE_SCRIPT } from "@/lib/text/language";
import { THEME_SCRIPT } from "@/lib/theme/theme";
import { fontVariables } from "./fonts";
import "./globals.css";

export const metadata: Metadata = {
  title: `${text.site.name} · ${text.site.title}`,
  description: text.site.description,
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f7f7f4" },
    { media: "(prefers-color-scheme: dark)", color: "#12141a" },
  ],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" className={fontVariables} suppressHydrationWarning>
      <head>
        {/* Relative, as everything that the site serves. */}
        <link rel="icon" href="./favicon.ico" sizes="32x32" />
        <link rel="icon" href="./icon.svg" type="image/svg+xml" />
        {/* Runs before the first paint, so that no other theme and no other language flashes. */}
        {/* biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of our own */}
        <script dangerouslySetInnerHTML={{ __html: `${THEME_SCRIPT};${LANGUAGE_SCRIPT}` }} />
      </head>
      <body>{children}</body>
    </html>
  );
}

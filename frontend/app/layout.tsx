import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { RECORDING_SCRIPT } from "@/features/first-recording/first-recording";
import { WORKER_SCRIPT } from "@/lib/client/local-worker";
import { DEPTH_SCRIPT } from "@/lib/depth/depth";
import { LANGUAGE_SCRIPT } from "@/lib/i18n/language";
import { words } from "@/lib/i18n/words";
import { PRESENT_SCRIPT } from "@/lib/present/present";
import { THEME_SCRIPT } from "@/lib/theme/theme";
import { VIEW_SCRIPT } from "@/lib/views/view";
import { fontVariables } from "./fonts";
import "./globals.css";

export const metadata: Metadata = {
  title: `${words.name} · ${words.title}`,
  description: words.description,
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f7f7f4" },
    { media: "(prefers-color-scheme: dark)", color: "#12141a" },
  ],
};

const SCRIPTS = [
  WORKER_SCRIPT,
  VIEW_SCRIPT,
  THEME_SCRIPT,
  LANGUAGE_SCRIPT,
  DEPTH_SCRIPT,
  PRESENT_SCRIPT,
  RECORDING_SCRIPT,
].join(";");

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" className={fontVariables} suppressHydrationWarning>
      <head>
        {/* Relative, like all addresses of the site, so that it works under any path. */}
        <link rel="icon" href="./favicon.ico" sizes="32x32" />
        <link rel="icon" href="./icon.svg" type="image/svg+xml" />
        {/* Runs before the first paint, so that the page does not flash in another theme, language,
            depth or size, or without the recording of a first visit. */}
        {/* biome-ignore lint/security/noDangerouslySetInnerHtml: our own constant */}
        <script dangerouslySetInnerHTML={{ __html: SCRIPTS }} />
      </head>
      <body>{children}</body>
    </html>
  );
}

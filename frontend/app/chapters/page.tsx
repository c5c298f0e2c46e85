import type { Metadata } from "next";
import { words } from "@/features/chapters/words";
import { words as siteWords } from "@/lib/i18n/words";
import { ChaptersPage } from "./chapters-page";

export const metadata: Metadata = {
  title: `${words.page.title} · ${siteWords.name}`,
  description: words.page.introduction,
};

export default function Page() {
  return <ChaptersPage />;
}

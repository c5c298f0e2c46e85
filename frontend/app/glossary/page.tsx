import type { Metadata } from "next";
import { words } from "@/features/glossary/words";
import german from "@/lib/glossary/terms.de.json";
import english from "@/lib/glossary/terms.en.json";
import { words as siteWords } from "@/lib/i18n/words";
import { GlossaryPage } from "./glossary-page";

export const metadata: Metadata = {
  title: `${words.title} · ${siteWords.name}`,
  description: words.introduction,
};

export default function Page() {
  return <GlossaryPage terms={{ en: english, de: german }} />;
}

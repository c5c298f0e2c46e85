import type { Metadata } from "next";
import { words } from "@/features/glossary/words";
import germanTexts from "@/lib/glossary/definitions.de.json";
import englishTexts from "@/lib/glossary/definitions.en.json";
import { defined } from "@/lib/glossary/terms";
import german from "@/lib/glossary/terms.de.json";
import english from "@/lib/glossary/terms.en.json";
import { words as siteWords } from "@/lib/i18n/words";
import { GlossaryPage } from "./glossary-page";

export const metadata: Metadata = {
  title: `${words.title} · ${siteWords.name}`,
  description: words.introduction,
};

export default function Page() {
  const terms = { en: defined(english, englishTexts), de: defined(german, germanTexts) };
  return <GlossaryPage terms={terms} />;
}

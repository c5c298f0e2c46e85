import type { Metadata } from "next";
import { words } from "@/features/glossary/words";
import terms from "@/lib/glossary/terms.json";
import { words as siteWords } from "@/lib/i18n/words";
import { GlossaryPage } from "./glossary-page";

export const metadata: Metadata = {
  title: `${words.title} · ${siteWords.name}`,
  description: words.introduction,
};

export default function Page() {
  return <GlossaryPage terms={terms} />;
}

"use client";

import { Glossary } from "@/features/glossary/glossary";
import type { Term } from "@/lib/glossary/terms";
import { LOADERS } from "@/words/loaders";

export const GlossaryPage = ({ terms }: { terms: readonly Term[] }) => (
  <Glossary terms={terms} loaders={LOADERS} />
);

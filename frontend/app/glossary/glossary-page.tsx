"use client";

import { Glossary } from "@/features/glossary/glossary";
import type { Terms } from "@/lib/glossary/terms";
import { LOADERS } from "@/words/loaders";

export const GlossaryPage = ({ terms }: { terms: Terms }) => (
  <Glossary terms={terms} loaders={LOADERS} />
);

"use client";

import { ChaptersPage as Chapters } from "@/features/chapters/chapters-page";
import { LOADERS } from "@/words/loaders";

export const ChaptersPage = () => <Chapters loaders={LOADERS} />;

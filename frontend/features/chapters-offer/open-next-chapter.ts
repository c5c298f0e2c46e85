import { openChapter } from "@/lib/chapters/chapters";

/** Opens the first chapter that is not solved. */
export async function openNextChapter(): Promise<void> {
  const { nextChapter } = await import("@/lib/chapters/progress");
  openChapter(nextChapter());
}

import "./replay.css";
import "./saved-view";
import { createRoot } from "react-dom/client";
import { Replay } from "@/features/replay/replay-page";
import { beginLanguage } from "@/lib/i18n/language";
import { recordingOfPage } from "@/lib/recording/standalone";
import { restoreTheme } from "@/lib/theme/theme";
import { LOADERS } from "@/words/loaders";

restoreTheme();
const place = document.getElementById("replay");
// The page is in the language in which it was saved. No top-level await: the texts of other
// languages are defined further down in the same file.
if (place) {
  void beginLanguage(LOADERS).then(() =>
    createRoot(place).render(<Replay recording={recordingOfPage(document)} />),
  );
}

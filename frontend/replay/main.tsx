import "./replay.css";
import "./saved-view";
import { createRoot } from "react-dom/client";
import { Replay } from "@/components/replay";
import { recordingOfPage } from "@/lib/recording/standalone";
import { beginLanguage } from "@/lib/text/language";
import { restoreTheme } from "@/lib/theme/theme";

restoreTheme();
const place = document.getElementById("replay");
// The page says the language in which it was saved. Nothing may be awaited out here: the words of
// other languages stand further down in the one file.
if (place) {
  void beginLanguage().then(() =>
    createRoot(place).render(<Replay recording={recordingOfPage(document)} />),
  );
}

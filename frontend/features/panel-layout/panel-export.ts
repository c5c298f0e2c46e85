import { FileJson, Image, Table } from "lucide-react";
import { words as trainingWords } from "@/features/training/words";
import type { Theme } from "@/lib/colour/ramp";
import { download, fileName } from "@/lib/export/download";
import { type PictureWords, PNG_SCALE, panelSvg, rasterised } from "@/lib/export/panel-picture";
import { setPictureRatio } from "@/lib/export/pixel-ratio";
import { allTokens, differsByToken, tableCsv, tableJson } from "@/lib/export/table-files";
import { words as siteWords } from "@/lib/i18n/words";
import { refusedFile } from "@/lib/recording/open-recording";
import { legible, visible } from "@/lib/text/characters";
import { shownTheme, withTheme } from "@/lib/theme/theme";
import type { PanelAction, ShownPanel } from "./panel-action";
import { words as panelLayoutWords } from "./words";

const CSV = "text/csv;charset=utf-8";
const WHITE = "#ffffff";

/** The export items in the menu of every panel. */
export const PANEL_EXPORTS: readonly PanelAction[] = [
  picture("svg", "light"),
  picture("png", "light"),
  picture("svg", "dark"),
  picture("png", "dark"),
  {
    id: "csv",
    get label() {
      return panelLayoutWords.takeAway.csv;
    },
    Icon: Table,
    applies: hasTable,
    act: (shown) =>
      saveTable(shown, `-token-${shown.step}.csv`, CSV, () => {
        const table = shown.panel.table?.(shown.run, shown.step);
        return table ? tableCsv(table) : null;
      }),
  },
  {
    id: "csv-all",
    get label() {
      return panelLayoutWords.takeAway.csvAll;
    },
    Icon: Table,
    applies: (shown) => hasTable(shown) && differsByToken(shown.panel, shown.run),
    act: (shown) =>
      saveTable(shown, ".csv", CSV, () => {
        const table = allTokens(shown.panel, shown.run, panelLayoutWords.takeAway.token);
        return table && tableCsv(table);
      }),
  },
  {
    id: "json",
    get label() {
      return panelLayoutWords.takeAway.json;
    },
    Icon: FileJson,
    applies: hasTable,
    act: (shown) =>
      saveTable(shown, `-token-${shown.step}.json`, "application/json", () =>
        tableJson(shown.panel, shown.run, shown.step, unitOf(shown)),
      ),
  },
];

function picture(kind: "svg" | "png", theme: Theme): PanelAction {
  return {
    id: theme === "light" ? kind : `${kind}-${theme}`,
    get label() {
      const words = panelLayoutWords.takeAway;
      if (kind === "svg") return theme === "light" ? words.svg : words.svgDark;
      return theme === "light" ? words.png : words.pngDark;
    },
    Icon: Image,
    // The dark picture is offered in the dark theme only.
    applies: () => theme === "light" || shownTheme() === "dark",
    act: (shown) => reportingErrors(() => savePicture(shown, kind, theme)),
  };
}

async function savePicture(shown: ShownPanel, kind: "svg" | "png", theme: Theme): Promise<void> {
  const body = shown.element.querySelector("[data-panel-body]") ?? shown.element;
  const ground = theme === "light" ? WHITE : null;
  const svg = await withTheme(theme, async () => {
    setPictureRatio(PNG_SCALE);
    try {
      await painted();
      return await panelSvg(body, wordsOf(shown), ground);
    } finally {
      setPictureRatio(null);
    }
  });
  const blob = kind === "svg" ? new Blob([svg], { type: "image/svg+xml" }) : await rasterised(svg);
  download(blob, nameOf(shown, `-token-${shown.step}.${kind}`));
}

/** Resolves after two frames, when everything that depends on theme and pixel ratio was redrawn. */
const painted = (): Promise<void> =>
  new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));

function hasTable({ panel, run }: ShownPanel): boolean {
  return panel.table !== undefined && run.frames.length > 0;
}

function saveTable(shown: ShownPanel, ending: string, type: string, write: () => string | null) {
  return reportingErrors(async () => {
    const content = write();
    if (content !== null) download(new Blob([content], { type }), nameOf(shown, ending));
  });
}

/** Errors are shown where errors of the run are shown. */
async function reportingErrors(act: () => Promise<void>): Promise<void> {
  try {
    await act();
    refusedFile.setState({ failure: null });
  } catch (error) {
    const { title, detail } = panelLayoutWords.takeAway.failed;
    const reason = error instanceof Error ? error.message : String(error);
    refusedFile.setState({ failure: { code: "export_failed", title, detail: detail(reason) } });
  }
}

const nameOf = ({ panel, run }: ShownPanel, ending: string): string =>
  fileName(run, `-${panel.id}${ending}`);

const unitOf = ({ panel: { unit }, run }: ShownPanel): string =>
  typeof unit === "string" ? unit : unit(run);

function wordsOf(shown: ShownPanel): PictureWords {
  const { panel, run, step } = shown;
  const words = panelLayoutWords.takeAway;
  const { start } = run;
  const frame = run.frames[step];
  const prompt = start?.settings.prompt;
  const temperature = start?.settings.temperature;
  const caption = [
    start && (start.model.title || start.model.name),
    run.trained !== null && trainingWords.step(run.trained),
    frame && words.at(frame.index, visible(frame.label)),
    frame && words.position(frame.position),
    typeof prompt === "string" && words.prompt(legible(prompt)),
    typeof temperature === "number" && words.temperature(String(temperature)),
    start && start.settings.seed !== null && words.seed(start.settings.seed),
    siteWords.name,
  ];
  return {
    title: panel.title,
    subtitle: `${unitOf(shown)} · ${words.reads(panel.hookPoint)}`,
    caption: caption.filter((part): part is string => typeof part === "string"),
  };
}

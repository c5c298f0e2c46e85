import { FileJson, Image, Table } from "lucide-react";
import type { Theme } from "@/lib/colour/ramp";
import { download, fileName } from "@/lib/export/download";
import { type PictureWords, PNG_SCALE, panelSvg, rasterised } from "@/lib/export/panel-picture";
import { askPixelRatio } from "@/lib/export/pixel-ratio";
import { allTokens, differsByToken, tableCsv, tableJson } from "@/lib/export/table-files";
import { refusedFile } from "@/lib/recording/open-recording";
import { text } from "@/lib/text";
import { legible, visible } from "@/lib/text/characters";
import { shownTheme, withTheme } from "@/lib/theme/theme";
import type { PanelAction, ShownPanel } from "@/panels/panel-actions";

const CSV = "text/csv;charset=utf-8";
const WHITE = "#ffffff";

/** What every panel's menu offers to take away. */
export const PANEL_EXPORTS: readonly PanelAction[] = [
  picture("svg", "light"),
  picture("png", "light"),
  picture("svg", "dark"),
  picture("png", "dark"),
  {
    id: "csv",
    get label() {
      return text.takeAway.csv;
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
      return text.takeAway.csvAll;
    },
    Icon: Table,
    applies: (shown) => hasTable(shown) && differsByToken(shown.panel, shown.run),
    act: (shown) =>
      saveTable(shown, ".csv", CSV, () => {
        const table = allTokens(shown.panel, shown.run, text.takeAway.token);
        return table && tableCsv(table);
      }),
  },
  {
    id: "json",
    get label() {
      return text.takeAway.json;
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
      const words = text.takeAway;
      if (kind === "svg") return theme === "light" ? words.svg : words.svgDark;
      return theme === "light" ? words.png : words.pngDark;
    },
    Icon: Image,
    // By day what is shown is on white already.
    applies: () => theme === "light" || shownTheme() === "dark",
    act: (shown) => told(() => savePicture(shown, kind, theme)),
  };
}

async function savePicture(shown: ShownPanel, kind: "svg" | "png", theme: Theme): Promise<void> {
  const body = shown.element.querySelector("[data-panel-body]") ?? shown.element;
  const ground = theme === "light" ? WHITE : null;
  const svg = await withTheme(theme, async () => {
    askPixelRatio(PNG_SCALE);
    try {
      await painted();
      return await panelSvg(body, wordsOf(shown), ground);
    } finally {
      askPixelRatio(null);
    }
  });
  const blob = kind === "svg" ? new Blob([svg], { type: "image/svg+xml" }) : await rasterised(svg);
  download(blob, nameOf(shown, `-token-${shown.step}.${kind}`));
}

/** After two frames everything that follows theme and ratio is drawn anew. */
const painted = (): Promise<void> =>
  new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));

function hasTable({ panel, run }: ShownPanel): boolean {
  return panel.table !== undefined && run.frames.length > 0;
}

function saveTable(shown: ShownPanel, ending: string, type: string, write: () => string | null) {
  return told(async () => {
    const content = write();
    if (content !== null) download(new Blob([content], { type }), nameOf(shown, ending));
  });
}

/** What goes wrong is told where the run's problems are. */
async function told(act: () => Promise<void>): Promise<void> {
  try {
    await act();
    refusedFile.setState({ failure: null });
  } catch (error) {
    const { title, detail } = text.takeAway.failed;
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
  const words = text.takeAway;
  const { start } = run;
  const frame = run.frames[step];
  const prompt = start?.settings.prompt;
  const temperature = start?.settings.temperature;
  const caption = [
    start && (start.model.title || start.model.name),
    run.trained !== null && text.training.step(run.trained),
    frame && words.at(frame.index, visible(frame.label)),
    frame && words.position(frame.position),
    typeof prompt === "string" && words.prompt(legible(prompt)),
    typeof temperature === "number" && words.temperature(String(temperature)),
    start && words.seed(start.settings.seed),
    text.site.name,
  ];
  return {
    title: panel.title,
    subtitle: `${unitOf(shown)} · ${words.reads(panel.hookPoint)}`,
    caption: caption.filter((part): part is string => typeof part === "string"),
  };
}

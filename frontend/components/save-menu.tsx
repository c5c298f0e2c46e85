"use client";

import { Menu } from "@base-ui/react/menu";
import { Download, FileCode, FileJson, FolderOpen, Link } from "lucide-react";
import { type ComponentType, type ReactNode, useState } from "react";
import { download, fileName } from "@/lib/export/download";
import {
  type EventLog,
  isFull,
  logBlob,
  loggedTokens,
  logSize,
  MAX_LOG_BYTES,
} from "@/lib/recording/event-log";
import { pickRecording } from "@/lib/recording/open-recording";
import { standalonePage } from "@/lib/recording/standalone";
import { fetchTemplate, templateSize } from "@/lib/recording/template";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text/en";
import { useRunState } from "./run-context";
import { useOpenRecording } from "./use-open-recording";

/** What can be taken away from here: in a standalone page there is no server to link to. */
export function SaveMenu({ standalone = false }: { standalone?: boolean }) {
  const run = useRunState((state) => state.run);
  const open = useOpenRecording();
  const [pageBytes, setPageBytes] = useState<number | null>(null);
  const [said, setSaid] = useState("");
  const words = text.save;
  const begin = (opened: boolean) => {
    setSaid("");
    if (opened && !standalone && pageBytes === null) void templateSize().then(setPageBytes);
  };
  const log = run.frames.length > 0 ? run.log : null;
  return (
    <Menu.Root onOpenChange={begin} modal={false}>
      <Menu.Trigger
        title={words.hint}
        className="inline-flex h-8 cursor-pointer items-center gap-1.5 rounded-md px-2.5 font-medium text-quiet text-small transition-colors hover:bg-well hover:text-ink data-popup-open:bg-well data-popup-open:text-ink"
      >
        <Download size={15} aria-hidden />
        {words.open}
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={6} align="end" className="z-40">
          <Menu.Popup
            aria-label={words.label}
            className="w-[min(22rem,calc(100vw-1rem))] rounded-xl border border-rule bg-sheet p-1.5 shadow-xl outline-none"
          >
            <Item
              Icon={FileJson}
              name={`${words.recording} · .jsonl`}
              hint={words.recordingHint}
              aside={log && bytes(logSize(log))}
              disabled={!log}
              onClick={() => log && download(logBlob(log), fileName(run, ".jsonl"))}
            />
            {!standalone && (
              <Item
                Icon={FileCode}
                name={`${words.page} · .html`}
                hint={words.pageHint}
                aside={log && pageBytes !== null && bytes(logSize(log) + pageBytes)}
                disabled={!log}
                keepOpen
                onClick={() => void savePage(run).then(setSaid)}
              />
            )}
            {!standalone && (
              <Item
                Icon={Link}
                name={words.link}
                hint={words.linkHint}
                keepOpen
                onClick={() => void copyLink().then(setSaid)}
              />
            )}
            <Menu.Separator className="mx-2.5 my-1.5 h-px bg-rule" />
            <Item
              Icon={FolderOpen}
              name={words.openFile}
              hint={words.openHint}
              onClick={() => pickRecording(open)}
            />
            <p
              role="status"
              className="px-2.5 text-micro text-quiet not-empty:pt-1 not-empty:pb-1.5"
            >
              {said || note(run, log)}
            </p>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

interface ItemProps {
  Icon: ComponentType<{ size?: number; className?: string }>;
  name: string;
  hint: string;
  aside?: ReactNode;
  disabled?: boolean;
  keepOpen?: boolean;
  onClick: () => void;
}

function Item({ Icon, name, hint, aside, disabled = false, keepOpen, onClick }: ItemProps) {
  return (
    <Menu.Item
      disabled={disabled}
      closeOnClick={!keepOpen}
      onClick={onClick}
      className="grid cursor-pointer grid-cols-[1rem_1fr_auto] items-baseline gap-x-3 rounded-lg px-2.5 py-1.5 outline-none data-disabled:cursor-default data-highlighted:bg-well data-disabled:opacity-50"
    >
      <Icon size={15} className="translate-y-0.5 text-quiet" />
      <span className="text-small">{name}</span>
      <span className="figures text-micro text-quiet">{aside}</span>
      <span className="col-start-2 col-end-4 text-micro text-quiet">{hint}</span>
    </Menu.Item>
  );
}

const bytes = (count: number): string => text.save.bytes(count / 1000);

function note(run: RunRecord, log: EventLog | null): string {
  if (!log) return text.save.nothing;
  if (isFull(log)) return text.save.full(loggedTokens(log), bytes(MAX_LOG_BYTES));
  return isBusy(run) ? text.save.running(loggedTokens(log)) : "";
}

/** What to say of it. */
async function savePage(run: RunRecord): Promise<string> {
  if (!run.log) return text.save.nothing;
  const template = await fetchTemplate();
  if (template === null) {
    const { title, detail } = text.replay.template;
    return `${title}. ${detail}`;
  }
  const name = fileName(run, ".html");
  download(await standalonePage(template, logBlob(run.log)), name);
  return text.save.saved(name);
}

async function copyLink(): Promise<string> {
  try {
    await navigator.clipboard.writeText(window.location.href);
    return text.save.linkCopied;
  } catch {
    return text.save.linkNotCopied;
  }
}

"use client";

import { Menu } from "@base-ui/react/menu";
import { FileCode, FileJson, FolderOpen, Link } from "lucide-react";
import { type ComponentType, type ReactNode, type RefObject, useEffect, useState } from "react";
import { readAddress } from "@/lib/address/address-bar";
import { linkedParameters } from "@/lib/address/linked-store";
import { ARRANGEMENT_PARAMETER } from "@/lib/arrangement/arrangement-store";
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
import { currentLanguage } from "@/lib/text/language";
import { useRunState } from "./run-context";
import { useOpenRecording } from "./use-open-recording";

interface SaveMenuPopupProps {
  /** A standalone page has no server to link to, and no template of itself. */
  standalone: boolean;
  anchor: RefObject<HTMLElement | null>;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Everything of a run that can be taken away, and how to open it again. */
export default function SaveMenuPopup({
  standalone,
  anchor,
  open,
  onOpenChange,
}: SaveMenuPopupProps) {
  const run = useRunState((state) => state.run);
  const openFile = useOpenRecording();
  const [pageBytes, setPageBytes] = useState<number | null>(null);
  const [said, setSaid] = useState("");
  const words = text.save;
  useEffect(() => {
    setSaid("");
    if (open && !standalone) void templateSize().then(setPageBytes);
  }, [open, standalone]);
  const log = run.frames.length > 0 ? run.log : null;
  return (
    <Menu.Root open={open} onOpenChange={onOpenChange} modal={false}>
      <Menu.Portal>
        <Menu.Positioner anchor={anchor} sideOffset={6} align="end" className="z-40">
          <Menu.Popup
            finalFocus={anchor}
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
            {!standalone && <ServerItems run={run} pageBytes={pageBytes} say={setSaid} />}
            <Menu.Separator className="mx-2.5 my-1.5 h-px bg-rule" />
            <Item
              Icon={FolderOpen}
              name={words.openFile}
              hint={words.openHint}
              onClick={() => pickRecording(openFile)}
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

interface ServerItemsProps {
  run: RunRecord;
  pageBytes: number | null;
  say: (said: string) => void;
}

function ServerItems({ run, pageBytes, say }: ServerItemsProps) {
  const words = text.save;
  const log = run.frames.length > 0 ? run.log : null;
  return (
    <>
      <Item
        Icon={FileCode}
        name={`${words.page} · .html`}
        hint={words.pageHint}
        aside={log && pageBytes !== null && bytes(logSize(log) + pageBytes)}
        disabled={!log}
        keepOpen
        onClick={() => void savePage(run).then(say)}
      />
      <Item
        Icon={Link}
        name={words.link}
        hint={words.linkHint}
        keepOpen
        onClick={() => void copyLink().then(say)}
      />
    </>
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
  const panels = [...readAddress()].filter(([parameter]) => parameter === ARRANGEMENT_PARAMETER);
  const query = new URLSearchParams([...panels, ...linkedParameters()]).toString();
  const view = { query, language: currentLanguage() };
  download(await standalonePage(template, logBlob(run.log), view), name);
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

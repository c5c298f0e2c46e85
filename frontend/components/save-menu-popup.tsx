"use client";

import { FileCode, FileJson, FolderOpen, GraduationCap, Link } from "lucide-react";
import { type ComponentType, type ReactNode, useEffect, useRef, useState } from "react";
import { currentLink, flushAddress, readAddress } from "@/lib/address/address-bar";
import { linkedParameters } from "@/lib/address/linked-store";
import { ARRANGEMENT_PARAMETER } from "@/lib/arrangement/arrangement-store";
import { copyText } from "@/lib/browser/clipboard";
import { download, fileName } from "@/lib/export/download";
import {
  type EventLog,
  isFull,
  logBlob,
  loggedTokens,
  logSize,
  MAX_LOG_BYTES,
} from "@/lib/recording/event-log";
import { pickRecording, preloadReader } from "@/lib/recording/open-recording";
import { standalonePage } from "@/lib/recording/standalone";
import { fetchTemplate, templateSize } from "@/lib/recording/template";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import { currentLanguage } from "@/lib/text/language";
import { trainingBlob } from "@/lib/training/training-file";
import type { Training } from "@/lib/training/training-store";
import { trainingOf } from "@/lib/training/trainings";
import { useRunContext, useRunState } from "./run-context";
import { itemsIn, walkMenu } from "./ui/menu-keys";
import { useOpenRecording } from "./use-open-recording";

interface SaveMenuPopupProps {
  /** A standalone page has no server to link to, and no template of itself. */
  standalone: boolean;
  close: () => void;
}

/** Everything of a run that can be taken away, and how to open it again. */
export default function SaveMenuPopup({ standalone, close }: SaveMenuPopupProps) {
  const run = useRunState((state) => state.run);
  const openFile = useOpenRecording();
  const [pageBytes, setPageBytes] = useState<number | null>(null);
  const [said, setSaid] = useState("");
  const menu = useRef<HTMLDivElement>(null);
  const words = text.save;
  useEffect(() => {
    itemsIn(menu.current)[0]?.focus();
    // Without a network it fails here, and again with words where a file is opened.
    preloadReader().catch(() => {});
    if (!standalone) void templateSize().then(setPageBytes);
  }, [standalone]);
  const log = run.frames.length > 0 ? run.log : null;
  const training = trainingOf(useRunContext().store);
  const closing = (act: () => void) => () => {
    close();
    act();
  };
  return (
    <div className="absolute top-full right-2 z-40 sm:right-0 sm:mt-1.5 w-[min(22rem,calc(100vw-1rem))] rounded-xl border border-brim bg-sheet p-1.5 shadow-xl">
      <div
        ref={menu}
        role="menu"
        aria-label={words.label}
        tabIndex={-1}
        onKeyDown={walkMenu}
        className="outline-none"
      >
        {training && (
          <Item
            Icon={GraduationCap}
            name={`${text.training.save} · .jsonl`}
            hint={text.training.saveHint}
            aside={bytes(trainingBlob(training).size)}
            onClick={closing(() => download(trainingBlob(training), TRAINING_FILE))}
          />
        )}
        <Item
          Icon={FileJson}
          name={`${training ? text.training.saveRun : words.recording} · .jsonl`}
          hint={words.recordingHint}
          aside={log && bytes(logSize(log))}
          disabled={!log}
          onClick={closing(() => log && download(logBlob(log), fileName(run, ".jsonl")))}
        />
        {!standalone && (
          <ServerItems run={run} training={training} pageBytes={pageBytes} say={setSaid} />
        )}
        <div role="separator" className="mx-2.5 my-1.5 h-px bg-rule" />
        <Item
          Icon={FolderOpen}
          name={words.openFile}
          hint={words.openHint}
          onClick={closing(() => pickRecording(openFile))}
        />
      </div>
      <p role="status" className="px-2.5 text-micro text-quiet not-empty:pt-1 not-empty:pb-1.5">
        {said || note(run, log)}
      </p>
    </div>
  );
}

/** As the training itself calls its recording. */
const TRAINING_FILE = "training.jsonl";

interface ServerItemsProps {
  run: RunRecord;
  training: Training | null;
  pageBytes: number | null;
  say: (said: string) => void;
}

function ServerItems({ run, training, pageBytes, say }: ServerItemsProps) {
  const words = text.save;
  const log = run.frames.length > 0 ? run.log : null;
  const size = training ? trainingBlob(training).size : log && logSize(log);
  return (
    <>
      <Item
        Icon={FileCode}
        name={`${words.page} · .html`}
        hint={training ? text.training.pageHint : words.pageHint}
        aside={size !== null && pageBytes !== null && bytes(size + pageBytes)}
        disabled={!log}
        onClick={() => void savePage(run, training).then(say)}
      />
      <Item
        Icon={Link}
        name={words.link}
        hint={words.linkHint}
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
  onClick: () => void;
}

function Item({ Icon, name, hint, aside, disabled = false, onClick }: ItemProps) {
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      aria-disabled={disabled || undefined}
      onClick={disabled ? undefined : onClick}
      onPointerEnter={({ currentTarget }) => currentTarget.focus({ preventScroll: true })}
      className="grid w-full cursor-pointer grid-cols-[1rem_1fr_auto] items-baseline gap-x-3 rounded-lg px-2.5 py-1.5 text-left outline-none focus:bg-well aria-disabled:cursor-default aria-disabled:opacity-60"
    >
      <Icon size={15} className="translate-y-0.5 text-quiet" />
      <span className="text-small">{name}</span>
      <span className="figures text-micro text-quiet">{aside}</span>
      <span className="col-start-2 col-end-4 text-micro text-quiet">{hint}</span>
    </button>
  );
}

const bytes = (count: number): string => text.save.bytes(count / 1000);

function note(run: RunRecord, log: EventLog | null): string {
  if (!log) return text.save.nothing;
  if (isFull(log)) return text.save.full(loggedTokens(log), bytes(MAX_LOG_BYTES));
  return isBusy(run) ? text.save.running(loggedTokens(log)) : "";
}

/** What to say of it. */
async function savePage(run: RunRecord, training: Training | null): Promise<string> {
  if (!run.log) return text.save.nothing;
  const template = await fetchTemplate();
  if (template === null) {
    const { title, detail } = text.replay.template;
    return `${title}. ${detail}`;
  }
  const name = training ? "training.html" : fileName(run, ".html");
  const recording = training ? trainingBlob(training) : logBlob(run.log);
  const panels = [...readAddress()].filter(([parameter]) => parameter === ARRANGEMENT_PARAMETER);
  const query = new URLSearchParams([...panels, ...linkedParameters()]).toString();
  const view = { query, language: currentLanguage() };
  download(await standalonePage(template, recording, view), name);
  return text.save.saved(name);
}

async function copyLink(): Promise<string> {
  flushAddress();
  const { href, complete } = currentLink();
  if (!(await copyText(href))) return text.save.linkNotCopied;
  return complete ? text.save.linkCopied : text.keeping.linkIncomplete;
}

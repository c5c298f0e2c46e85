"use client";

import { Cpu, FileCode, FileJson, FolderOpen, GraduationCap, Link } from "lucide-react";
import { type ComponentType, type ReactNode, useEffect, useState } from "react";
import type { PopupProps } from "@/components/ui/lazy-popup";
import { Menu, MenuItem, MenuList, MenuSeparator } from "@/components/ui/menu";
import { useOpenRecording } from "@/features/open-recording/use-open-recording";
import { ARRANGEMENT_PARAMETER } from "@/features/panel-layout/layout-store";
import { trainingBlob } from "@/features/training/training-file";
import type { Training } from "@/features/training/training-store";
import { trainingOf } from "@/features/training/trainings";
import { words as trainingWords } from "@/features/training/words";
import { copyText } from "@/lib/browser/clipboard";
import { download, fileName } from "@/lib/export/download";
import { currentLanguage } from "@/lib/i18n/language";
import { pickFiles, pickRecording, preloadReader } from "@/lib/recording/open-recording";
import {
  fetchModelInside,
  MAX_PAGE_BYTES,
  type OfferedModel,
  offeredModel,
} from "@/lib/recording/save-model";
import { standalonePage } from "@/lib/recording/standalone";
import { fetchTemplate, templateSize } from "@/lib/recording/template";
import { words as recordingWords } from "@/lib/recording/words";
import {
  type EventLog,
  isFull,
  logBlob,
  loggedTokens,
  logSize,
  MAX_LOG_BYTES,
} from "@/lib/run/event-log";
import { useRunContext, useRunState } from "@/lib/run/run-context";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { currentLink, flushAddress, readAddress } from "@/lib/url-state/address-bar";
import { linkedParameters } from "@/lib/url-state/linked-store";
import { words as saveMenuWords } from "./words";

interface SaveMenuPopupProps extends PopupProps {
  /** Whether this is a standalone page, which has no server to link to and no template to save. */
  standalone: boolean;
}

/** Items to save the run in several formats, and to open a saved one. */
export default function SaveMenuPopup({ button, standalone }: SaveMenuPopupProps) {
  return (
    <Menu button={button} className="w-88 max-w-(--available-width) rounded-xl p-1.5">
      <Items standalone={standalone} />
    </Menu>
  );
}

function Items({ standalone }: Pick<SaveMenuPopupProps, "standalone">) {
  const run = useRunState((state) => state.run);
  const openFile = useOpenRecording();
  const [pageBytes, setPageBytes] = useState<number | null>(null);
  const [message, setMessage] = useState("");
  const words = saveMenuWords;
  useEffect(() => {
    // Errors are ignored here: opening a file loads the reader again and shows them.
    preloadReader().catch(() => {});
    if (!standalone) void templateSize().then(setPageBytes);
  }, [standalone]);
  const log = run.frames.length > 0 ? run.log : null;
  const training = trainingOf(useRunContext().store);
  return (
    <>
      <MenuList label={words.label}>
        {training && (
          <Item
            Icon={GraduationCap}
            name={`${trainingWords.save} · .jsonl`}
            hint={trainingWords.saveHint}
            aside={bytes(trainingBlob(training).size)}
            onClick={() => download(trainingBlob(training), TRAINING_FILE)}
          />
        )}
        <Item
          Icon={FileJson}
          name={`${training ? trainingWords.saveRun : words.recording} · .jsonl`}
          hint={words.recordingHint}
          aside={log && bytes(logSize(log))}
          disabled={!log}
          onClick={() => log && download(logBlob(log), fileName(run, ".jsonl"))}
        />
        {!standalone && (
          <ServerItems run={run} training={training} pageBytes={pageBytes} onMessage={setMessage} />
        )}
        <MenuSeparator className="mx-2.5 my-1.5 h-px bg-rule" />
        <Item
          Icon={FolderOpen}
          name={words.openFile}
          hint={words.openHint}
          onClick={() => pickRecording(openFile)}
        />
        {!standalone && (
          <Item
            Icon={Cpu}
            name={words.openModel}
            hint={words.openModelHint}
            onClick={() => pickFiles({ multiple: true }, drop)}
          />
        )}
      </MenuList>
      <p role="status" className="px-2.5 text-micro text-quiet not-empty:pt-1 not-empty:pb-1.5">
        {message || note(run, log)}
      </p>
    </>
  );
}

/** Opens files as if they were dropped on the page, for those who do not use a pointer. */
function drop(files: readonly File[]): void {
  const dataTransfer = new DataTransfer();
  for (const file of files) dataTransfer.items.add(file);
  window.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
}

/** The default name of the file that a training writes. */
const TRAINING_FILE = "training.jsonl";

/** About the size of the template, where the server does not state it. */
const TEMPLATE_BYTES = 1_250_000;

interface ServerItemsProps {
  run: RunRecord;
  training: Training | null;
  pageBytes: number | null;
  onMessage: (message: string) => void;
}

function ServerItems({ run, training, pageBytes, onMessage }: ServerItemsProps) {
  const words = saveMenuWords;
  const log = run.frames.length > 0 ? run.log : null;
  const size = training ? trainingBlob(training).size : log && logSize(log);
  return (
    <>
      <Item
        Icon={FileCode}
        name={`${words.page} · .html`}
        hint={training ? trainingWords.pageHint : words.pageHint}
        aside={size !== null && pageBytes !== null && bytes(size + pageBytes)}
        disabled={!log}
        stays
        onClick={() => void savePage(run, training).then(onMessage)}
      />
      {log && !training && (
        <ModelItem
          run={run}
          bytes={(size ?? 0) + (pageBytes ?? TEMPLATE_BYTES)}
          onMessage={onMessage}
        />
      )}
      <Item
        Icon={Link}
        name={words.link}
        hint={words.linkHint}
        stays
        onClick={() => void copyLink().then(onMessage)}
      />
    </>
  );
}

interface ModelItemProps {
  run: RunRecord;
  /** The size of the page without the model. */
  bytes: number;
  onMessage: (message: string) => void;
}

/** Saves the page with the model, if the run's model is one that runs in the browser. */
function ModelItem({ run, bytes: pageBytes, onMessage }: ModelItemProps) {
  const [model, setModel] = useState<OfferedModel | null>(null);
  const info = run.start?.model;
  useEffect(() => {
    if (info) void offeredModel(info).then(setModel);
  }, [info]);
  if (!model) return null;
  const size = pageBytes + model.pageBytes;
  const isTooLarge = size > MAX_PAGE_BYTES;
  const words = saveMenuWords;
  return (
    <Item
      Icon={Cpu}
      name={words.withModel}
      hint={isTooLarge ? words.tooLarge(bytes(MAX_PAGE_BYTES)) : words.withModelHint}
      aside={words.about(bytes(size))}
      disabled={isTooLarge}
      stays
      onClick={() => void savePageWithModel(run, model, onMessage)}
    />
  );
}

interface ItemProps {
  Icon: ComponentType<{ size?: number; className?: string }>;
  name: string;
  hint: string;
  aside?: ReactNode;
  disabled?: boolean;
  /** The menu stays open and shows the result. */
  stays?: boolean;
  onClick: () => void;
}

function Item({ Icon, name, hint, aside, stays = false, ...rest }: ItemProps) {
  return (
    <MenuItem
      closeOnClick={!stays}
      className="grid grid-cols-[1rem_1fr_auto] items-baseline gap-x-3 rounded-lg px-2.5 py-1.5"
      {...rest}
    >
      <Icon size={15} className="translate-y-0.5 text-quiet" />
      <span className="text-small">{name}</span>
      <span className="figures text-micro text-quiet">{aside}</span>
      <span className="col-start-2 col-end-4 text-micro text-quiet">{hint}</span>
    </MenuItem>
  );
}

const bytes = (count: number): string => saveMenuWords.bytes(count / 1000);

function note(run: RunRecord, log: EventLog | null): string {
  if (!log) return saveMenuWords.nothing;
  if (isFull(log)) return saveMenuWords.full(loggedTokens(log), bytes(MAX_LOG_BYTES));
  return isBusy(run) ? saveMenuWords.running(loggedTokens(log)) : "";
}

/** Saves the page with the model, and reports what happens. */
async function savePageWithModel(
  run: RunRecord,
  offered: OfferedModel,
  onMessage: (message: string) => void,
): Promise<void> {
  onMessage(saveMenuWords.packing);
  try {
    onMessage(await savePage(run, null, await fetchModelInside(offered)));
  } catch (error) {
    onMessage(saveMenuWords.notPacked(error instanceof Error ? error.message : String(error)));
  }
}

/** Saves the page, perhaps with a model, and returns a message about the result. */
async function savePage(
  run: RunRecord,
  training: Training | null,
  model: Blob | null = null,
): Promise<string> {
  if (!run.log) return saveMenuWords.nothing;
  const template = await fetchTemplate();
  if (template === null) {
    const { title, detail } = recordingWords.template;
    return `${title}. ${detail}`;
  }
  const name = training ? "training.html" : fileName(run, ".html");
  const recording = training ? trainingBlob(training) : logBlob(run.log);
  const panels = [...readAddress()].filter(([parameter]) => parameter === ARRANGEMENT_PARAMETER);
  const query = new URLSearchParams([...panels, ...linkedParameters()]).toString();
  const view = { query, language: currentLanguage() };
  const page = await standalonePage(template, recording, view, model);
  if (model && page.size > MAX_PAGE_BYTES) return saveMenuWords.tooLarge(bytes(MAX_PAGE_BYTES));
  download(page, name);
  return saveMenuWords.saved(name);
}

async function copyLink(): Promise<string> {
  flushAddress();
  const { href, complete } = currentLink();
  if (!(await copyText(href))) return saveMenuWords.linkNotCopied;
  return complete ? saveMenuWords.linkCopied : saveMenuWords.linkIncomplete;
}

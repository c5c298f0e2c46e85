import { failureOf, Refused } from "@/lib/client/failure";
import { accepted } from "@/lib/client/problem";
import { parseEvent } from "@/lib/contract/parse-event";
import { refusedFile } from "@/lib/recording/open-recording";
import type { RunStore } from "@/lib/run/run-store";
import { siteAddress } from "@/lib/url-state/site-address";
import { readTraining, type Snapshot, snapshotReader } from "./snapshot-reader";
import { createTraining, type Training } from "./training-store";
import { markTraining } from "./trainings";
import { watchedLines } from "./watch-training";
import { words } from "./words";

/** The training that comes with the site. */
export const EXAMPLE_PATH = "recordings/mav-tiny-training.jsonl.gz";

/** The run whose panels show a training. `show` opens it under a name. */
export interface TrainingPlace {
  readonly store: RunStore;
  show(name: string): void;
}

/** Opens the recording of a training. Errors in the file are shown on the page. */
export async function openTraining(
  file: Blob,
  source: string,
  place: TrainingPlace,
  example = false,
): Promise<Training | null> {
  const looks = readTraining(file, source);
  const training = createTraining(place.store, { source, example });
  try {
    const { value: first } = await looks.next();
    if (!first) return null;
    refusedFile.setState({ failure: null });
    markTraining(place.store, training);
    training.receive(first);
    place.show(source);
  } catch (error) {
    refusedFile.setState({ failure: failureOf(error) });
    return null;
  }
  await received(training, looks);
  return training;
}

async function received(training: Training, looks: AsyncIterable<Snapshot>): Promise<void> {
  try {
    for await (const look of looks) training.receive(look);
    training.follow("read");
  } catch (error) {
    training.fail(failureOf(error));
  }
}

/** Fetches and opens the training that comes with the site. */
export async function openExample(place: TrainingPlace): Promise<Training | null> {
  try {
    const answer = await accepted(await fetch(siteAddress(EXAMPLE_PATH)));
    return await openTraining(await answer.blob(), words.example.name, place, true);
  } catch (error) {
    refusedFile.setState({ failure: failureOf(error) });
    return null;
  }
}

/** Opens the training that is running on the server. Ends when the signal is aborted. */
export async function watchLive(place: TrainingPlace, signal: AbortSignal): Promise<void> {
  const name = words.liveName;
  const training = createTraining(place.store, { source: name, live: true });
  markTraining(place.store, training);
  place.show(name);
  const reader = snapshotReader(name, name, true);
  let number = 0;
  const callbacks = {
    onConnected: () =>
      training.follow(training.getState().moments.length > 0 ? "watching" : "waiting"),
    onLost: () => training.follow("lost"),
  };
  try {
    for await (const text of watchedLines(signal, callbacks)) {
      refuseFault(text);
      const look = reader.take({ number: ++number, text, whole: true });
      if (!look) continue;
      training.receive(look);
      training.follow("watching");
    }
  } catch (error) {
    training.fail(failureOf(error));
  }
}

/**
 * Throws if the server rejected the file of the training. Errors of a run are part of its snapshot.
 */
function refuseFault(line: string): void {
  if (!line.startsWith('{"type":"error","code":"invalid_settings"')) return;
  const event = parseEvent(line);
  if (event.type === "error") throw new Refused(event.failure);
}

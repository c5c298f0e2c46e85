import { siteAddress } from "@/lib/address/site-address";
import { refusedFile } from "@/lib/recording/open-recording";
import { parseFailure } from "@/lib/run/parse-event";
import type { RunStore } from "@/lib/run/run-store";
import { failureOf, Refused } from "@/lib/transport/failure";
import { accepted } from "@/lib/transport/problem";
import { type Look, lookReader, readTraining } from "./look-reader";
import { createTraining, type Training } from "./training-store";
import { markTraining } from "./trainings";
import { watchedLines } from "./watch-training";

/** The training that comes with the site. */
export const EXAMPLE_PATH = "recordings/mav-tiny-training.jsonl.gz";

/** Puts a training on the page, under this name. */
export interface TrainingPlace {
  readonly store: RunStore;
  show(name: string): void;
}

/** Show a recorded training; a file of which nothing can be shown is told of. */
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

async function received(training: Training, looks: AsyncIterable<Look>): Promise<void> {
  try {
    for await (const look of looks) training.receive(look);
    training.follow("read");
  } catch (error) {
    training.fail(failureOf(error));
  }
}

/** Fetch and show the training that comes with the site. */
export async function openExample(name: string, place: TrainingPlace): Promise<Training | null> {
  try {
    const answer = await accepted(await fetch(siteAddress(EXAMPLE_PATH)));
    return await openTraining(await answer.blob(), name, place, true);
  } catch (error) {
    refusedFile.setState({ failure: failureOf(error) });
    return null;
  }
}

/** Show the training that the server watches, until the signal ends it. */
export async function watchLive(
  name: string,
  place: TrainingPlace,
  signal: AbortSignal,
): Promise<void> {
  const training = createTraining(place.store, { source: name, live: true });
  markTraining(place.store, training);
  place.show(name);
  const reader = lookReader(name, name, true);
  let number = 0;
  const told = {
    onConnected: () =>
      training.follow(training.getState().moments.length > 0 ? "watching" : "waiting"),
    onLost: () => training.follow("lost"),
  };
  try {
    for await (const text of watchedLines(signal, told)) {
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

/** The server's own word that the file cannot be watched; a run's error stands in its look. */
function refuseFault(line: string): void {
  if (!line.startsWith('{"type":"error","code":"invalid_settings"')) return;
  throw new Refused(parseFailure(JSON.parse(line)));
}

/**
 * Reads the files of a model. The description has all that they say but the numbers of the weights; for
 * the models of a site it is written when the site is built (`scripts/local-files.mjs`).
 */

import { unusable } from "./errors";
import type { ModelFiles } from "./load";
import { describeModel } from "./model/describe";
import type { ModelDescription } from "./model/description";
import { describeTokenizer } from "./text/read-tokenizer";
import type { TokenizerDescription } from "./text/tokenizer";

export interface Description {
  readonly model: ModelDescription;
  readonly tokenizer: TokenizerDescription;
}

/** @throws LocalError if the model is not supported, or its files are broken */
export function describe(name: string, files: ModelFiles): Description {
  const weights = files["model.safetensors"];
  if (!weights) throw unusable("noWeights", name);
  const json = parsed(files);
  const generationConfig = json["generation_config.json"];
  return {
    model: describeModel({ config: json["config.json"], generationConfig, weights }),
    tokenizer: describeTokenizer({ "tokenizer.json": null, ...json }),
  };
}

function parsed(files: ModelFiles): Readonly<Record<string, unknown>> {
  const decoder = new TextDecoder();
  return Object.fromEntries(
    Object.entries(files)
      .filter(([name]) => name.endsWith(".json"))
      .map(([name, bytes]) => {
        try {
          return [name, JSON.parse(decoder.decode(bytes))];
        } catch {
          throw unusable("notJson", name);
        }
      }),
  );
}

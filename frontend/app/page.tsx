import openapi from "@/lib/contract/openapi.json";
import { settingFields } from "@/lib/settings/fields";
import { firstBeginning } from "./first-beginning";
import { Site } from "./site";

/**
 * The fields are read from the schema, and the beginning of the first recording from its file, at
 * build time, so that neither is part of the bundle.
 */
export default function Page() {
  return <Site fields={settingFields(openapi)} beginning={firstBeginning()} />;
}

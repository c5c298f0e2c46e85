import openapi from "@/lib/contract/openapi.json";
import { settingFields } from "@/lib/settings/fields";
import { Site } from "./site";

/**
 * The fields are read from the schema at build time, so that the schema is not part of the bundle.
 */
export default function Page() {
  return <Site fields={settingFields(openapi)} />;
}

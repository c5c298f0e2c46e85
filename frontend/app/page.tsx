import { Site } from "@/components/site";
import openapi from "@/lib/contract/openapi.json";
import { settingFields } from "@/lib/settings/fields";

/** The fields are read from the schema when the site is built; the schema itself stays behind. */
export default function Page() {
  return <Site fields={settingFields(openapi)} />;
}

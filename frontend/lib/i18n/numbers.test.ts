import { afterEach, expect, test } from "vitest";
import { depthStore } from "@/lib/depth/depth";
import { languageStore } from "./language";
import { formatCount, formatParameters, formatPercent, formatShare } from "./numbers";

afterEach(() => {
  depthStore.setState("explain", true);
  languageStore.setState({ language: "en" });
});

test("shares are words where the page looks, percentages otherwise", () => {
  expect([0.1126, 0.5].map(formatShare)).toEqual(["11.3\u00a0%", "50.0\u00a0%"]);
  depthStore.setState("look", true);
  expect([0, 0.001, 0.1126, 0.996, 1].map(formatShare)).toEqual(
    ["0", "<1", "11", ">99", "100"].map((count) => `${count}\u00a0in\u00a0100`),
  );
  expect(formatPercent(0.1126)).toBe("11");
});

const COUNTS = [0, 7, 512, 4096, 50257, 128256, 1234567, -12345, 1500.5, 12345.678];

test("thousands are separated as Intl does; with a narrow space in German", () => {
  const english = COUNTS.map((count) => new Intl.NumberFormat("en").format(count));
  expect(COUNTS.map(formatCount)).toEqual(english);
  languageStore.setState({ language: "de" });
  expect(COUNTS.map(formatCount)).toEqual(english.map((text) => text.replaceAll(",", "\u202f")));
});

const PARAMETERS = [
  512, 999_400, 1_000_000, 5_868_800, 134_515_008, 999_999_999, 1_100_048_384, 7_241_732_096,
  405_853_388_800, 1.5e12,
];

test("numbers of parameters are abbreviated as Intl does", () => {
  for (const language of ["en", "de"] as const) {
    languageStore.setState({ language });
    const compact = new Intl.NumberFormat(language, {
      notation: "compact",
      maximumSignificantDigits: 3,
    });
    // German does not abbreviate thousands; the page separates them with a narrow space.
    const large = PARAMETERS.filter((count) => language === "en" || count < 1000 || count >= 1e6);
    expect(large.map(formatParameters)).toEqual(large.map((count) => compact.format(count)));
  }
  expect(formatParameters(12_345)).toBe("12\u202f300");
});

import { memo } from "react";
import { words as tokensWords } from "@/components/tokens/words";
import { COLUMNS } from "./rows";
import { words as topPredictionsWords } from "./words";

const words = topPredictionsWords;

export const Head = memo(function Head() {
  return (
    <thead className="visible sticky top-0 z-10 block bg-sheet pb-1.5 text-micro text-quiet leading-4">
      <tr className={COLUMNS}>
        <th scope="col" className="text-left font-normal">
          {words.token}
        </th>
        <th scope="col">
          <span className="sr-only">{tokensWords.probability}</span>
        </th>
        <th scope="col" className="text-right font-normal">
          {words.model} %
        </th>
        <th scope="col" className="text-right font-normal">
          {words.drawn} %
        </th>
        <th scope="col" className="text-right font-normal look:hidden">
          {words.logit}
        </th>
      </tr>
    </thead>
  );
});

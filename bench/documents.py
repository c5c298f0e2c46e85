"""`python -m bench.documents`: generate parts of documents.

Figures come from the results of benchmarks in `docs/figures/`, the glossary from the terms that the
site shows too. A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`. The
whole of `.env.example` is generated from the settings. With `--check` nothing is written, and a
stale part is an error.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bench import scaling
from bench.reliability import SLOW_BUFFER
from bench.results import ROOT, load
from mav_engine.config import ServerConfig, meanings, variable_of

DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
EXAMPLE = ROOT / ".env.example"
EXAMPLE_HEAD = """\
# Every setting of a server with its default. To change one, copy this file to .env, remove the # in
# front of it and give it a value. MAV itself reads environment variables only, so hand the file on:
#
#   set -a; . ./.env; set +a; mav serve        a shell
#   docker run --env-file .env ...             a container
#   Settings, Environment Variables, Import    Vercel
#
# docs/configuration.md says more of each.
"""
MARKED = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
SUMMARY_LENGTH = 128
"""The most new tokens of the rows in the README's table."""


def generated(text: str) -> str:
    """A document with its generated parts made anew.

    Raises:
        KeyError: a part has a name that is not in `PARTS`.
    """
    return MARKED.sub(lambda match: f"{match[1]}{PARTS[match[2]]()}\n{match[3]}", text)


def settings_example() -> str:
    """The text of `.env.example`: each setting under what it means."""
    parts = [EXAMPLE_HEAD]
    for name, field in ServerConfig.model_fields.items():
        meaning = textwrap.fill(
            meanings()[name],
            98,
            initial_indent="# ",
            subsequent_indent="# ",
        )
        parts.append(f"{meaning}\n#{variable_of(name)}={_as_variable(field.default)}\n")
    return "\n".join(parts)


def _as_variable(default: object) -> str:
    """A default as a variable has it. Defaults that depend on the machine are left out."""
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default in (None, ()) or isinstance(default, Path) else f"{default}"


def speed_summary() -> str:
    """A line for each model, at one length."""
    speeds = [each for each in load("speed")["speeds"] if each["length"] <= SUMMARY_LENGTH]
    lines = []
    for model in dict.fromkeys(each["model"] for each in speeds):
        longest = max(each["length"] for each in speeds if each["model"] == model)
        rows = {
            each["row"]: each
            for each in speeds
            if (each["model"], each["length"]) == (model, longest)
        }
        float32 = rows["decoder"]
        ratios = (_ratio(rows.get(name)) for name in ("decoder", "int8", "rows", "general"))
        cells = (model, f"{float32['theirs']:.1f}", f"{float32['ours']:.1f}", *ratios)
        lines.append(cells)
    return _table(
        ("model", "`generate()`, tokens/s", "MAV, tokens/s", "ratio", "in int8",
         "attention rows and logit lens added", "without a decoder"),
        lines,
    )  # fmt: skip


def speed_table() -> str:
    """A line for each row, model and length."""
    return _table(
        ("measured", "model", "new tokens", "`generate()`, tokens/s", "MAV, tokens/s", "ratio"),
        [
            (each["title"], each["model"], str(each["length"]), f"{each['theirs']:.1f}",
             f"{each['ours']:.1f}", f"{each['ratio']:.2f}")
            for each in load("speed")["speeds"]
        ],
    )  # fmt: skip


def costs() -> str:
    """A line for each cost besides speed."""
    lines = [(each["what"], each["figure"]) for each in load("speed")["costs"]]
    return _table(("measured", "figure"), lines)


def speed_measured() -> str:
    """When and where the speeds were measured."""
    return _measured(load("speed"), "python -m bench")


def speed_notes() -> str:
    """Concurrent runs and the start of a server, in two sentences."""
    results = load("concurrency")
    engine, server = results["engine"], results["server"]
    start = next(each for each in load("speed")["costs"] if each["name"] == "cold start")
    return (
        f"{engine['runs']} concurrent runs of `mav-tiny` generate {engine['ratio']:.1f} times the "
        f"tokens of one ({engine['all']:,} tokens/s); as clients of a server on the same cores "
        f"{server['ratio']:.1f} times. From the start of the server to the first token: "
        f"{start['figure']}."
    )


def concurrency_table() -> str:
    """A line for the engine and one for the clients of a server."""
    results = load("concurrency")
    return _table(
        ("measured", "runs", "tokens/s, one run", "tokens/s, all runs", "ratio"),
        [
            (each["title"], str(each["runs"]), f"{each['one']:,}", f"{each['all']:,}",
             f"{each['ratio']:.2f}")
            for each in (results["engine"], results["server"])
        ],
    )  # fmt: skip


def prefix_cache() -> str:
    """How soon a run answers that begins like an earlier one."""
    return _table(
        ("the run begins with", "without prefix cache, ms", "with it, ms"),
        [
            (each["begins_with"], f"{each['without_cache_ms']:.1f}", f"{each['with_cache_ms']:.1f}")
            for each in load("concurrency")["first_token"]
        ],
    )


def concurrency_measured() -> str:
    """When and where concurrent runs were measured."""
    return _measured(load("concurrency"), "python -m bench.concurrency")


def resident_memory() -> str:
    """The memory of a process without torch, in each precision."""
    results = load("resident")
    lines = [
        (f"`{each['precision']}`", f"{each['resident']} MB", f"{each['peak']} MB")
        for each in results["rows"]
    ]
    table = _table(("precision", "resident after 64 tokens", "at most"), lines)
    return f"{table}\n\n{_measured(results, 'python -m bench.resident')}"


def precision_losses() -> str:
    """The loss in each precision."""
    results = load("precision")
    lines = [(f"`{name}`", f"{loss:.3f}") for name, loss in results["losses"].items()]
    table = _table(("precision", "mean loss, nats a token"), lines)
    return f"{table}\n\n{_measured(results, 'python -m bench.precision')}"


def architectures() -> str:
    """How many model types stream, from the page that `make architectures` writes."""
    page = (ROOT / "docs" / "architectures.md").read_text(encoding="utf-8")
    counts = re.search(r"Of (\d+) types (\d+) can be built and (\d+) stream", page)
    if counts is None:
        raise LookupError("docs/architectures.md has no counts")
    return (
        f"Of the {counts[1]} model types of transformers, {counts[2]} can be built here, and "
        f"{counts[3]} of them generate the same text as `generate()`."
    )


def glossary() -> str:
    """The terms that the site's glossary shows, each under a heading that can be linked."""
    folder = ROOT / "frontend" / "lib" / "glossary"
    terms = json.loads((folder / "terms.en.json").read_text(encoding="utf-8"))
    texts = json.loads((folder / "definitions.en.json").read_text(encoding="utf-8"))
    return "\n\n".join(f"### {each['term']}\n\n{texts[each['id']]}" for each in terms)


def watchers_costs() -> str:
    """A line for each kind of stream with many watchers."""
    return _table(
        ("measured", "watchers", "bytes an event", "µs of a core an event", "kB a watcher"),
        [
            (each["title"], str(each["watchers"]), f"{each['event_bytes']:,}",
             f"{each['cpu_us']:.0f}", f"{each['memory_kb']:.0f}")
            for each in load("watchers")["costs"]
        ],
    )  # fmt: skip


def watchers_measured() -> str:
    """When and where watchers were measured."""
    return _measured(load("watchers"), "python -m bench.watchers")


def reliability_table() -> str:
    """A line for each kind of bad day."""
    found = load("reliability")
    many, slow = found["many_clients"], found["slow_readers"]
    gone, killed = found["vanished"], found["killed"]
    settled = gone["settled_s"]
    return _table(
        ("bad day", "what held"),
        [
            (
                f"{many['clients']} clients ask for run after run for {many['seconds']:.0f} s; "
                f"{many['places']} run at a time, the others wait",
                f"{many['runs']:,} runs, {many['tokens']:,} tokens: {many['unfinished']} did not "
                f"end properly, {many['wrong_order']} streams had a lost or repeated event, "
                f"{many['different']} runs differed from others with the same settings and seed. "
                f"Time to the first token {many['wait_s']:.1f} s (median), at most "
                f"{many['longest_wait_s']:.1f} s. Memory in the last quarter of the time: "
                f"{100 * (many['memory_growth'] - 1):+.1f} % against the second",
            ),
            (
                f"{slow['readers']} clients read one piece of {SLOW_BUFFER:,} bytes a second",
                f"a run beside them: {slow['beside']:,} tokens/s, alone {slow['alone']:,}. The "
                f"server's memory grew by {slow['memory_mb']:.1f} MB",
            ),
            (
                f"{gone['clients']} clients vanish: before their headers, in the queue, in the "
                "middle of a stream, while a model is being loaded",
                ("runs did not end. " if settled is None else
                 f"no run was left {settled:.1f} s later. ")
                + f"Then the server had {gone['threads']:+d} threads and {gone['files']:+d} open "
                + "files, and " + ("answered" if gone["still_answers"] else "did not answer"),
            ),
            (
                f"`kill -9` in the middle of {killed['clients']} runs, and a restart",
                f"{killed['continued']} clients received all of their tokens; in "
                f"{killed['identical']} they were those of an unbroken run",
            ),
        ],
    )  # fmt: skip


def reliability_measured() -> str:
    """When and where the bad days were measured."""
    return _measured(load("reliability"), "python -m bench.reliability")


PARTS: Mapping[str, Callable[[], str]] = {
    "architectures": architectures,
    "concurrency-measured": concurrency_measured,
    "concurrency-table": concurrency_table,
    "costs": costs,
    "glossary": glossary,
    "precision-losses": precision_losses,
    "reliability-measured": reliability_measured,
    "reliability-table": reliability_table,
    "resident-memory": resident_memory,
    "prefix-cache": prefix_cache,
    "scaling-bottleneck": scaling.bottleneck,
    "scaling-costs": lambda: _table(*scaling.costs()),
    "scaling-load": scaling.assumed,
    "scaling-needs": lambda: _table(*scaling.needs()),
    "scaling-shared": lambda: _table(*scaling.shared()),
    "scaling-waits": lambda: _table(*scaling.waits()),
    "speed-notes": speed_notes,
    "speed-measured": speed_measured,
    "speed-summary": speed_summary,
    "speed-table": speed_table,
    "watchers-costs": watchers_costs,
    "watchers-measured": watchers_measured,
}
"""What each generated part is made by."""


def _measured(results: Mapping[str, Any], command: str) -> str:
    measured = results["measured"]
    day = date.fromisoformat(measured["date"])
    rounds = f", medians of {measured['rounds']} rounds" if measured["rounds"] > 1 else ""
    slow = "" if measured["compiled"] else ", without compiled code"
    threads = "1 thread" if measured["threads"] == 1 else f"{measured['threads']} threads"
    return (
        f"Measured on {day.day} {day:%B %Y} by `{command}`: {measured['machine']}, "
        f"{threads}, torch {measured['torch']}{slow}{rounds}."
    )


def _ratio(speed: Mapping[str, Any] | None) -> str:
    return "–" if speed is None else f"{speed['ratio']:.2f}"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main(check: bool) -> int:
    """Write the documents whose generated parts are stale, or only name them."""
    made = {path: generated(_text(path)) for path in DOCUMENTS} | {EXAMPLE: settings_example()}
    stale = [path for path in made if not path.exists() or made[path] != _text(path)]
    for path in stale:
        if not check:
            path.write_text(made[path], encoding="utf-8")
        print(f"{path.relative_to(ROOT)} {'is stale' if check else 'is written'}")
    return int(check and bool(stale))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
